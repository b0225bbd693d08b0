import pytest

from groundplan.kernel.places.registry import readers
from groundplan.kernel.places.tests.factories import town

pytestmark = pytest.mark.django_db
POINT = {"lon": 123.02, "lat": 29.02}


@pytest.fixture
def officer(monkeypatch):
    monkeypatch.setattr(readers, "officer", lambda request: True)


def test_anybody_may_list_divisions_page_by_page(client):
    town()
    first = client.get("/api/v1/places/divisions", {"size": 4}).json()
    rest = client.get("/api/v1/places/divisions", {"size": 4, "after": first["next"]}).json()
    codes = [item["code"] for item in first["items"] + rest["items"]]
    assert codes == sorted(codes)
    assert len(codes) == 7
    assert rest["next"] is None


def test_divisions_are_chosen_by_level_parent_and_day(client):
    town()
    found = client.get("/api/v1/places/divisions", {"level": "street", "parent": "339902"}).json()
    assert [item["code"] for item in found["items"]] == ["339902001"]
    assert client.get("/api/v1/places/divisions", {"on": "2019-12-31"}).json()["items"] == []


def test_a_division_is_shown_with_its_parent_and_an_unknown_one_is_not_found(client):
    town()
    assert client.get("/api/v1/places/divisions/339901").json()["parent"] == "3399"
    missing = client.get("/api/v1/places/divisions/110101")
    assert missing.status_code == 404
    assert missing["Content-Type"] == "application/problem+json"


def test_borders_come_as_geojson(client):
    town()
    found = client.get("/api/v1/places/divisions.geojson", {"level": "district"}).json()
    assert (found["type"], found["numberReturned"]) == ("FeatureCollection", 2)
    assert found["features"][0]["geometry"]["type"] == "Polygon"
    assert found["features"][0]["bbox"] == pytest.approx([123.0, 29.0, 123.1, 29.1])


def test_an_anonymous_reader_is_told_the_community_but_never_the_grids(client):
    town()
    assert client.get("/api/v1/places/locate", POINT).json() == {
        "district": "339901",
        "street": "339901001",
        "community": "339901001001",
    }
    answer = client.get("/api/v1/places/cells.geojson", {"layer": "unit_grid", "community": "339901001001"})
    assert answer.status_code == 403
    assert "features" not in answer.json()


@pytest.mark.usefixtures("officer")
def test_an_officer_is_told_both_grids(client):
    town()
    found = client.post("/api/v1/places/locate", {"points": [[123.02, 29.02]]}, content_type="application/json").json()
    assert found["items"][0]["unit_grid"] == "339901001001001"
    cells = client.get("/api/v1/places/cells.geojson", {"layer": "unit_grid", "community": "339901001001"}).json()
    assert [item["properties"]["community"] for item in cells["features"]] == ["339901001001"]


@pytest.mark.parametrize(
    "query", [{"lon": "NaN", "lat": 1}, {"lon": 181, "lat": 1}, {"lon": 1}, {"lon": 1, "lat": 1, "on": "x"}]
)
def test_points_that_are_none_are_refused(client, query):
    assert client.get("/api/v1/places/locate", query).status_code == 422


def test_a_code_with_a_nul_is_simply_unknown(client):
    assert client.get("/api/v1/places/divisions/33%0099").status_code == 404
