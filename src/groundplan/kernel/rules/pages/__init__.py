"""Addresses of the rule pages."""

from django.urls import path

from groundplan.kernel.rules.pages import changes, reading, replaying

urlpatterns = [
    path("rules", reading.list_rules, name="rules"),
    path("rules/import", changes.import_file, name="rule-import"),
    path("rules/versions/<uuid:public_id>", reading.show_version, name="rule-version"),
    path("rules/versions/<uuid:public_id>/file.<str:kind>", reading.download, name="rule-file"),
    path("rules/versions/<uuid:public_id>/approve", changes.approve, name="rule-approve"),
    path("rules/versions/<uuid:public_id>/put-in-force", changes.put_in_force, name="rule-put-in-force"),
    path("rules/versions/<uuid:public_id>/retire", changes.retire, name="rule-retire"),
    path("rules/versions/<uuid:before>/diff/<uuid:after>", reading.show_difference, name="rule-diff"),
    path("rules/versions/<uuid:public_id>/replay", replaying.show_replay, name="rule-replay"),
    path("rules/<str:key>", reading.show_rule, name="rule"),
    path("decisions/<uuid:public_id>", reading.show_decision, name="decision"),
]
