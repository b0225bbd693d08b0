"""Two installations with databases, states and keys of their own exchange by files and by nothing else."""

import json
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from groundplan.commons.zones import actions as zones
from groundplan.commons.zones import queries as exchange
from groundplan.commons.zones import registry
from groundplan.commons.zones.actions import carrying
from groundplan.commons.zones.errors import PacketRefused, ZoneKeyInvalid, ZonePairingChanged
from groundplan.commons.zones.models import Message, Packet, Refusal
from groundplan.kernel.cases.models import Case
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.tests.factories import make_player, make_unit
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents import actions
from groundplan.systems.incidents.logic import outward
from groundplan.systems.incidents.models import Category, Incident, OuterReport, PassedIncident
from groundplan.systems.incidents.tests.factories import complete, make_town, sign

PHONE = "13800138000"
TEXT = f"和平路路灯坏了三天没人修，请回电 {PHONE}"
REPORT = {"flow": "hotline", "type": "complaint", "text": TEXT, "place": "和平路 1 号", "reporter_phone": PHONE}
NAME = "王小明"


class Zone:
    """One installation: its database, its state folder, its people."""

    def __init__(self, side, folder):
        self.side, self.state = side, folder / side
        self.database = f"groundplan_zone_{side}_{os.getpid()}"
        self.state.mkdir()
        (self.state / "static").mkdir()
        self.town = None

    @contextmanager
    def standing(self, monkeypatch):
        """Be this installation for a while."""
        with monkeypatch.context() as here:
            connections.close_all()
            here.setitem(connection.settings_dict, "NAME", self.database)
            here.setenv("GROUNDPLAN_STATE", str(self.state))
            here.setenv("GROUNDPLAN_ZONE", self.side)
            here.setattr(settings, "STATE", self.state)
            yield self
            connections.close_all()


class Pair:
    """Both zones and what lies between them."""

    def __init__(self, monkeypatch, folder):
        self.monkeypatch = monkeypatch
        self.outer, self.inner = Zone("outer", folder), Zone("inner", folder)

    def at(self, side):
        return getattr(self, side).standing(self.monkeypatch)

    def files(self, side):
        return sorted((getattr(self, side).state / "zones" / "out").glob("*.gpz"))

    def carry(self, sender, *, keep=False):
        """Bring every file of a zone's ``out`` to the other one's ``in``."""
        target = getattr(self, exchange.OTHER[sender]).state / "zones" / "in"
        target.mkdir(parents=True, exist_ok=True)
        for path in self.files(sender):
            (shutil.copy if keep else shutil.move)(path, target / path.name)

    def round(self):
        """Outwards in, in outwards, and the acknowledgement back."""
        for sender in ("outer", "inner", "outer"):
            with self.at(sender):
                zones.send_packets()
            self.carry(sender)
            with self.at(exchange.OTHER[sender]):
                done = zones.receive_packets()
                assert not done.refused, done

    def pair(self):
        """Two administrators on either side, with the fingerprint told by another way."""
        keys = {}
        for side in ("outer", "inner"):
            with self.at(side):
                keys[side] = (exchange.key_file(), exchange.own_keys().public.fingerprint)
        for side in ("outer", "inner"):
            with self.at(side) as zone:
                content, fingerprint = keys[exchange.OTHER[side]]
                zones.propose_zone(actor=zone.system.actor, content=content)
                zones.confirm_zone(actor=zone.security.actor, fingerprint=fingerprint)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, django_db_blocker):
    """Both installations built and paired once; each test has copies of their databases and states."""
    monkeypatch = pytest.MonkeyPatch()
    made = Pair(monkeypatch, tmp_path_factory.mktemp("zones"))
    with django_db_blocker.unblock(), server() as admin:
        try:
            for zone in (made.outer, made.inner):
                copy_database(admin, os.environ["GROUNDPLAN_TEST_TEMPLATE"], zone.database)
                with zone.standing(monkeypatch):
                    zone.town = make_town()
                    unit = make_unit("it-office")
                    zone.system = make_player(unit, "system_admin", "root-of-system")
                    zone.security = make_player(unit, "security_admin", "root-of-security")
            made.pair()
            yield made
        finally:
            drop(admin, made)


@pytest.fixture
def pair(prepared, tmp_path, monkeypatch, django_db_blocker):
    made = Pair(monkeypatch, tmp_path)
    with django_db_blocker.unblock(), server() as admin:
        try:
            for zone, origin in ((made.outer, prepared.outer), (made.inner, prepared.inner)):
                zone.database = f"{origin.database}_copy"
                copy_database(admin, origin.database, zone.database)
                shutil.copytree(origin.state, zone.state, dirs_exist_ok=True)
                zone.town, zone.system, zone.security = origin.town, origin.system, origin.security
            yield made
        finally:
            drop(admin, made)


def server():
    return psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True)


def copy_database(admin, origin, target):
    connections.close_all()
    admin.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
    admin.execute(f'CREATE DATABASE "{target}" TEMPLATE "{origin}"')


def drop(admin, pair):
    connections.close_all()
    for zone in (pair.outer, pair.inner):
        admin.execute(f'DROP DATABASE IF EXISTS "{zone.database}" WITH (FORCE)')


def report(**changed):
    """A resident without an account reports on the page; the browser, and number and code of the receipt."""
    client = Client()
    page = client.post("/report", {**REPORT, "key": "once", **changed}, follow=True)
    assert page.status_code == 200
    client.receipt = page.content.decode()
    return client


def handle(town, case):
    """Inside: acceptance to call-back, with the caller's number and name in the reply."""
    complete(town["operator"], case, "dispatch", type="complaint", matter="路灯")
    open_stage = Case.objects.get(pk=case.pk).stage
    if open_stage == "assign":
        complete(town["hotline-dispatcher"], case, "dispatch", lead_party="transport")
    sign(town["roads"], case)
    complete(town["roads"], case, "handled", reply=f"路灯已修好，已电告 {PHONE}。")
    complete(town["operator"], case, "solved", solved="yes", satisfied="yes")
    assert Case.objects.get(pk=case.pk).state == "closed"


def tell_outside():
    """What the worker does: the consumers are given the events of the cases."""
    while events.dispatch().sequenced:
        pass


@pytest.mark.slow
def test_a_report_goes_in_its_status_comes_out_and_the_rating_goes_in(pair):
    with pair.at("outer"):
        resident = report(reporter_name=NAME)
        number = OuterReport.objects.get().number
        assert number in resident.receipt
        assert Incident.objects.count() == Case.objects.count() == 0, "outside there are no cases"
        assert "正在转交办理" in resident.get("/follow").content.decode()
        assert PHONE.encode() not in bytes(Message.objects.get().body)
    pair.round()
    with pair.at("inner"):
        incident = Incident.objects.get()
        assert incident.place == REPORT["place"]
        assert PHONE not in incident.text
        handle(pair.inner.town, incident.case)
        tell_outside()
    pair.round()
    with pair.at("outer"):
        page = resident.get("/follow").content.decode()
        assert "路灯已修好" in page
        assert incident.receipt == OuterReport.objects.get().status["number"]
        assert not Message.objects.exclude(body=b"").filter(kind="report").exists(), "taken in: nothing stays outside"
        assert resident.post("/follow/rate", {"solved": "yes", "satisfaction": "5"}).status_code == 302
        assert "/follow/rate" not in resident.get("/follow").content.decode(), "once"
    pair.round()
    with pair.at("inner"):
        assert incident.case.ratings.get(source="reporter").satisfaction == 5
        assert exchange.state()["waiting"] == exchange.lag_s() == 0
    for side, action in (("outer", "zones.send_packet"), ("inner", "zones.receive_packet")):
        with pair.at(side):
            direction = "out" if side == "outer" else "in"
            assert Pending.objects.filter(action=action).count() == Packet.objects.filter(direction=direction).count()


@pytest.mark.slow
def test_what_leaves_the_inner_zone_holds_nothing_personal_and_nothing_of_a_hidden_type(pair):
    with pair.at("outer"):
        report(reporter_name=NAME, text=f"我是{NAME}，{TEXT}")
        report(reporter_name=NAME, type="report", text=f"举报某单位，{TEXT}", key="twice")
    pair.round()
    with pair.at("inner"):
        open_case, hidden = (each.case for each in Incident.objects.order_by("id"))
        handle(pair.inner.town, open_case)
        tell_outside()
        told = [bytes(row.body) for row in Message.objects.filter(kind="status", packet=None)]
        assert told, "something was told"
        zones.send_packets()
        statuses = {str(passed.outer_id): passed.incident.case for passed in PassedIncident.objects.all()}
    pair.carry("inner")
    with pair.at("outer"):
        zones.receive_packets()
        for row in OuterReport.objects.all():
            text = json.dumps(row.status, ensure_ascii=False)
            assert PHONE not in text
            assert NAME not in text
            if statuses[str(row.public_id)].pk == hidden.pk:
                left = {name: value for name, value in row.status.items() if value}
                assert left == {"state": "open"}, "of a hidden type nothing but that it is open"


@pytest.mark.slow
def test_packets_lost_doubled_reordered_and_changed_are_each_dealt_with(pair):
    with pair.at("outer"):
        for turn in range(3):
            report(text=f"第{turn}处路灯坏了，无人维修", key=f"key-{turn}")
            zones.send_packets()
    first, second, third = pair.files("outer")
    inbox = pair.inner.state / "zones" / "in"
    inbox.mkdir(parents=True)
    whole = second.read_bytes()
    hostile = {
        "cut.gpz": whole[: len(whole) // 2], "changed.gpz": whole[:-1] + bytes([whole[-1] ^ 1]), "empty.gpz": b"",
        "words.gpz": b"hello, I am no packet", "header.gpz": whole.replace(b'"number":2', b'"number":1'),
    }  # fmt: skip
    with pair.at("inner"):
        for name, content in hostile.items():
            (inbox / name).write_bytes(content)
        shutil.copy(third, inbox / "a-first-by-name.gpz")
        done = zones.receive_packets()
        assert done.applied == 0
        assert done.refused == {"truncated": 2, "tampered": 2, "not-a-packet": 1, "gap": 1}
        assert Incident.objects.count() == 0, "nothing half-written"
        assert {path.name for path in (inbox / "refused").iterdir()} == set(hostile)
        shutil.copy(second, inbox / second.name)
        shutil.copy(first, inbox / first.name)
        assert zones.receive_packets().applied == 3, "the one that came too early waited for the others"
        assert Incident.objects.count() == 3
        shutil.copy(second, inbox / second.name)
        again = zones.receive_packets()
        assert (again.applied, again.refused) == (0, {"repeated": 1})
        assert Incident.objects.count() == 3
        assert Refusal.objects.filter(reason="gap").count() == 1
    with pair.at("outer"):
        lagging = exchange.state()
        assert (lagging["sent"], lagging["acknowledged"], lagging["waiting"]) == (3, 0, 3)
        for path in pair.files("outer"):
            path.unlink()
        assert zones.send_packets().written == 0, "not yet due"
        assert zones.send_packets(again=True).written == 3, "what is not acknowledged is sent again"
        own = pair.files("outer")[0]
        (pair.outer.state / "zones" / "in").mkdir()
        shutil.copy(own, pair.outer.state / "zones" / "in" / "mirrored.gpz")
        assert zones.receive_packets().refused == {"foreign": 1}, "its own packet is not the other zone's"


@pytest.mark.slow
def test_a_turn_that_is_killed_leaves_nothing_half_done_and_the_next_one_makes_it_good(pair, monkeypatch):
    with pair.at("outer"):
        report()
        with monkeypatch.context() as killed:
            killed.setattr(carrying, "_write_files", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                zones.send_packets()
        assert not pair.files("outer")
        assert zones.send_packets().written == 1
    pair.carry("outer")
    with pair.at("inner"):
        with monkeypatch.context() as killed:
            killed.setattr(carrying, "_record", lambda *_a: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                zones.receive_packets()
        assert (Incident.objects.count(), Packet.objects.count()) == (0, 0)
        with monkeypatch.context() as killed:
            killed.setattr(Path, "unlink", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                zones.receive_packets()
        assert Incident.objects.count() == 1
        assert zones.receive_packets().refused == {"repeated": 1}, "applied before it was killed: once only"
        assert Incident.objects.count() == 1


@pytest.mark.slow
def test_pairing_takes_two_people_the_right_fingerprint_and_fresh_keys(pair):
    with pair.at("outer") as zone:
        used = json.loads(exchange.key_file())
        for actor, given, error in (
            (zone.town["outsider"], exchange.key_file(), NotAllowed),
            (zone.system.actor, b"{}", ZoneKeyInvalid),
            (zone.system.actor, exchange.key_file(), ZoneKeyInvalid),
            (zone.system.actor, json.dumps({**used, "zone": "inner"}).encode(), ZonePairingChanged),
        ):
            with pytest.raises(error):
                zones.propose_zone(actor=actor, content=given)
        assert zone.town.people["outsider"].client.get("/zones").status_code == 403
        page = zone.system.client.get("/zones").content.decode()
        assert exchange.own_keys().public.fingerprint in page
        zones.end_zone(actor=zone.security.actor)
        assert json.loads(exchange.key_file())["signing"] != used["signing"], "the keys were thrown away"
    with pair.at("inner") as zone:
        with pytest.raises(ZonePairingChanged):
            zones.confirm_zone(actor=zone.security.actor, fingerprint="0" * 64)
        zones.end_zone(actor=zone.system.actor)
        with pytest.raises(ZonePairingChanged):
            zones.propose_zone(actor=zone.system.actor, content=json.dumps(used).encode())
        with pytest.raises(NotAllowed):
            zones.confirm_zone(actor=zone.system.actor, fingerprint="0" * 64)


def test_only_what_is_named_may_pass_and_only_from_its_zone(monkeypatch):
    status = outward.PassedStatus(report="0198f2a0-0000-7000-8000-000000000000", state="open")
    for side, kind, message in (
        ("outer", "status", status), ("inner", "report", status), ("inner", "cases", status), ("", "status", status),
        ("inner", "categories", status),
    ):  # fmt: skip
        monkeypatch.setenv("GROUNDPLAN_ZONE", side)
        with pytest.raises(PacketRefused):
            zones.send_message(kind=kind, message=message)
    assert {each.name for each in registry.kinds.values() if each.sender == "inner"} == {"status", "categories"}
    assert set(outward.PassedStatus.model_fields) == {
        "report", "state", "number", "stage", "unit", "due_at", "closed_at", "reply", "milestones", "may_rate",
        "may_supplement",
    }  # fmt: skip


@pytest.mark.slow
def test_the_lists_of_the_city_and_a_refusal_come_out(pair):
    with pair.at("inner"):
        Category.objects.create(
            kind="hotline", code="new-one", group={"zh-hans": "新类"}, label={"zh-hans": "新类别"}, origin="city",
            valid_from=datetime(2026, 1, 1, tzinfo=UTC).date(),
        )  # fmt: skip
        actions.tell_categories()
    with pair.at("outer"):
        report(longitude="120.0", latitude="30.0")
    pair.round()
    with pair.at("outer"):
        assert Category.objects.get(code="new-one").label == {"zh-hans": "新类别"}
        assert OuterReport.objects.get().status["state"] == "refused"
