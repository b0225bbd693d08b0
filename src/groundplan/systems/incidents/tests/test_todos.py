"""Open tasks in the to-do lists of 政务钉钉 and 政务微信: every adapter keeps one contract against the shipped fake."""

import datetime as dt

import pytest
from django.db import transaction

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.events.actions import _posting
from groundplan.kernel.notices import actions
from groundplan.kernel.notices.actions._gateway import FakeGateway
from groundplan.kernel.notices.models import Channel, Todo
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.lib import clock
from groundplan.systems.incidents.actions import report_incident
from groundplan.systems.incidents.tests.factories import complete, make_town, open_task, sign

NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
SECRET = "a-secret-of-the-gateway"
OPTIONS = {
    "dingtalk": {"app_key": "app-1", "tenant_id": "50516"},
    "wecom": {"corp_id": "ww1", "agent_id": "1000002"},
}


@pytest.fixture(params=OPTIONS)
def kind(request):
    return request.param


@pytest.fixture
def city(db, kind, settings, monkeypatch):
    settings.ALLOWED_HOSTS = ["city.example.org"]
    with clock.standing_at(NOON), FakeGateway(SECRET) as fake:
        monkeypatch.setattr(_posting, "TIMEOUT_S", 0.3)
        fake.slow_s = 0.6
        town = make_town()
        keeper = make_player(town.units["hall"], "system_admin", "keeper")
        actions.create_channel(
            actor=keeper.actor, kind=kind, name="渠道", address=fake.address, secret=SECRET, options=OPTIONS[kind],
            with_text=True, todos=True,
        )  # fmt: skip
        town.people["roads-2"] = make_player(town.units["transport"], "handler", "roads-2")
        for name in ("roads", "roads-2", "water"):
            actions.set_preference(actor=town[name], addresses={kind: name})
        yield town, fake


def case_with(town, text="信号灯不亮"):
    case = report_incident(actor=town["operator"], channel="phone", text=text, type="consult", key=text).case
    complete(town["operator"], case, "dispatch", type="consult", matter="路灯照明")
    case.refresh_from_db()
    if case.stage == "assign":
        complete(town["hotline-dispatcher"], case, "dispatch", lead_party="transport")
    return case


def bring(case, minutes=0):
    with clock.standing_at(NOON + dt.timedelta(minutes=minutes)):
        cases.tell_todos(case=case.public_id)
        return actions.push_todos()


def standing(fake):
    """Whose list shows what is open."""
    return sorted(row.get("assigneeId") or row["touser"] for row in fake.todos.values() if row["state"] == "open")


def test_a_task_stands_in_the_lists_of_who_may_take_it_and_leaves_them_with_it(city):
    town, fake = city
    case = case_with(town)
    assert bring(case) == 2
    assert standing(fake) == ["roads", "roads-2"]
    assert all(f"/cases/{case.public_id}" in row["url"] for row in fake.todos.values())
    bring(case)
    assert (fake.requests, len(fake.todos)) == (2, 2)
    sign(town["roads"], case)
    bring(case, 1)
    assert standing(fake) == ["roads"]
    complete(town["roads"], case, "handled", reply="已修复信号灯，恢复正常。")
    bring(case, 2)
    assert standing(fake) == []
    states = {row["state"] for row in fake.todos.values()}
    assert states in ({"done", "cancelled"}, {"已办结", "已更新", "无需办理"})


def test_an_entry_changes_with_its_task_and_comes_back_to_who_gets_it_again(city):
    town, fake = city
    case = case_with(town)
    sign(town["roads"], case)
    bring(case)
    task = open_task(case)
    type(task).objects.filter(pk=task.pk).update(due_at=NOON + dt.timedelta(days=3))
    bring(case, 1)
    assert (standing(fake), len(fake.todos)) == (["roads"], 2)
    cases.return_task(actor=town["roads"], task=task.public_id, seen=None, reason="不属于我局职责")
    bring(case, 2)
    assert standing(fake) == []


@pytest.mark.parametrize("answer", ["error", "slow", "lost"])
def test_faults_are_tried_again_and_never_make_two(city, answer):
    town, fake = city
    case = case_with(town)
    sign(town["roads"], case)
    fake.answers = [answer]
    bring(case)
    assert Todo.objects.get().state == "waiting"
    bring(case, 60)
    assert (Todo.objects.get().state, standing(fake)) == ("settled", ["roads"])
    complete(town["roads"], case, "handled", reply="已修复信号灯，恢复正常。")
    fake.answers = [answer]
    bring(case, 120)
    bring(case, 240)
    assert (Todo.objects.get().state, standing(fake), len(fake.todos)) == ("settled", [], 1)


def test_a_refusal_is_dead_and_can_be_sent_again_and_a_revoked_secret_pauses(city):
    town, fake = city
    case = case_with(town)
    sign(town["roads"], case)
    fake.answers = ["refused"]
    bring(case)
    assert (Todo.objects.get().state, standing(fake)) == ("dead", [])
    channel = Channel.objects.get()
    keeper = make_player(town.units["hall"], "system_admin", "keeper-2")
    actions.replay_deliveries(actor=keeper.actor, channel=channel.public_id)
    fake.answers = ["revoked"]
    bring(case, 60)
    channel.refresh_from_db()
    assert (channel.state, Todo.objects.get().state, Todo.objects.get().attempts) == ("paused", "waiting", 0)
    actions.change_channel(actor=keeper.actor, channel=channel.public_id, change="resume")
    bring(case, 120)
    assert standing(fake) == ["roads"]


def test_strays_are_found_and_nothing_is_pushed_where_no_channel_asks_for_it(city):
    town, fake = city
    case = case_with(town)
    bring(case)
    with transaction.atomic():  # Ended behind the back of the events.
        type(open_task(case)).objects.filter(case=case).update(state="cancelled")
    assert cases.reconcile_todos() == 2
    actions.push_todos()
    assert standing(fake) == []
    Channel.objects.update(todos=False)
    other = case_with(town, "另一处信号灯不亮")
    assert cases.tell_todos(case=other.public_id) == 0
