"""代理人: named for a term, no wider than the principal, never in a chain, never for what is done in person."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.notices import actions as notices
from groundplan.kernel.parties import actions
from groundplan.kernel.parties.errors import DeputyRefused, DutiesConflict
from groundplan.kernel.parties.models import Deputation, Membership
from groundplan.kernel.parties.queries import SYSTEM, actor_for_user, today
from groundplan.kernel.parties.tests.factories import make_officer, make_player, make_unit
from groundplan.lib.errors import Conflict, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)


@pytest.fixture
def bureau():
    """A bureau with a section: its leader, an officer, a colleague of the section, and somebody of another bureau."""
    unit = make_unit("bureau")
    section = make_unit("section", "section", parent=unit)
    return {
        "unit": unit,
        "section": section,
        "leader": make_player(unit, "leader", "leader"),
        "officer": make_player(unit, "dispatcher", "officer"),
        "colleague": make_player(section, "handler", "colleague"),
        "outsider": make_player(make_unit("other"), "handler", "outsider"),
    }


def named(bureau, by="officer", deputy="colleague", **more):
    given = {
        "principal": bureau["officer"].user,
        "deputy": bureau[deputy].user,
        "party": bureau["unit"],
        "roles": ["dispatcher"],
        "valid_from": today(),
        "last_day": today() + WEEK,
        "reason": "年休假",
    }
    return actions.name_deputy(actor=bureau[by].actor, **{**given, **more})


def test_a_deputy_holds_the_role_for_the_term_and_not_a_day_longer(bureau):
    colleague, unit = bureau["colleague"].user, bureau["unit"]
    assert unit.pk not in actor_for_user(colleague).unit_ids("dispatcher")
    before = Pending.objects.count()
    named(bureau)
    assert Pending.objects.count() == before + 1
    for day, holds in [(today(), True), (today() + WEEK, True), (today() + WEEK + dt.timedelta(days=1), False)]:
        assert (unit.pk in actor_for_user(colleague, day).unit_ids("dispatcher")) == holds
    actor = actor_for_user(colleague)
    assert actor.stands_in[0].name == bureau["officer"].user.display_name
    assert unit.pk not in actor.own().unit_ids("dispatcher")
    assert actor.of(bureau["officer"].actor.actor_id).unit_ids("dispatcher") == {unit.pk}


def test_no_chain_is_followed(bureau):
    named(bureau)
    third = make_player(bureau["section"], "handler", "third")
    with pytest.raises(DeputyRefused):
        # What the colleague does as a deputy is no role of the colleague.
        actions.name_deputy(
            actor=bureau["colleague"].actor, principal=bureau["colleague"].user, deputy=third.user,
            party=bureau["unit"], roles=["dispatcher"], valid_from=today(), last_day=today(), reason="转托",
        )  # fmt: skip
    actions.name_deputy(
        actor=bureau["colleague"].actor, principal=bureau["colleague"].user, deputy=third.user,
        party=bureau["section"], roles=["handler"], valid_from=today(), last_day=today(), reason="外出",
    )  # fmt: skip
    assert third.actor.unit_ids() == {bureau["section"].pk}


def test_a_right_that_ends_with_the_principal_ends_with_the_deputy(bureau):
    named(bureau)
    colleague = bureau["colleague"].user
    actions.end_membership(actor=SYSTEM, membership=Membership.objects.get(user=bureau["officer"].user))
    assert bureau["unit"].pk not in actor_for_user(colleague).unit_ids()


def test_who_closes_the_account_ends_the_deputy(bureau):
    named(bureau)
    actions.close_user(actor=SYSTEM, user=bureau["officer"].user)
    assert actor_for_user(bureau["colleague"].user).stands_in == ()


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"by": "outsider"}, NotAllowed),
        ({"by": "colleague", "deputy": "leader"}, NotAllowed),
        ({"by": "leader", "deputy": "leader"}, DutiesConflict),
        ({"deputy": "officer"}, DutiesConflict),
        ({"deputy": "outsider"}, DeputyRefused),
        ({"roles": []}, DeputyRefused),
        ({"roles": ["handler"]}, DeputyRefused),
        ({"roles": ["dispatcher", "nonsense"]}, DutiesConflict),
        ({"reason": " \x00 "}, DeputyRefused),
        ({"kind": "gift"}, DeputyRefused),
        ({"last_day": dt.date(2999, 1, 1)}, DeputyRefused),
        ({"valid_from": dt.date.max, "last_day": dt.date.max}, DeputyRefused),
        ({"valid_from": dt.date(2020, 1, 1)}, DeputyRefused),
        ({"last_day": dt.date(2020, 1, 1)}, DeputyRefused),
    ],
)
def test_a_deputy_that_cannot_be_is_refused(bureau, more, error):
    with pytest.raises(error):
        named(bureau, **more)
    assert not Deputation.objects.exists()


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "audit_admin", "rule_approver", "data_office"])
def test_what_is_done_in_person_has_no_deputy(bureau, role):
    officer = make_officer(bureau["unit"], role, f"the-{role}")
    with pytest.raises(DutiesConflict):
        named(bureau, by="leader", principal=officer, roles=[role])


def test_a_leader_names_a_deputy_and_the_two_are_named_once(bureau):
    made = named(bureau, by="leader")
    with pytest.raises(Conflict):
        named(bureau, last_day=today() + 2 * WEEK)
    with pytest.raises(IntegrityError), transaction.atomic():
        Deputation.objects.filter(pk=made.pk).update(deputy=bureau["officer"].user)
    with pytest.raises(NotFound):
        actions.end_deputation(actor=bureau["outsider"].actor, deputation=made)
    actions.end_deputation(actor=bureau["colleague"].actor, deputation=made)
    with pytest.raises(Conflict):
        actions.end_deputation(actor=bureau["officer"].actor, deputation=made)
    assert bureau["colleague"].actor.stands_in == ()


def test_what_both_hold_is_counted_once(bureau):
    twin = make_player(bureau["unit"], "dispatcher", "twin")
    named(bureau, by="leader", deputy="colleague")
    actions.name_deputy(
        actor=bureau["officer"].actor, principal=bureau["officer"].user, deputy=twin.user, party=bureau["unit"],
        roles=["dispatcher"], valid_from=today(), last_day=today(), reason="外出",
    )  # fmt: skip
    assert [(scope.role, scope.behalf) for scope in twin.actor.scopes] == [("dispatcher", "")]
    assert len(twin.actor.stands_in) == 1


def test_notices_reach_the_deputy_once(bureau):
    named(bureau)
    told = notices.notify(
        actor=SYSTEM, recipients=[(bureau["unit"].pk, ["dispatcher", "leader"])], kind="x", subject="case:1",
        title={"zh-hans": "有新任务", "en": "A new task"},
    )  # fmt: skip
    assert told == 3


def test_the_page_names_and_ends_a_deputy_and_shows_outsiders_nothing(bureau):
    client = bureau["officer"].client
    membership = Membership.objects.get(user=bureau["officer"].user)
    given = {
        "post": str(membership.public_id), "deputy": "colleague", "kind": "leave", "reason": "年休假",
        "valid_from": today().isoformat(), "last_day": (today() + WEEK).isoformat(),
    }  # fmt: skip
    assert "没有这个用户" in client.post("/deputies", {**given, "deputy": "nobody"}).content.decode()
    assert "上下级单位的在岗人员" in client.post("/deputies", {**given, "deputy": "outsider"}).content.decode()
    assert client.post("/deputies", given).status_code == 302
    row = Deputation.objects.get()
    assert "colleague" in client.get("/deputies").content.decode()
    assert "代 officer" in bureau["colleague"].client.get("/account").content.decode()
    outsider = bureau["outsider"].client
    assert "colleague" not in outsider.get("/deputies").content.decode()
    assert outsider.post(f"/deputies/{row.public_id}/end").status_code == 404
    assert outsider.post("/deputies", given).status_code == 200
    assert bureau["colleague"].client.post(f"/deputies/{row.public_id}/end").status_code == 302
    row.refresh_from_db()
    assert not row.is_open


def test_the_api_names_lists_and_ends_deputies(bureau, client):
    headers = {"HTTP_AUTHORIZATION": f"Bearer {bureau['officer'].token}"}
    body = {
        "deputy": "colleague", "unit": "bureau", "roles": ["dispatcher"], "reason": "年休假",
        "valid_from": today().isoformat(), "last_day": today().isoformat(),
    }  # fmt: skip
    first = client.post(
        "/api/v1/parties/deputies", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="a", **headers
    )
    again = client.post(
        "/api/v1/parties/deputies", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="a", **headers
    )
    assert (first.status_code, again.json()) == (201, first.json())
    assert client.get("/api/v1/parties/deputies", **headers).json()["items"] == [first.json()]
    stranger = {"HTTP_AUTHORIZATION": f"Bearer {bureau['outsider'].token}"}
    assert client.get("/api/v1/parties/deputies", **stranger).json()["items"] == []
    end = f"/api/v1/parties/deputies/{first.json()['id']}/end"
    assert client.post(end, content_type="application/json", **stranger).status_code == 404
    assert client.post(end, content_type="application/json", **headers).status_code == 200
    bad = client.post("/api/v1/parties/deputies", {**body, "roles": ["security_admin"]},
                      content_type="application/json", **headers)  # fmt: skip
    assert bad.status_code == 422
