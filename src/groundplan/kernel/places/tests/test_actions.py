from datetime import date

import numpy as np
import pytest

from groundplan.kernel.ledger import models as ledger
from groundplan.kernel.places import actions, queries
from groundplan.kernel.places.errors import DivisionInUse, DivisionNotFound, LayerRefused
from groundplan.kernel.places.models import Cell, Division, LayerLoad
from groundplan.kernel.places.tests.factories import collection, feature, square, town
from groundplan.lib import coordinates
from groundplan.lib.tabular import write_xlsx

pytestmark = pytest.mark.django_db
WEST_POINT, EAST_POINT, EDGE = [123.02, 29.02], [123.12, 29.02], [123.07, 29.07]


def test_points_are_located_in_every_layer_at_once():
    town()
    found = queries.locate(np.array([WEST_POINT, EAST_POINT, EDGE, [0.0, 0.0], [np.nan, 29.0]]))
    assert found.district.tolist() == ["339901", "339902", "339901", "", ""]
    assert found.street.tolist() == ["339901001", "339902001", "339901001", "", ""]
    assert found.community.tolist() == ["339901001001", "339902001001", "339901001001", "", ""]
    assert found.unit_grid[0] == "339901001001001"
    assert found.unit_grid[2] == ""  # The two grids need not share borders.
    assert found.governance_grid[2] == "339901001001001"


def test_a_border_point_always_belongs_to_the_first_code():
    town()
    assert queries.locate(np.array([[123.1, 29.05]])).district.tolist() == ["339901"]


def test_an_import_is_seen_at_once_by_what_was_cached():
    town()
    assert queries.locate(np.array([WEST_POINT])).district[0] == "339901"
    moved = feature("339901", square(5, 5), valid_from="2020-01-01")
    result = actions.import_divisions(actor="test", content=collection(moved), filename="x.geojson")
    assert (result.created, result.updated) == (0, 1)
    assert queries.locate(np.array([WEST_POINT])).district[0] == ""


def test_a_code_means_another_piece_of_land_on_another_day():
    town()
    actions.import_divisions(
        actor="test",
        filename="x.geojson",
        content=collection(
            feature("339903", square(7, 0), valid_from="2010-01-01", valid_until="2015-01-01"),
            feature("339903", square(8, 0), valid_from="2015-01-01"),
        ),
    )
    point = np.array([[123.75, 29.05]])
    assert queries.locate(point, date(2014, 12, 31)).district[0] == "339903"
    assert queries.locate(point, date(2015, 1, 1)).district[0] == ""
    assert queries.division("339903", date(2012, 1, 1)).valid_until == date(2015, 1, 1)


def test_one_bad_row_refuses_the_whole_file_and_names_every_fault():
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    content = collection(
        feature("3399", square(0, 0)),
        feature("33990", square(0, 0)),
        feature("339901", bow_tie),
        feature("339902", {"type": "Point", "coordinates": [0, 0]}),
        feature("349901", square(0, 0)),
        feature("339903", square(0, 0), valid_from="2024-01-01", valid_until="2023-01-01"),
    )
    with pytest.raises(LayerRefused) as caught:
        actions.import_divisions(actor="test", content=content, filename="x.geojson")
    places = {error["place"] for error in caught.value.extra["errors"]}
    assert places == {f"features[{n}]" for n in range(1, 6)}
    assert not Division.objects.exists()
    assert not LayerLoad.objects.exists()


def test_two_rows_of_one_code_may_not_share_a_day():
    content = collection(feature("3399", None, valid_from="2010-01-01"), feature("3399", None, valid_from="2015-01-01"))
    with pytest.raises(LayerRefused):
        actions.import_divisions(actor="test", content=content, filename="x.geojson")


def test_what_is_no_feature_collection_is_refused():
    with pytest.raises(LayerRefused):
        actions.import_divisions(actor="test", content=b"[]", filename="x.geojson")


def test_a_table_brings_codes_and_names_without_borders():
    content = write_xlsx(
        ["代码", "名称", "英文名", "上级代码", "启用日期"],
        [["3399", "兰汀市", "Lanting", "", "2020-01-01"], ["339901", "云溪区", "Yunxi", "3399", "2020-01-01"]],
    )
    actions.import_divisions(actor="test", content=content, filename="区划.xlsx")
    area = queries.division("339901")
    assert (area.name, area.parent.code, area.bbox) == ({"zh-hans": "云溪区", "en": "Yunxi"}, "3399", None)
    assert [item.code for item in queries.ancestors("339901")] == ["339901", "3399"]


def test_borders_of_another_coordinate_system_are_converted():
    ring = coordinates.wgs84_to_bd09(np.array(square(0, 0)["coordinates"][0])).tolist()
    content = collection(feature("3399", {"type": "Polygon", "coordinates": [ring]}))
    actions.import_divisions(actor="test", content=content, filename="x.geojson", system="bd09")
    assert queries.division("3399").bbox == pytest.approx([123.0, 29.0, 123.1, 29.1], abs=1e-6)


def test_a_cell_of_an_unknown_community_layer_or_without_border_is_refused():
    town()
    for layer, cell in (
        ("unit_grid", feature("1", square(0, 0), parent="339909001001")),
        ("wards", feature("1", square(0, 0), parent="339901001001")),
        ("unit_grid", feature("1", None, parent="339901001001")),
    ):
        with pytest.raises(LayerRefused):
            actions.import_cells(actor="test", layer=layer, content=collection(cell), filename="x.geojson")
    assert Cell.objects.count() == 4


def test_a_division_ends_only_after_what_lies_within_it():
    town()
    with pytest.raises(DivisionInUse):
        actions.end_division(actor="test", code="339901001", on=date(2026, 1, 1))
    with pytest.raises(DivisionInUse):
        actions.end_division(actor="test", code="339901001001", on=date(2026, 1, 1))
    Cell.objects.filter(code__startswith="339901").update(valid_until=date(2026, 1, 1))
    actions.end_division(actor="test", code="339901001001", on=date(2026, 1, 1), successors=["339902001001"])
    assert queries.division("339901001001", date(2025, 12, 31)).level == "community"
    with pytest.raises(DivisionNotFound):
        queries.division("339901001001", date(2026, 1, 1))
    with pytest.raises(DivisionNotFound):
        actions.end_division(actor="test", code="339901001001", on=date(2026, 2, 1))


def test_each_load_leaves_one_record_with_its_digest():
    before = ledger.Pending.objects.count()
    town()
    loads = LayerLoad.objects.order_by("id")
    assert [load.layer for load in loads] == ["division", "unit_grid", "governance_grid"]
    assert all(len(load.digest) == 64 for load in loads)
    assert ledger.Pending.objects.count() - before == 3
