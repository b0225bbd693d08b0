import doctest
from random import Random

import numpy as np
import pytest
import shapely

from groundplan.demo import names, texts, units
from groundplan.demo.plan import along_roads, draw

PLAN = draw(1)


def test_the_examples_hold():
    assert doctest.testmod(names).failed == doctest.testmod(units).failed == 0


def test_the_city_has_its_districts_streets_and_communities():
    assert (len(PLAN.districts), len(PLAN.streets), len(PLAN.communities)) == (6, 40, 300)
    codes = [piece.code for piece in (*PLAN.districts, *PLAN.streets, *PLAN.communities)]
    assert len(set(codes)) == 346
    assert all(piece.code.startswith(piece.parent) for piece in (*PLAN.streets, *PLAN.communities))


@pytest.mark.parametrize("layer", ["districts", "streets", "communities", "unit_grid", "governance_grid"])
def test_every_layer_covers_the_land_once(layer):
    pieces = getattr(PLAN, layer)
    land = PLAN.city.shape.area
    assert sum(piece.shape.area for piece in pieces) == pytest.approx(land, rel=1e-6)
    assert shapely.union_all([piece.shape for piece in pieces]).area == pytest.approx(land, rel=1e-6)


def test_the_two_grids_have_other_borders_and_other_codes():
    unit, governance = ({piece.code for piece in layer} for layer in (PLAN.unit_grid, PLAN.governance_grid))
    assert not unit & governance
    assert all(len(code) == 15 for code in unit | governance)


def test_the_same_seed_gives_the_same_city_and_another_seed_another():
    assert draw(1).divisions() == PLAN.divisions()
    assert draw(2).divisions() != PLAN.divisions()


def test_things_along_the_roads_lie_within_their_community():
    community = PLAN.communities[17]
    points = along_roads(community, 200, np.random.default_rng(3))
    assert shapely.intersects_xy(community.shape, points[:, 0], points[:, 1]).all()


def test_every_name_of_a_community_is_its_own():
    assert len({piece.name["zh-hans"] for piece in PLAN.communities}) == 300


def test_several_hundred_calls_are_all_different_even_without_their_places():
    order = Random(5)
    calls = {texts.call("某处", order).text for _call in range(2000)}
    assert len(calls) > 500
    assert not any("{" in text for text in calls)


def test_the_storm_brings_water_and_trees():
    order = Random(6)
    assert {texts.call("某处", order, storm=True).matter for _call in range(100)} == {"积水内涝", "园林绿化"}


def test_no_one_holds_two_of_the_three_administrator_roles():
    entries = [entry for entry in units.text()["sign_ins"] if entry["role"].endswith("_admin")]
    assert sorted(entry["role"] for entry in entries) == ["audit_admin", "security_admin", "system_admin"]
    assert len({entry["username"] for entry in entries}) == 3
