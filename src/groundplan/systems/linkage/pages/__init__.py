"""Addresses of the linkage pages."""

from django.urls import path

from groundplan.systems.linkage.pages import floor, plans

urlpatterns = [
    path("linkage", plans.overview, name="linkage"),
    path("linkage/template.xlsx", plans.template_file, name="linkage-template"),
    path("linkage/import", plans.import_file, name="linkage-import"),
    path("linkage/plans/<uuid:public_id>", plans.show_plan, name="linkage-plan"),
    path("linkage/plans/<uuid:public_id>/approve", plans.approve, name="linkage-approve"),
    path("linkage/plans/<uuid:public_id>/retire", plans.retire, name="linkage-retire"),
    path("linkage/plans/<uuid:public_id>/start", plans.start, name="linkage-start"),
    path("linkage/responses/<uuid:public_id>", floor.show_response, name="linkage-response"),
    path("linkage/responses/<uuid:public_id>/live", floor.live, name="linkage-live"),
    path("linkage/responses/<uuid:public_id>/log", floor.write, name="linkage-log"),
    path("linkage/responses/<uuid:public_id>/level", floor.level, name="linkage-level"),
    path("linkage/responses/<uuid:public_id>/end", floor.end, name="linkage-end"),
    path("linkage/responses/<uuid:public_id>/warnings", floor.draft, name="linkage-warn"),
    path("linkage/responses/<uuid:public_id>/report", floor.report_page, name="linkage-report"),
    path("linkage/responses/<uuid:public_id>/report.docx", floor.report_file, name="linkage-report-file"),
    path("linkage/warnings/<uuid:public_id>", floor.decide, name="linkage-decide"),
    path("linkage/warnings/<uuid:public_id>.xml", floor.warning_file, name="linkage-cap"),
]
