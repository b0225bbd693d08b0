"""The sample city, built through the public actions: land, units, people, rules, flows, code lists, components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from groundplan.base.registers import actions as registers
from groundplan.demo import components, drill, knowledge, units
from groundplan.demo.base import catalogue, lake
from groundplan.demo.plan import Plan, draw
from groundplan.demo.samples import beside
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.places import actions as places
from groundplan.lib import clock
from groundplan.profiles.loading import load_profile

SEED = 20260708
PROFILE = "cn"
READINGS = 20_000
MANY_READINGS = 1_000_000
ORIGIN = "演示数据"
# The evening before the simulated day (Tuesday, 20:00 in Shanghai).
BUILT_AT = datetime(2026, 7, 7, 12, tzinfo=UTC)


@dataclass(frozen=True)
class City:
    """What was built."""

    plan: Plan
    parties: int
    components: int


def build(seed: int = SEED, *, tell: Callable[[str], None] = lambda _text: None, readings: int = READINGS) -> City:
    """Build the sample city in an empty installation.

    Args:
        seed: the same seed gives the same city.
        tell: is told what is being done.
        readings: rows of the largest table in the lake.
    """
    with clock.standing_at(BUILT_AT):
        tell("行政区划与网格 · divisions and grids")
        plan = draw(seed)
        places.import_divisions(actor="system", content=plan.divisions(), filename="city.geojson", origin=ORIGIN)
        for layer in ("unit_grid", "governance_grid"):
            places.import_cells(
                actor="system", layer=layer, content=plan.cells(layer), filename=f"{layer}.geojson", origin=ORIGIN
            )
        tell("组织机构与人员 · units and people")
        entered = units.enter_units(plan)
        units.enter_people(entered, seed)
        tell("规则、流程与代码表 · rules, flows and code lists")
        load_profile(PROFILE)
        knowledge.enter_articles()
        tell("部件 · components")
        load = registers.import_components(
            actor=SYSTEM,
            content=components.component_file(plan, entered, seed),
            filename="components.csv",
            origin=ORIGIN,
        )
        tell("数据目录 · the data catalogue")
        catalogue.enter_catalogue()
        tell("数据湖 · the data lake")
        lake.load_tables(seed, readings=readings)
        tell("联动预案与演练 · linkage plans and an exercise")
        drill.hold_exercise(BUILT_AT)
        tell("旁路运行 · a run beside another system")
        beside.run_beside()
        return City(plan, len(entered.parties), load.stored)


def is_built() -> bool:
    """Whether this installation holds the sample city."""
    return bool(Party.objects.filter(code=units.text()["city"]["code"]).exists())
