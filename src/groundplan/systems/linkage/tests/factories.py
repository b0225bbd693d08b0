"""A town with the units of the shipped plans, a commander, a leader who approves."""

from dataclasses import dataclass, field
from pathlib import Path

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import Player, make_player, make_unit
from groundplan.kernel.places.tests.factories import town
from groundplan.systems.linkage import actions
from groundplan.systems.linkage.models import PlanVersion

PROFILE = Path(__file__).resolve().parents[3] / "profiles" / "cn"
UNITS = ("command-centre", "water", "public-security", "urban-management", "transport", "emergency", "ecology")


@dataclass
class Town:
    """Units by code, people by task."""

    units: dict[str, Party] = field(default_factory=dict)
    people: dict[str, Player] = field(default_factory=dict)

    def __getitem__(self, name):
        return self.people[name].actor


def make_town() -> Town:
    """Divisions, units, people, the flows of linked tasks, the shipped plans as drafts."""
    town()
    made = Town()
    hall = made.units["hall"] = make_unit("hall", kind="city", name="市政府")
    for code in UNITS:
        made.units[code] = make_unit(code, name=code, parent=hall)
    made.units["west"] = make_unit("d339901", kind="district", name="西区", parent=hall, division_code="339901")
    for person, unit, role in (
        ("commander", "command-centre", "dispatcher"), ("second", "command-centre", "dispatcher"),
        ("mayor", "hall", "leader"), ("water", "water", "handler"), ("police", "public-security", "handler"),
        ("west", "west", "handler"), ("outsider", "ecology", "handler"), ("stranger", "ecology", "dispatcher"),
    ):  # fmt: skip
        made.people[person] = make_player(made.units[unit], role, person)
    for name in ("linkage", "linkage-exercise"):
        text = (PROFILE / "flows" / f"{name}.yaml").read_text(encoding="utf-8")
        cases.import_flow(actor=SYSTEM, text=text, origin="test")
    actions.load_shipped_plans(actor=SYSTEM, profile="cn")
    return made


def plan_in_force(made: Town, key: str = "urban-waterlogging") -> PlanVersion:
    """A shipped plan, approved by the mayor."""
    return actions.approve_plan(actor=made["mayor"], version=PlanVersion.objects.get(key=key).public_id)


def start(made: Town, **asked):
    """The plan started by the commander."""
    version = PlanVersion.objects.filter(state="in_force").first() or plan_in_force(made)
    given = {"level": "III", "reason": "城西多处积水", "district": "339901", "place": "滨河路"} | asked
    return actions.start_plan(actor=made["commander"], plan=version.public_id, **given)
