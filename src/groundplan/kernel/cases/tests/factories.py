"""A small city for tests of cases: a hotline office, two bureaus, a district with a street, and a flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from groundplan.kernel.cases import actions
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties.models import Party, Relation
from groundplan.kernel.parties.queries import SYSTEM, Actor, Scope
from groundplan.lib.identity import uuid7

# A Monday, 09:00 in Shanghai; no holiday near.
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

FLOW = """
flow: repair
label: {zh-hans: 报修, en: Repairs}
noun: {zh-hans: 工单, en: case}
number: "BX{date:%Y%m%d}-{seq:05d}"
total: 10 work_days
control: {party: office}
control_roles: [dispatcher]
observers: [{party: office}]
fields:
  kind:
    type: enumeration
    label: {zh-hans: 类别, en: Kind}
    values: {lamp: {zh-hans: 路灯, en: Lamp}, report: {zh-hans: 举报, en: Report}}
  lead: {type: party, label: {zh-hans: 主办, en: Lead}}
  helpers: {type: parties, label: {zh-hans: 协办, en: Assisting}}
  reply: {type: text, label: {zh-hans: 答复, en: Reply}, searchable: true}
  cost: {type: decimal, label: {zh-hans: 费用, en: Cost}}
  reporter_phone:
    type: string
    personal: true
    label: {zh-hans: 电话, en: Phone}
    hidden_from: [handler]
    hidden_when: {kind: '"report"'}
start: accept
reopen_to: accept
stages:
  accept:
    kind: task
    label: {zh-hans: 受理, en: Acceptance}
    owner: {party: office}
    role: dispatcher
    limit: 30 minutes
    allow: [suspend, merge, cancel]
    outcomes:
      dispatch: {label: {zh-hans: 派单, en: Dispatch}, to: handle, requires: [lead], optional: [kind, helpers]}
      answer: {label: {zh-hans: 答复, en: Answer}, to: closed, requires: [reply], when: {kind: 'not("report")'}}
  handle:
    kind: parallel
    label: {zh-hans: 承办, en: Handling}
    join: all
    to: check
    tasks:
      lead:
        label: {zh-hans: 主办, en: Lead}
        owner: {field: lead}
        role: handler
        sign: true
        sign_limit: 2 work_hours
        limit: 5 work_days
        allow: [return, transfer, redispatch, reassign, assist, extend, suspend, account]
        returns: {to: dispute, limit: 2 work_days}
        transfer: {limit: 4 work_hours, unanswered: back}
        redispatch: {levels: [3 work_days, 2 work_days], not_to: [community]}
        extensions: {most: 5 work_days, limit: 1 work_days}
        outcomes:
          handled: {label: {zh-hans: 办结, en: Handled}, requires: [reply], optional: [cost]}
      helper:
        label: {zh-hans: 协办, en: Assisting}
        for_each: helpers
        role: handler
        limit: 3 work_days
  dispute:
    kind: ruling
    label: {zh-hans: 派单异议审核, en: Ruling on a return}
    owner: {party: office}
    role: dispatcher
    limit: 1 work_days
    upheld: accept
  check:
    kind: task
    label: {zh-hans: 回访, en: Call-back}
    owner: {owner_of: accept}
    role: dispatcher
    limit: 1 work_days
    outcomes:
      fine: {label: {zh-hans: 满意, en: Satisfied}, to: closed}
      again: {label: {zh-hans: 重办, en: Again}, to: handle}
  closed: {kind: end, label: {zh-hans: 办结, en: Closed}, outcome: closed}
"""


@dataclass
class City:
    """Units and people."""

    parties: dict[str, Party] = field(default_factory=dict)
    people: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Actor:
        return self.people[name]


def make_city(flow: str = FLOW) -> City:
    """The city hall with an office and two bureaus, a district below it with a street and a community."""
    city = City()
    units = [
        ("hall", "city", None),
        ("office", "department", "hall"),
        ("lamps", "department", "hall"),
        ("parks", "department", "hall"),
        ("east", "district", "hall"),
        ("east-street", "street", "east"),
        ("east-community", "community", "east-street"),
        ("lamps-crew", "section", "lamps"),
        ("lamps-van", "section", "lamps-crew"),
    ]
    day = MONDAY.date().replace(year=2020)
    for code, kind, above in units:
        name = {"zh-hans": f"{code}单位", "en": code}
        city.parties[code] = Party.objects.create(kind=kind, code=code, name=name, valid_from=day)
        if above:
            Relation.objects.create(
                kind="belongs_to", from_party=city.parties[code], to_party=city.parties[above], valid_from=day
            )
    for name, unit, role in [
        ("dispatcher", "office", "dispatcher"),
        ("second", "office", "dispatcher"),
        ("handler", "lamps", "handler"),
        ("helper", "parks", "handler"),
        ("crew", "lamps-crew", "handler"),
        ("van", "lamps-van", "handler"),
        ("street", "east-street", "handler"),
        ("leader", "lamps", "leader"),
        ("mayor", "hall", "leader"),
        ("outsider", "east", "handler"),
    ]:
        city.people[name] = Actor(str(uuid7()), 1, name, (Scope(role, city.parties[unit].pk),))
    city.people["resident"] = Actor(str(uuid7()), 2, "resident")
    actions.import_flow(actor=SYSTEM, text=flow)
    return city


def open_repair(city: City, **more: object) -> Case:
    """A case that has just come in."""
    given = {"title": "人民路路灯不亮", "data": {"kind": "lamp"}, "channel": "phone", **more}
    return actions.open_case(actor=city["dispatcher"], flow="repair", **given)  # type: ignore[arg-type]


def task_of(case: Case, *, unit: str = "", kind: str = "", key: str = "") -> Task:
    """The active task of a case, narrowed to a unit, kind or key."""
    rows = Task.objects.filter(case=case, state__in=("offered", "open", "waiting")).select_related("party")
    for name, value in (("party__code", unit), ("kind", kind), ("key", key)):
        if value:
            rows = rows.filter(**{name: value})
    return rows.get()


def act(action, actor: Actor, task: Task, **more: object):
    """Press a button with what was seen."""
    task.refresh_from_db()
    return action(actor=actor, task=task.public_id, seen=task.version, **more)


def dispatched(city: City, **data: object) -> tuple[Case, Task]:
    """A case that the lamp bureau has signed for."""
    case = open_repair(city)
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "lamps", **data})
    lead = task_of(case, key="lead")
    act(actions.sign_task, city["handler"], lead)
    lead.refresh_from_db()
    case.refresh_from_db()
    return case, lead
