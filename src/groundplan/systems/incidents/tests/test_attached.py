"""Existing systems: every adapter keeps one contract against the shipped fakes; nothing is lost or doubled."""

import datetime as dt
import json

import pytest
from django.conf import settings
from django.db import transaction

from groundplan.commons.attached import actions, queries, registry
from groundplan.commons.attached.actions import _fakes, _sending
from groundplan.commons.attached.errors import OrderMoved, SystemInvalid, SystemNotFound
from groundplan.commons.attached.logic import mapping as mapped
from groundplan.commons.attached.models import Code, Item, Link, Order, System
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Step
from groundplan.kernel.events.actions import _posting
from groundplan.kernel.events.errors import AddressRefused
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents.actions import report_incident
from groundplan.systems.incidents.tests.factories import complete, make_town, open_task

KINDS = ("rest", "files", "hotline-12345")
SECRET = "a-secret-of-their-system"
NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
TEXT = "建设路公交站对面的路灯三天不亮了，晚上很黑，请尽快修。联系电话13800138000"


def settled():
    """The town with a data office and two dispatchers."""
    made = make_town()
    made.people["data"] = make_player(made.units["hall"], "data_office", "data")
    made.people["boss"] = make_player(made.units["hall"], "dispatcher", "boss")
    made.people["other"] = make_player(made.units["ecology"], "dispatcher", "other")
    return made


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker):
    """The town is built once; each test runs in a savepoint of its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        with clock.standing_at(NOON):
            made = settled()
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def town(built):
    with clock.standing_at(NOON), transaction.atomic():
        yield built
        transaction.set_rollback(True)


@pytest.fixture
def outside(kind, tmp_path, monkeypatch):
    """The fake that speaks for a kind."""
    monkeypatch.setenv("GROUNDPLAN_ATTACHED_FOLDER", str(tmp_path))
    mapping = registry.shipped_mapping(kind)
    if kind == "files":
        yield _fakes.FakeFolder(mapping)
    else:
        with _fakes.FakeCity(mapping, SECRET, slow_s=0.6) as city:
            monkeypatch.setattr(_posting, "TIMEOUT_S", 0.3)
            yield city


def attach(town, outside, adapter, **given):
    system = actions.add_system(
        actor=town["data"],
        **{"name": "市级平台", "kind": adapter, "address": outside.address,
           "secret": "" if adapter == "files" else SECRET,
           "unit": town.units["hall"], "flow": "hotline", **given},
    )  # fmt: skip
    rows = [("category", "路灯", queries.meanings(system, "category").__iter__().__next__())]
    rows += [("unit", "交通-01", "transport")]
    actions.set_codes(actor=town["data"], system=system.public_id, codes=rows)
    return system


def report(outside, number=1, **given):
    outside.report(**{"id": f"E{number}", "code": "路灯", "text": f"{TEXT} {number}", "place": "建设路", "at":
                      moment(outside), "revision": "1", **given})  # fmt: skip


def moment(outside, minutes=0):
    return mapped.moment_text(outside.mapping, clock.now() + dt.timedelta(minutes=minutes))


def turn(town, system, minutes=0):
    with clock.standing_at(NOON + dt.timedelta(minutes=minutes)):
        return actions.run_system(actor=town["data"], system=system.public_id)


def states(system):
    return list(Item.objects.filter(system=system).order_by("id").values_list("their_id", "state", "reason"))


def dispatched(town, to="transport", text="交通信号灯不亮"):
    """A case of ours that stands with a unit."""
    case = report_incident(actor=town["operator"], channel="phone", text=text, type="consult", key=text).case
    complete(town["operator"], case, "dispatch", type="consult", matter="路灯照明")
    if Case.objects.get(pk=case.pk).stage == "assign":
        complete(town["hotline-dispatcher"], case, "dispatch", lead_party=to)
    task = open_task(case)
    assert task.party.code == to
    actions.order_task(task=task.public_id)
    actions.order_task(task=task.public_id)
    return task


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_one_case_however_often_it_comes(kind, town, outside):
    system = attach(town, outside, kind)
    outside.doubled = True
    for number in range(5):
        report(outside, number)
    assert turn(town, system).taken == 5
    # Their whole list again, as after a restore of theirs, and a process that died before it noted how far it was.
    System.objects.filter(pk=system.pk).update(since=None)
    for number in range(5):
        report(outside, number)
    turn(town, system, 5)
    assert (Case.objects.count(), Link.objects.count(), Item.objects.filter(system=system).count()) == (5, 5, 5)
    case = Case.objects.order_by("id").first()
    assert "13800138000" not in json.dumps([case.title, case.data], ensure_ascii=False)
    day = queries.reconciliation(system, days=1, until=dt.date(2026, 3, 2))[0]
    assert (day.counts["received"], day.counts["taken"], day.whole) == (5, 5, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_later_change_is_a_step_and_an_earlier_one_changes_nothing(kind, town, outside):
    system = attach(town, outside, kind)
    report(outside, revision="2")
    turn(town, system)
    report(outside, revision="3", text="又坏了两盏，请电13800138000")
    report(outside, revision="1", text="最早的说法")
    turn(town, system, 6)
    assert [(state, reason) for _id, state, reason in states(system)] == [
        ("taken", ""), ("taken", "change"), ("taken", "earlier")
    ]  # fmt: skip
    case = Case.objects.get()
    notes = list(Step.objects.filter(case=case, kind="comment").values_list("note", "actor_name"))
    assert len(notes) == 1
    assert "又坏了两盏" in notes[0][0]
    assert "13800138000" not in notes[0][0]
    assert notes[0][1] == "市级平台"


@pytest.mark.parametrize("kind", KINDS)
def test_an_unmapped_code_waits_with_its_content_and_is_taken_in_when_mapped(kind, town, outside):
    system = attach(town, outside, kind)
    report(outside, code="不认识的分类")
    turn(town, system)
    assert (states(system), Case.objects.count()) == ([("E1", "waiting", "unmapped")], 0)
    item = Item.objects.get(system=system)
    assert "建设路公交站" in queries.raw(item)
    assert "13800138000" not in queries.raw(item)
    assert b"13800138000" not in bytes(item.sealed)
    assert queries.unmapped(system) == [("category", "不认识的分类", 1)]
    ours = next(iter(queries.meanings(system, "category")))
    codes = [("category", "不认识的分类", ours)]
    assert actions.set_codes(actor=town["data"], system=system.public_id, codes=codes) == 1
    assert (states(system), Case.objects.count()) == ([("E1", "taken", "")], 1)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_taken_in_is_refused_with_its_reason_and_counted(kind, town, outside):
    system = attach(town, outside, kind)
    report(outside, 1, text="长" * 20_001)
    outside.spoil({"text": "没有编号"})
    outside.spoil("not an object")
    report(outside, 2)
    turn(town, system)
    assert sorted(Item.objects.filter(system=system).values_list("state", flat=True)) == [
        "refused", "refused", "refused", "taken"
    ]  # fmt: skip
    assert all(Item.objects.filter(system=system, state="refused").values_list("reason", flat=True))
    day = queries.reconciliation(system, days=1, until=dt.date(2026, 3, 2))[0]
    assert (day.counts["received"], day.counts["refused"], day.whole) == (4, 3, True)


@pytest.mark.parametrize("kind", ["rest", "hotline-12345"])
def test_broken_slow_and_failing_answers_lose_nothing_and_are_shown_as_down(kind, town, outside):
    system = attach(town, outside, kind)
    for number, (answer, code) in enumerate(
        (("broken", "not-json"), ("error", "http-500"), ("slow", "timeout"), ("lost", "no-connection"))
    ):
        report(outside, number)
        outside.answers = [answer]
        assert turn(town, system, number * 60).failed == code
        down = System.objects.get(pk=system.pk)
        assert (down.down_because, down.down_since) == (code, NOON), answer
        assert down.next_at > NOON + dt.timedelta(minutes=number * 60)
    assert turn(town, system, 300).received == 4
    up = System.objects.get(pk=system.pk)
    assert (up.down_since, up.failures, Case.objects.count()) == (None, 0, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_is_sent_once_under_one_id_and_their_states_come_back(kind, town, outside):
    system = attach(town, outside, kind)
    task = dispatched(town)
    order = Order.objects.get()
    assert turn(town, system).failed == ""
    # As if the process had died between the sending and the note of it.
    Order.objects.update(state="waiting", next_at=NOON, their_id="")
    turn(town, system, 1)
    taken = outside.taken()
    assert list(taken) == [str(order.public_id)]
    given = taken[str(order.public_id)]
    assert (given["unit"], given["number"]) == ("交通-01", task.case.number)
    outside.say(order=str(order.public_id), code=state_of(kind, "working"), text="已派维修班组", at=moment(outside, 5))
    outside.say(order=str(order.public_id), code=state_of(kind, "working"), text="已派维修班组", at=moment(outside, 5))
    turn(town, system, 10)
    task.refresh_from_db()
    assert (task.state, task.party.code) == ("open", "transport")
    outside.say(order=str(order.public_id), code=state_of(kind, "finished"), text="灯已修复，回电13800138000已告知",
                at=moment(outside, 60))  # fmt: skip
    turn(town, system, 70)
    order.refresh_from_db()
    task.refresh_from_db()
    case = Case.objects.get(pk=task.case_id)
    assert (order.state, order.differs, task.state) == ("finished", False, "done")
    assert case.data["reply"].startswith("灯已修复")
    assert "13800138000" not in case.data["reply"]
    comments = Step.objects.filter(case=case, kind="comment", note__contains="已派维修班组")
    assert comments.count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_when_ours_has_moved_their_end_is_shown_and_nothing_is_overwritten(kind, town, outside):
    system = attach(town, outside, kind)
    task = dispatched(town)
    turn(town, system)
    order = Order.objects.get()
    if open_task(task.case).state == "offered":
        cases.sign_task(actor=town["roads"], task=task.public_id, seen=None)
    complete(town["roads"], task.case, "handled", reply="我局已自行修复，恢复照明。")
    outside.say(order=str(order.public_id), code=state_of(kind, "finished"), text="对方的说法", at=moment(outside, 5))
    turn(town, system, 10)
    order.refresh_from_db()
    case = Case.objects.get(pk=task.case_id)
    assert case.data["reply"] == "我局已自行修复，恢复照明。"
    assert order.differs
    assert order.their_state == "finished"
    assert order.state != "finished"
    assert Step.objects.filter(case=case, kind="comment", note__contains="对方的说法").count() == 1
    with pytest.raises(OrderMoved):
        actions.settle_order(actor=town["boss"], order=order.public_id, note=" ")
    before = Pending.objects.count()
    actions.settle_order(actor=town["boss"], order=order.public_id, note="以我局答复为准")
    assert Pending.objects.count() == before + 1
    assert queries.reconciliation(system, days=1, until=dt.date(2026, 3, 2))[0].counts["differing"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_state_and_a_state_of_no_order_wait(kind, town, outside):
    system = attach(town, outside, kind)
    dispatched(town)
    turn(town, system)
    order = Order.objects.get()
    outside.say(order=str(order.public_id), code="会签中", text="x", at=moment(outside, 5))
    outside.say(order="another", code=state_of(kind, "finished"), text="x", at=moment(outside, 5))
    turn(town, system, 10)
    waiting = {row.reason for row in queries.items(system, "waiting", kind="status")}
    assert waiting == {"unmapped", "order-unknown"}
    assert queries.unmapped(system) == [("state", "会签中", 1)]


@pytest.mark.parametrize("kind", ["rest", "hotline-12345"])
def test_sending_is_tried_again_and_dies_visibly(kind, town, outside):
    system = attach(town, outside, kind, direction="out")
    dispatched(town)
    outside.answers = ["lost", "ok"]
    turn(town, system)
    assert Order.objects.get().state == "waiting"
    turn(town, system, 60)
    assert (Order.objects.get().state, len(outside.taken())) == ("acknowledged", 1)
    dispatched(town, text="另一处信号灯不亮")
    outside.answers = ["refused"]
    turn(town, system, 120)
    dead = Order.objects.order_by("id").last()
    assert (dead.state, dead.reason) == ("dead", "http-422")
    before = Pending.objects.count()
    assert actions.replay_orders(actor=town["data"], system=system.public_id) == 1
    assert Pending.objects.count() == before + 1
    turn(town, system, 180)
    assert (Order.objects.order_by("id").last().state, len(outside.taken())) == ("acknowledged", 2)


@pytest.mark.parametrize("kind", ["rest"])
def test_a_system_that_is_down_opens_the_circuit_and_does_not_hold_up_others(kind, town, outside, monkeypatch):
    system = attach(town, outside, kind, direction="out")
    for number in range(5):
        dispatched(town, text=f"第{number}处信号灯不亮")
    outside.answers = ["error"] * 9
    assert turn(town, system).failed == "http-500"
    assert outside.requests == _sending.CIRCUIT
    with _fakes.FakeCity(outside.mapping, SECRET) as other:
        second = attach(town, other, "rest", name="另一平台", direction="in")
        report(other)
        with clock.standing_at(NOON):
            assert actions.run_due() == 1
        assert [row[1] for row in states(second)] == ["taken"]
    assert outside.requests == _sending.CIRCUIT


@pytest.mark.parametrize("kind", ["rest"])
def test_a_wrong_secret_burns_no_attempt(kind, town, outside):
    system = attach(town, outside, kind, direction="out", secret="another-secret-of-16")
    dispatched(town)
    for minute in range(0, 1200, 100):
        assert turn(town, system, minute).failed == "http-401"
    order = Order.objects.get()
    assert (order.state, order.attempts) == ("waiting", 0)


@pytest.mark.parametrize("kind", ["files"])
def test_a_table_is_read_once_answered_and_laid_aside_and_a_broken_one_too(kind, town, outside):
    system = attach(town, outside, kind)
    (outside.folder / "in").mkdir(parents=True)
    table = "编号,分类,内容,地点\nT1,路灯,路灯不亮了请修,建设路\nT2,怪类,井盖丢了请补,人民路\n".encode("gb18030")
    (outside.folder / "in" / "events-1.csv").write_bytes(table)
    (outside.folder / "in" / "events-2.csv").write_bytes(b"\xff\xfe\x00")
    (outside.folder / "in" / "events-3.csv.part").write_bytes(table)
    (outside.folder / "in" / "events-4.csv").symlink_to("/etc/hosts")
    turn(town, system)
    assert {(row[0], row[1]) for row in states(system)} == {("T1", "taken"), ("T2", "waiting"), ("", "refused")}
    answers = [path.read_text("utf-8-sig") for path in sorted((outside.folder / "out").glob("answer-events-1-*"))]
    assert len(answers) == 1
    assert "T1,taken" in answers[0]
    assert "T2,waiting unmapped" in answers[0]
    assert len(list((outside.folder / "bad").iterdir())) == 1
    (outside.folder / "in" / "events-9.csv").write_bytes(table)
    turn(town, system, 5)
    assert Item.objects.filter(system=system).count() == 3
    with pytest.raises(SystemInvalid):
        attach(town, outside, kind, address="../../etc")


@pytest.mark.parametrize("kind", ["rest"])
def test_only_the_data_office_configures_and_an_outsider_sees_and_changes_nothing(kind, town, outside):
    system = attach(town, outside, kind)
    report(outside, code="怪类")
    turn(town, system)
    item = Item.objects.get(system=system)
    other = town.people["other"]
    before = Pending.objects.count()
    for name, actor, refusal in (
        ("outsider", town["outsider"], SystemNotFound), ("another unit's dispatcher", other.actor, SystemNotFound),
        ("our dispatcher", town["boss"], NotAllowed),
    ):  # fmt: skip
        for act in (
            lambda actor=actor: actions.change_system(actor=actor, system=system.public_id, change="pause"),
            lambda actor=actor: actions.run_system(actor=actor, system=system.public_id),
            lambda actor=actor: actions.set_codes(actor=actor, system=system.public_id, codes=[]),
            lambda actor=actor: actions.change_mapping(actor=actor, system=system.public_id, mapping=""),
            lambda actor=actor: actions.replay_orders(actor=actor, system=system.public_id),
            lambda actor=actor: actions.refuse_item(actor=actor, item=item.public_id, reason="x"),
        ):
            with pytest.raises(refusal):
                act()
        assert queries.systems_for(actor).count() == (0 if refusal is SystemNotFound else 1), name
    assert Pending.objects.count() == before
    outsider, boss = town.people["outsider"].client, town.people["boss"].client
    page = f"/attached/{system.public_id}"
    assert outsider.get("/attached").status_code == 403
    assert other.client.get(page).status_code == 404
    assert boss.get(page).status_code == 200
    assert SECRET not in boss.get(page).content.decode()
    assert boss.post(f"{page}/codes/keep", {"kind": "category", "theirs": "x", "ours": ""}).status_code == 403
    api = f"/api/v1/attached/systems/{system.public_id}"
    assert other.client.get(f"{api}/items").status_code == 404
    assert outsider.get(f"{api}/orders").status_code == 404
    assert outsider.get("/api/v1/attached/systems").json() == []


@pytest.mark.parametrize("kind", ["rest"])
def test_pages_and_api_show_each_number_and_the_list_behind_it(kind, town, outside):
    data = town.people["data"].client
    body = {
        "name": "平台",
        "kind": kind,
        "address": outside.address,
        "secret": SECRET,
        "unit": "hall",
        "flow": "hotline",
    }
    send = {"content_type": "application/json", "headers": {"Idempotency-Key": "k-1"}}
    made = data.post("/api/v1/attached/systems", body, **send)
    again = data.post("/api/v1/attached/systems", body, **send)
    assert (made.status_code, made.json()) == (201, again.json())
    assert System.objects.count() == 1
    api, page = f"/api/v1/attached/systems/{made.json()['id']}", f"/attached/{made.json()['id']}"
    assert Code.objects.filter(kind="state").count() == 4
    report(outside, code="怪类")
    assert data.post(f"{api}/run").json()["received"] == 1
    item = data.get(f"{api}/items?what=waiting").json()["items"][0]
    assert (item["their_id"], item["missing"]) == ("E1", [["category", "怪类"]])
    assert "怪类" in data.get(f"{page}/codes").content.decode()
    assert "建设路公交站" in data.get(f"{page}/items?what=waiting").content.decode()
    ours = next(iter(queries.meanings(System.objects.get(), "category")))
    kept = data.post(f"{page}/codes/keep", {"kind": "category", "theirs": "怪类", "ours": ours}, follow=True)
    assert "受理待对照 1 件" in kept.content.decode()
    day = data.get(f"{api}/reconciliation").json()[0]
    assert (day["counts"]["received"], day["counts"]["taken"], day["whole"]) == (1, 1, True)
    assert data.get(f"{api}/items?what=taken&day={day['day']}").json()["items"][0]["case"] == Case.objects.get().number
    assert data.post(f"{api}/reconciliation/{day['day']}").json()["theirs"] == 1
    workbook = data.get(f"{page}/codes.xlsx").content
    before = Code.objects.count()
    system = System.objects.get()
    actions.import_codes(actor=town["data"], system=system.public_id, content=workbook, filename="codes.xlsx")
    assert Code.objects.count() == before
    for name in ("", "/orders", "/items"):
        assert data.get(page + name).status_code == 200
    assert data.get(f"{api}/items?after=x").status_code == 422


@pytest.mark.parametrize("kind", ["rest"])
def test_hostile_settings_are_refused(kind, town, outside, monkeypatch):
    for given in (
        {"secret": "short"}, {"flow": "nowhere"}, {"kind": "nothing"}, {"name": " "}, {"every_minutes": 0},
        {"mapping": "a: ["}, {"mapping": "name: x\nversion: 1\nlabel: {}\nevents: {fields: {id: a}}"},
        {"mapping": "name: x\nversion: 1\nlabel: {}\nzone: Mars/Base"},
    ):  # fmt: skip
        with pytest.raises(SystemInvalid):
            attach(town, outside, kind, **given)
    for address in ("ftp://x", "http://user@127.0.0.1", "http://169.254.169.254/"):
        with pytest.raises(AddressRefused):
            attach(town, outside, kind, address=address)
    assert System.objects.count() == 0
    system = attach(town, outside, kind)
    for codes in ([("category", "x", "no-such")], [("colour", "x", "")], [("unit", "y" * 121, "transport")]):
        with pytest.raises(SystemInvalid):
            actions.set_codes(actor=town["data"], system=system.public_id, codes=codes)
    monkeypatch.setattr(settings, "PRODUCTION", True)
    with pytest.raises(NotAllowed):
        outside.__class__(outside.mapping, SECRET).__enter__()


@pytest.mark.django_db  # The one that asks for a database; the others share what is built in it.
@clock.standing_at(NOON)
def test_what_a_unit_was_given_by_a_system_does_not_go_back_to_it():
    town = settled()
    with _fakes.FakeCity(registry.shipped_mapping("rest"), SECRET) as city:
        system = attach(town, city, "rest")
        report(city)
        turn(town, system)
    case = Case.objects.get()
    complete(town["operator"], case, "dispatch", type="consult", matter="路灯照明")
    if Case.objects.get(pk=case.pk).stage == "assign":
        complete(town["hotline-dispatcher"], case, "dispatch", lead_party="transport")
    actions.order_task(task=open_task(case).public_id)
    assert Order.objects.count() == 0


def state_of(kind, ours):
    return next(theirs for theirs, meant in registry.shipped_mapping(kind).codes["state"].items() if meant == ours)
