"""The life of an entry: written, signed inside, reviewed, published, mounted, changed, taken offline."""

import pytest

from groundplan.base.catalogue import actions, queries
from groundplan.base.catalogue.errors import (
    EntryInvalid,
    EntryMoved,
    EntryNotFound,
    EntrySecret,
    ResourceInvalid,
    ResourceNotFound,
    ResourceTaken,
)
from groundplan.base.catalogue.models import Element, Entry, EntryVersion
from groundplan.base.catalogue.tests.factories import CREDIT, content, decide, deliver, make_town, publish, write
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import ANONYMOUS, SYSTEM
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError, NotAllowed

pytestmark = pytest.mark.django_db


def records(action):
    return Pending.objects.filter(action=action).count()


def test_an_entry_is_signed_inside_reviewed_published_and_mounted():
    town = make_town()
    version = write(town)
    entry = version.entry
    assert (entry.state, entry.identifier, records("catalogue.write_entry")) == ("draft", "market-00001", 1)
    case = actions.submit_entry(actor=town["writer"], version=version.public_id)
    assert (case.flow, case.stage) == ("catalogue-entry", "confirm")
    task = Task.objects.get(case=case, stage="confirm")
    assert task.party.code == "market"
    decide(town["second"], "confirm", "agree")
    decide(town["keeper"], "review", "publish_mount")
    entry.refresh_from_db()
    assert (entry.state, entry.number, entry.mounted_at) == ("published", 1, None)
    made = actions.mount_resource(actor=town["writer"], entry=entry.public_id, identifier="market.firms")
    deliver()
    entry.refresh_from_db()
    case.refresh_from_db()
    assert (case.state, case.outcome, entry.mounted_at) == ("closed", "mounted", made.mounted_at)
    assert queries.resource_named("market.firms").entry == entry
    assert [each.name for each in queries.elements_of(entry)] == ["统一社会信用代码", "企业名称", "法定代表人姓名"]


def test_who_wrote_it_does_not_sign_it_off_inside():
    town = make_town()
    actions.submit_entry(actor=town["writer"], version=write(town).public_id)
    with pytest.raises(GroundplanError):
        decide(town["writer"], "confirm", "agree")
    assert Case.objects.get().stage == "confirm"


def test_what_comes_back_is_mended_and_submitted_again():
    town = make_town()
    version = write(town)
    actions.submit_entry(actor=town["writer"], version=version.public_id)
    with pytest.raises(EntryMoved):
        actions.write_entry(actor=town["writer"], content=content(), entry=version.entry.public_id)
    decide(town["second"], "confirm", "agree")
    decide(town["keeper"], "review", "back", opinion="摘要过于简略。")
    version.refresh_from_db()
    assert version.state == "returned"
    better = content(summary="全市企业、个体工商户和农民专业合作社的登记信息。")
    same = actions.write_entry(actor=town["writer"], content=better, entry=version.entry.public_id)
    assert same.pk == version.pk
    actions.submit_entry(actor=town["writer"], version=version.public_id)
    decide(town["second"], "confirm", "agree")
    decide(town["keeper"], "review", "publish_mount")
    assert Entry.objects.get().summary == {"zh-hans": "全市企业、个体工商户和农民专业合作社的登记信息。"}


def test_a_change_leaves_what_is_in_force_until_it_passes():
    town = make_town()
    entry = publish(town, write(town))
    actions.mount_resource(actor=town["writer"], entry=entry.public_id)
    deliver()
    changed = content(cycle="weekly", elements=[CREDIT])
    version = actions.write_entry(actor=town["writer"], content=changed, entry=entry.public_id, reason="数据源调整")
    entry.refresh_from_db()
    assert (version.kind, version.number, entry.cycle, entry.elements.count()) == ("change", 2, "daily", 3)
    entry = publish(town, EntryVersion.objects.select_related("entry").get(pk=version.pk))
    assert (entry.cycle, entry.number, entry.elements.count()) == ("weekly", 2, 1)
    assert list(entry.versions.order_by("number").values_list("state", flat=True)) == ["superseded", "published"]


def test_an_entry_goes_offline_by_a_case_and_is_found_no_more():
    town = make_town()
    entry = publish(town, write(town))
    actions.mount_resource(actor=town["writer"], entry=entry.public_id)
    deliver()
    with pytest.raises(EntryInvalid):
        actions.ask_offline(actor=town["writer"], entry=entry.public_id, reason=" \x00")
    actions.ask_offline(actor=town["writer"], entry=entry.public_id, reason="机构改革，职能划转。")
    with pytest.raises(EntryMoved):
        actions.ask_offline(actor=town["writer"], entry=entry.public_id, reason="再来一次")
    decide(town["second"], "confirm", "agree")
    decide(town["keeper"], "review", "offline")
    entry.refresh_from_db()
    assert entry.state == "offline"
    assert queries.search(town["keeper"], "企业登记").results == ()
    with pytest.raises(EntryMoved):
        actions.write_entry(actor=town["writer"], content=content(), entry=entry.public_id)


def test_following_twice_does_nothing_more():
    town = make_town()
    entry = publish(town, write(town))
    before = Pending.objects.count()
    assert actions.follow_cases(actor=town["keeper"]) == 0
    deliver()
    assert Pending.objects.count() == before
    assert entry.number == 1


def test_a_withdrawn_case_withdraws_the_entry():
    town = make_town()
    actions.submit_entry(actor=town["writer"], version=write(town).public_id)
    decide(town["second"], "confirm", "back", opinion="暂不编目")
    decide(town["writer"], "revise", "withdraw")
    assert Entry.objects.get().state == "withdrawn"
    version = write(town)
    assert actions.discard_draft(actor=town["writer"], version=version.public_id).state == "withdrawn"
    with pytest.raises(EntryMoved):
        actions.discard_draft(actor=town["writer"], version=version.public_id)


@pytest.mark.parametrize(
    "changes",
    [
        {"secrecy": "state"},
        {"secrecy": "work"},
        {"title": "某项机密信息"},
        {"summary": "本表为 工 作 秘 密。"},
        {"keywords": ["绝密"]},
        {"elements": [{"name": "密级", "label": "秘密★10年"}]},
    ],
)
def test_secrets_are_refused_at_the_door_with_the_basis(changes):
    town = make_town()
    with pytest.raises(EntrySecret) as refused:
        write(town, **changes)
    assert "809" in refused.value.extra["basis"]["zh-hans"]
    assert not Entry.objects.exists()


def test_harmless_words_are_no_secrets():
    town = make_town()
    version = write(town, title="商业秘密保护基地名单", summary="网络安全机密性评估结果，不涉及国家秘密。")
    assert version.state == "draft"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sharing": "conditional"}, "condition"),
        ({"sharing": "not_shared"}, "basis"),
        ({"openness": "conditional"}, "open_condition"),
        ({"sharing": "perhaps"}, "sharing"),
        ({"shelf": "nowhere"}, "shelf"),
        ({"title": {"zh-hans": " "}}, "title"),
        ({"title": {"zh-hans": "a\x00b"}}, "title.zh-hans"),
        ({"elements": [CREDIT, {"name": "统一社会 信用代码"}]}, "elements"),
        ({"elements": [{"name": "x", "source": "nobody"}]}, "elements.0.source"),
        ({"series": "no-such-entry"}, "series"),
        ({"surprise": 1}, "surprise"),
        ({"cycle": None}, "cycle"),
    ],
)
def test_what_does_not_fit_is_named(changes, field):
    town = make_town()
    with pytest.raises(EntryInvalid) as refused:
        write(town, **changes)
    assert field in [each["field"] for each in refused.value.extra["fields"]]


def test_an_outsider_sees_and_changes_nothing_that_is_not_published():
    town = make_town()
    version = write(town)
    entry = version.entry
    with pytest.raises(NotAllowed):
        write(town, actor="outsider")
    for act in (
        lambda: actions.write_entry(actor=town["outsider"], content=content(), entry=entry.public_id),
        lambda: actions.submit_entry(actor=town["outsider"], version=version.public_id),
        lambda: actions.discard_draft(actor=town["outsider"], version=version.public_id),
        lambda: queries.entry_for(town["outsider"], entry.public_id),
        lambda: queries.entry_for(ANONYMOUS, entry.public_id),
    ):
        with pytest.raises(EntryNotFound):
            act()
    entry = publish(town, version)
    made = actions.mount_resource(actor=town["writer"], entry=entry.public_id)
    assert queries.entry_for(town["outsider"], entry.public_id) == entry
    for act in (
        lambda: actions.write_entry(actor=town["outsider"], content=content(), entry=entry.public_id),
        lambda: actions.ask_offline(actor=town["outsider"], entry=entry.public_id, reason="x"),
        lambda: actions.mount_resource(actor=town["outsider"], entry=entry.public_id),
        lambda: actions.note_update(actor=town["outsider"], resource=made.identifier),
        lambda: actions.end_resource(actor=town["outsider"], resource=made.identifier, reason="x"),
        lambda: actions.load_shipped_catalogue(actor=town["outsider"]),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_closed_data_is_seen_by_officers_only():
    town = make_town()
    entry = publish(town, write(town, openness="closed"))
    made = actions.mount_resource(actor=town["writer"], entry=entry.public_id)
    assert queries.search(town["outsider"], "企业登记").total_estimate == 1
    for actor in (ANONYMOUS, town["resident"], town["vendor"]):
        assert queries.search(actor, "企业登记").results == ()
        with pytest.raises(EntryNotFound):
            queries.entry_for(actor, entry.public_id)
        with pytest.raises(ResourceNotFound):
            queries.resource_for(actor, made.identifier)
        assert not queries.holders_of(actor, "企业名称").exists()


def test_updates_are_versions_and_an_ended_resource_takes_none():
    town = make_town()
    entry = publish(town, write(town))
    with pytest.raises(ResourceInvalid):
        actions.mount_resource(actor=town["writer"], entry=entry.public_id, identifier="../etc")
    with pytest.raises(ResourceInvalid):
        actions.mount_resource(actor=town["writer"], entry=entry.public_id, address="javascript:alert(1)")
    made = actions.mount_resource(actor=town["writer"], entry=entry.public_id, identifier="a.b")
    with pytest.raises(ResourceTaken):
        actions.mount_resource(actor=town["writer"], entry=entry.public_id, identifier="a.b")
    first = actions.note_update(actor=town["writer"], resource="a.b", rows=10)
    second = actions.note_update(actor=town["keeper"], resource="a.b", rows=12)
    assert (first.number, second.number) == (1, 2)
    made.refresh_from_db()
    entry.refresh_from_db()
    assert (made.rows, made.data_at, entry.data_at) == (12, second.at, second.at)
    with pytest.raises(ResourceInvalid):
        actions.note_update(actor=town["writer"], resource="a.b", at=clock.now().replace(year=2999))
    actions.end_resource(actor=town["writer"], resource="a.b", reason="停止提供")
    entry.refresh_from_db()
    assert entry.mounted_at is None
    with pytest.raises(ResourceTaken):
        actions.note_update(actor=town["writer"], resource="a.b")


def test_the_holders_of_a_data_item_are_found_whatever_its_spelling():
    town = make_town()
    publish(town, write(town))
    found = queries.holders_of(town["outsider"], "统一社会信用代码 ")
    assert [(each.entry.provider.code, each.source.code) for each in found] == [("market", "market")]
    assert Element.objects.count() == 3


def test_shelves_and_words_of_the_profile_are_taken_over_once():
    make_town()
    assert queries.shelves().count() == 11
    assert actions.load_shipped_catalogue(actor=SYSTEM, profile="cn") == 0
