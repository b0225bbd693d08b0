"""The organisation over HTTP, and what each of the cast sees of it."""

import uuid

import pytest
from django.test import Client

from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties import actions, queries
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_player, make_unit

pytestmark = pytest.mark.django_db
PUBLIC = {
    "id", "code", "kind", "name", "short_name", "division_code", "address", "public_phone", "duties", "valid_from",
    "relations",
}  # fmt: skip


@pytest.fixture
def cast():
    return make_cast()


def bearer(player):
    return {"Authorization": f"Bearer {player.token}"}


def test_the_directory_is_public_and_pages_by_key(client):
    for name in ("水务局", "城管局", "住建局"):
        make_unit(name=name)
    first = client.get("/api/v1/parties?size=2").json()
    rest = client.get(f"/api/v1/parties?size=2&after={first['next']}").json()
    assert [item["name"]["zh-hans"] for item in first["items"] + rest["items"]] == ["城管局", "水务局", "住建局"]
    assert rest["next"] is None


def test_the_directory_is_searched_by_name_code_and_sound(client):
    make_unit("lt-cg", name="城市管理局")
    make_unit("lt-sw", name="水务局")
    for text in ("管理", "lt-cg", "cheng shi"):
        found = client.get("/api/v1/parties", {"q": text}).json()["items"]
        assert [item["code"] for item in found] == ["lt-cg"]


def test_firms_and_people_stand_in_no_public_directory(client, cast):
    assert cast.vendor.unit.kind == "firm"
    codes = {item["code"] for item in client.get("/api/v1/parties").json()["items"]}
    assert cast.vendor.unit.code not in codes
    assert client.get(f"/api/v1/parties/{cast.vendor.unit.public_id}").status_code == 404


def test_an_outsider_sees_the_directory_entry_and_nothing_inside(client, cast):
    unit = cast.officer.unit
    actions.add_identifier(actor=SYSTEM, party=unit, scheme="credit_code", value="91330100799655058B")
    address = f"/api/v1/parties/{unit.public_id}"
    for headers in ({}, bearer(cast.outsider), bearer(cast.resident), bearer(cast.vendor)):
        assert set(client.get(address, headers=headers).json()) == PUBLIC
    inside = client.get(address, headers=bearer(cast.officer)).json()
    assert inside["identifiers"] == [{"scheme": "credit_code", "masked": "91330100799655058B"}]
    assert [member["role"] for member in inside["members"]] == ["handler"]


def test_a_firm_is_seen_by_its_own_people_and_not_by_an_outsider(client, cast):
    address = f"/api/v1/parties/{cast.vendor.unit.public_id}"
    assert client.get(address, headers=bearer(cast.vendor)).status_code == 200
    assert client.get(address, headers=bearer(cast.outsider)).status_code == 404


def test_relations_to_firms_and_people_are_not_told(client, cast):
    unit = make_unit()
    actions.relate(actor=SYSTEM, kind="maintains", from_party=cast.vendor.unit, to_party=unit)
    assert client.get(f"/api/v1/parties/{unit.public_id}").json()["relations"] == []


def test_only_a_system_administrator_enters_parties(client, cast):
    body = {"kind": "department", "code": "new", "name": {"zh-hans": "新局"}}
    for player in (cast.resident, cast.officer, cast.outsider, cast.vendor):
        answer = client.post("/api/v1/parties", body, content_type="application/json", headers=bearer(player))
        assert answer.status_code == 403
    assert client.post("/api/v1/parties", body, content_type="application/json").status_code == 401
    admin = make_player(make_unit(), "system_admin")
    headers = {**bearer(admin), "Idempotency-Key": "k"}
    made = client.post("/api/v1/parties", body, content_type="application/json", headers=headers)
    assert made.status_code == 201
    again = client.post("/api/v1/parties", body, content_type="application/json", headers=headers)
    assert again.json() == made.json()
    related = client.post(
        f"/api/v1/parties/{made.json()['id']}/relations",
        {"kind": "belongs_to", "to_party": str(admin.unit.public_id)},
        content_type="application/json",
        headers=bearer(admin),
    )
    assert related.status_code == 201
    assert queries.superior(Party.objects.get(code="new").pk) == admin.unit


def test_a_session_writes_only_with_the_mark_of_our_own_page(cast):
    admin = make_player(make_unit(), "system_admin")
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin.user)
    body = {"kind": "department", "code": "new", "name": {"zh-hans": "新局"}}
    assert client.post("/api/v1/parties", body, content_type="application/json").status_code == 403
    assert client.get("/api/v1/parties/me").status_code == 200


def test_who_am_i(client, cast):
    answer = client.get("/api/v1/parties/me", headers=bearer(cast.officer)).json()
    assert answer["id"] == cast.officer.actor.actor_id
    assert [scope["role"] for scope in answer["scopes"]] == ["handler"]
    assert client.get("/api/v1/parties/me").status_code == 401


def test_unmasking_takes_a_role_and_a_purpose_and_leaves_a_record(client, cast):
    person = make_unit(kind="person")
    number = "11010519491231002X"
    actions.add_identifier(actor=SYSTEM, party=person, scheme="citizen_number", value=number)
    office = make_player(make_unit(), "data_office")
    address = f"/api/v1/parties/{person.public_id}/identifiers/citizen_number/unmask"

    def ask(player, **body):
        return client.post(address, body, content_type="application/json", headers=bearer(player))

    for player in (cast.resident, cast.officer, cast.outsider, cast.vendor):
        assert ask(player, purpose="handling").status_code == 404
    assert ask(office).status_code == 422
    assert ask(office, purpose="curiosity").status_code == 422
    assert not Pending.objects.filter(action="parties.unmask_identifier").exists()
    assert ask(office, purpose="verification", reference="RX-1").json() == {"value": number}
    record = Pending.objects.get(action="parties.unmask_identifier")
    assert b"verification" in bytes(record.body)
    assert number.encode() not in bytes(record.body)


def test_an_unknown_party_is_not_found(client):
    assert client.get(f"/api/v1/parties/{uuid.UUID(int=0)}").status_code == 404
