"""Walls: their code, their end, what they hear."""

import json

import pytest
from django.urls import reverse

from groundplan.commons.wall import actions, queries
from groundplan.commons.wall.errors import WallInvalid, WallUnknown
from groundplan.commons.wall.models import Wall
from groundplan.kernel.events.queries import Hint
from groundplan.kernel.events.streams import WALL, _spelled, heard
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.models import Membership, Party, User
from groundplan.kernel.parties.queries import actor_for_user
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    unit = Party.objects.create(code="office", kind="department", name={"zh-hans": "局"}, valid_from="2020-01-01")
    found = {}
    for name, role in (("keeper", "system_admin"), ("outsider", "dispatcher")):
        user = User.objects.create(username=name, display_name=name)
        Membership.objects.create(user=user, party=unit, role=role, valid_from="2020-01-01")
        found[name] = actor_for_user(user)
    return found


@pytest.fixture
def opened(people):
    return actions.open_wall(actor=people["keeper"], name="指挥大厅")


def test_a_code_is_shown_once_and_stored_nowhere(opened):
    wall, code = opened
    assert queries.wall_of(code) == wall
    assert code.encode() not in bytes(wall.found_by)
    told = json.dumps([bytes(row.body).decode() for row in Pending.objects.all()])
    assert code not in told
    assert Pending.objects.filter(action="wall.open_wall").count() == 1


def test_only_system_administrators_open_and_end_walls(people, opened, client):
    wall, code = opened
    with pytest.raises(NotAllowed):
        actions.open_wall(actor=people["outsider"], name="x")
    with pytest.raises(NotAllowed):
        actions.end_wall(actor=people["outsider"], wall=wall.public_id)
    client.force_login(User.objects.get(username="outsider"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("walls")).status_code == 403
    assert client.post(reverse("wall-end", args=[wall.public_id])).status_code == 403
    assert queries.wall_of(code) == wall


@pytest.mark.parametrize("name", ["", "  ", "长" * 61], ids=["empty", "blank", "long"])
def test_a_wall_has_a_name(people, name):
    with pytest.raises(WallInvalid):
        actions.open_wall(actor=people["keeper"], name=name)


def test_an_ended_wall_shows_nothing_from_the_next_fetch_on(people, opened, client):
    wall, code = opened
    assert client.post(reverse("wall-enter"), {"code": code})["Location"] == reverse("wall")
    assert client.cookies["wall"]["httponly"]
    assert "gp-wall" in client.get(reverse("wall")).content.decode()
    assert client.get(reverse("wall-part", args=["figures"])).status_code == 200
    actions.end_wall(actor=people["keeper"], wall=wall.public_id)
    for address in (reverse("wall-part", args=["figures"]), reverse("wall-map")):
        answer = client.get(address)
        assert (answer.status_code, answer["HX-Redirect"]) == (401, reverse("wall"))
    assert "data-wall-door" in client.get(reverse("wall")).content.decode()
    with pytest.raises(WallUnknown):
        actions.end_wall(actor=people["keeper"], wall=wall.public_id)


@pytest.mark.parametrize("code", ["", "wall_", "wall_" + "x" * 500, "gp_x", "wall_\x00", "'; --"])
def test_a_wrong_code_opens_nothing(client, code):
    assert client.post(reverse("wall-enter"), {"code": code})["Location"] == reverse("wall") + "?refused"
    client.cookies["wall"] = "wall_guess"
    assert client.get(reverse("wall-map")).status_code == 401


def test_a_wall_opens_no_other_page(opened, client):
    client.post(reverse("wall-enter"), {"code": opened[1]})
    for name in ("command", "cases", "walls"):
        assert client.get(reverse(name)).status_code == 302
    assert client.get("/api/v1/cases/").status_code == 401


@pytest.mark.parametrize("bbox", ["x", "1,2,3", "nan,0,1,1", "2,0,1,1", "1,1,2,2,3"])
def test_no_extent_is_no_map(opened, client, bbox):
    client.post(reverse("wall-enter"), {"code": opened[1]})
    assert client.get(reverse("wall-map"), {"bbox": bbox}).status_code == 422


def test_a_screen_is_noted_once_a_minute(opened):
    wall, _code = opened
    actions.note_wall(wall=wall)
    first = Wall.objects.get().seen_at
    actions.note_wall(wall=wall)
    assert Wall.objects.get().seen_at == first


def test_a_wall_hears_that_a_case_changed_but_not_which():
    hint = Hint(1, "case.opened.v1", "case:secret", clock.now(), frozenset({"party:1"}))
    call = Hint(2, "call.ringing.v1", "call:secret", clock.now(), frozenset({"user:1"}))
    assert (heard(hint, {WALL, "public"}), heard(call, {WALL, "public"})) == (True, False)
    assert not heard(hint, {"public"})
    assert "secret" not in _spelled(hint, {WALL, "public"})
    assert "case.opened.v1" in _spelled(hint, {WALL})
    assert "secret" in _spelled(hint, {"party:1"})
