"""A small city for the tests of incidents: two districts with streets, the three centres, line bureaus, people."""

from dataclasses import dataclass, field

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import Player, make_player, make_unit, make_user
from groundplan.kernel.places.tests.factories import town
from groundplan.kernel.rules.actions import load_profile_rules
from groundplan.systems.incidents import actions

# Points of the square city of places.tests.factories, well inside each district.
WEST_POINT = (123.03, 29.03)
EAST_POINT = (123.13, 29.03)
OUTSIDE_POINT = (120.0, 30.0)


@dataclass
class Town:
    """Units by code, people by task."""

    units: dict[str, Party] = field(default_factory=dict)
    people: dict[str, Player] = field(default_factory=dict)

    def __getitem__(self, name):
        return self.people[name].actor


def make_town() -> Town:
    """Divisions, units, people, rules, flows and categories."""
    town()
    load_profile_rules(profile="cn")
    actions.load_shipped(actor=SYSTEM, profile="cn")
    made = Town()
    hall = made.units["hall"] = make_unit("hall", kind="city", name="市政府")
    for code, name in (
        ("hotline-office", "热线办"), ("supervision-centre", "监督中心"), ("command-centre", "指挥中心"),
        ("urban-management", "城管局"), ("transport", "交通局"), ("water", "水务局"), ("ecology", "生态环境局"),
    ):  # fmt: skip
        made.units[code] = make_unit(code, name=name, parent=hall)
    for code, name in (("339901", "西区"), ("339902", "东区")):
        district = made.units[code] = make_unit(f"d{code}", kind="district", name=name, parent=hall, division_code=code)
        made.units[f"{code}001"] = make_unit(
            f"s{code}001", kind="street", name=f"{name}一街", parent=district, division_code=f"{code}001"
        )
    for person, unit, role in (
        ("operator", "hotline-office", "operator"), ("hotline-dispatcher", "hotline-office", "dispatcher"),
        ("registrar", "supervision-centre", "operator"), ("inspector", "supervision-centre", "inspector"),
        ("supervisor", "supervision-centre", "supervisor"), ("dispatcher", "command-centre", "dispatcher"),
        ("roads", "transport", "handler"), ("city-manager", "urban-management", "handler"),
        ("water", "water", "handler"),
        ("west", "339901", "handler"), ("west-street", "339901001", "handler"), ("east-street", "339902001", "handler"),
        ("mayor", "hall", "leader"), ("outsider", "ecology", "handler"),
    ):  # fmt: skip
        made.people[person] = make_player(made.units[unit], role, person)
    made.people["resident"] = Player(make_user("resident"), None)
    return made


def open_task(case: Case, stage: str = "", key: str = "") -> Task:
    """The task that is open now (in a stage, of a key)."""
    found = Task.objects.filter(case=case, state__in=("open", "offered")).order_by("-id")
    if stage:
        found = found.filter(stage=stage)
    if key:
        found = found.filter(key=key)
    task = found.first()
    assert task is not None, f"no open task in {stage or 'any stage'}: {list(case.tasks.values_list('stage', 'state'))}"
    return task


def sign(actor, case, stage="", key=""):
    """Sign for the open task."""
    return cases.sign_task(actor=actor, task=open_task(case, stage, key).public_id, seen=None)


def complete(actor, case, outcome, stage="", key="", **data):
    """Complete the open task with an outcome."""
    return cases.complete_task(
        actor=actor, task=open_task(case, stage, key).public_id, seen=None, outcome=outcome, data=data
    )
