"""A town with a data office, two departments with two handlers each, the flow and the shelves."""

from dataclasses import dataclass, field
from pathlib import Path

from groundplan.base.catalogue import actions
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Task
from groundplan.kernel.events import actions as events
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import Player, make_player, make_unit, make_user
from groundplan.kernel.rules.tests import factories as rules

PROFILE = Path(__file__).resolve().parents[3] / "profiles" / "cn"
CREDIT = {"name": "统一社会信用代码", "type": "text", "required": True, "source": "market"}


@dataclass
class Town:
    """Units by code, people by name."""

    units: dict[str, Party] = field(default_factory=dict)
    people: dict[str, Player] = field(default_factory=dict)

    def __getitem__(self, name):
        return self.people[name].actor


def make_town() -> Town:
    """Units, people, flow, rule, shelves and words."""
    made = Town()
    for code, name in (("data-office", "市数据局"), ("market", "市场监管局"), ("water", "水利局")):
        made.units[code] = make_unit(code, name=name)
    for person, unit, role in (
        ("writer", "market", "handler"), ("second", "market", "handler"), ("keeper", "data-office", "data_office"),
        ("outsider", "water", "handler"), ("vendor", "water", "vendor"),
    ):  # fmt: skip
        made.people[person] = make_player(made.units[unit], role, person)
    made.people["resident"] = Player(make_user("resident"), None)
    rules.put_in_force((PROFILE / "rules" / "catalogue-limits.yaml").read_text(encoding="utf-8"))
    text = (PROFILE / "flows" / "catalogue-entry.yaml").read_text(encoding="utf-8")
    cases.import_flow(actor=SYSTEM, text=text, origin="test")
    actions.load_shipped_catalogue(actor=SYSTEM, profile="cn")
    return made


def content(**changes):
    """What a sample entry says."""
    return {
        "title": {"zh-hans": "企业登记基本信息", "en": "Registered enterprises"},
        "summary": {"zh-hans": "全市各类企业的登记信息。"}, "shelf": "legal-persons", "sharing": "unconditional",
        "openness": "open", "cycle": "daily", "form": "CSV", "keywords": ["企业", "登记"],
        "elements": [CREDIT, {"name": "企业名称"}, {"name": "法定代表人姓名", "personal": "personal"}],
        **changes,
    }  # fmt: skip


def write(town, actor="writer", provider="market", **changes) -> EntryVersion:
    """A draft."""
    return actions.write_entry(actor=town[actor], content=content(**changes), provider=provider)


def deliver():
    """Deliver the events, as the worker does."""
    while events.integrate(batch=500):
        pass
    while events.dispatch(batch=500).delivered:
        pass


def decide(actor, stage, outcome, version=None, **data):
    """Complete the open task of a stage, of the case of a version if there are several."""
    tasks = Task.objects.filter(stage=stage, state="open")
    task = tasks.get() if version is None else tasks.get(case__subject=f"entry:{version.entry.public_id}")
    cases.complete_task(actor=actor, task=task.public_id, seen=None, outcome=outcome, data=data)
    deliver()


def publish(town, version: EntryVersion) -> Entry:
    """Let a version pass; an entry that waits for its data does so in its case."""
    actions.submit_entry(actor=town["writer"], version=version.public_id)
    decide(town["second"], "confirm", "agree", version)
    due = version.content["sharing"] != "not_shared" and version.entry.mounted_at is None
    decide(town["keeper"], "review", "publish_mount" if due else "publish", version)
    return Entry.objects.get(pk=version.entry_id)
