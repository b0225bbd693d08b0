"""What incidents put on the wall: the city in numbers, nothing that names anybody."""

import pytest
from django.urls import reverse

from groundplan.commons.wall import actions as walls
from groundplan.commons.wall.registry import registry
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.systems.incidents import actions
from groundplan.systems.incidents.queries import wall
from groundplan.systems.incidents.tests.factories import WEST_POINT, make_town

pytestmark = pytest.mark.django_db
SECRETS = ("张三丰", "13812345678", "人民路8号", "破损")


def report(town, **more):
    given = {"text": "张三丰家门口井盖破损，电话13812345678", "place": "人民路8号张三丰家", "point": WEST_POINT} | more
    return actions.report_incident(actor=town["operator"], channel="phone", reporter_name="张三丰", **given)


def test_nothing_personal_is_on_a_wall(client):
    report(make_town())
    _wall, code = walls.open_wall(actor=SYSTEM, name="指挥大厅")
    client.post(reverse("wall-enter"), {"code": code})
    shown = client.get(reverse("wall")).content.decode()
    parts = [client.get(reverse("wall-part", args=[key])) for key in registry.parts]
    assert {answer.status_code for answer in parts} == {200}
    shown += "".join(answer.content.decode() for answer in parts) + client.get(reverse("wall-map")).content.decode()
    assert [word for word in (*SECRETS, "/cases/") if word in shown] == []
    assert client.get(reverse("wall-part", args=["nothing"])).status_code == 404


def test_the_map_of_a_wall_has_places_and_counts_only():
    report(make_town())
    (feature,) = wall.features((-180, -90, 180, 90), 18)["features"]
    assert set(feature["properties"]) <= {"count", "overdue", "state"}
    assert feature["properties"]["count"] == 1


def test_what_came_in_is_counted_and_listed_first():
    town = make_town()
    report(town)
    last = report(town, text="路灯不亮", point=None)
    assert wall.figures()["figures"].opened == 2
    assert wall.newest()["rows"][0].number == last.case.number
    assert wall.trend()["received"] == 2
    assert len(wall.trend()["bars"]) == 24
    assert wall.overdue()["rows"] == []
