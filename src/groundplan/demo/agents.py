"""What the people of the simulated day do with a task: a plan (when, what) and the public action that follows.

They make mistakes on purpose: wrong dispatches that are returned, slow units, poor work that is done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from groundplan.demo import texts
from groundplan.demo.crew import Crew
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import queries as rules
from groundplan.lib.errors import Conflict, GroundplanError

ZONE = ZoneInfo("Asia/Shanghai")
OPENS, CLOSES = 8, 18
# Offices that work around the clock.
ROUND_THE_CLOCK = frozenset({"hotline-office", "supervision-centre", "command-centre"})
# Minutes, from and to, until somebody gets to a task of a stage.
DELAYS: dict[str, tuple[float, float]] = {
    "accept": (1, 9),
    "assign": (4, 35),
    "dispute": (15, 90),
    "callback": (10, 75),
    "collect": (12, 55),
    "register": (2, 12),
    "dispatch": (2, 14),
    "feedback": (4, 40),
    "verify": (12, 55),
    "evaluate": (5, 40),
}


@dataclass
class Truth:
    """What a report truly is about, known to the simulation only."""

    matter: str = ""
    type: str = ""
    hours: tuple[float, float] = (0.5, 5.0)
    misled: bool = False
    moved: bool = False
    repeats: str = ""
    doubted: int = 0


@dataclass(frozen=True)
class Plan:
    """Somebody will do something to a task at a moment."""

    at: datetime
    task: int
    state: str
    does: str


@dataclass
class Agents:
    """All people together.

    Args:
        crew: who is on duty.
        order: the source of chance.
        doors: where writes go: the public actions, or something of their shape that takes another way to them.
    """

    crew: Crew
    order: Random
    doors: Any = cases
    truths: dict[int, Truth] = field(default_factory=dict)
    planned: set[tuple[int, int]] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    strange: Counter[str] = field(default_factory=Counter)

    def plans(self, case: int, now: datetime) -> list[Plan]:
        """What will be done to the tasks of a case that nobody has planned for yet."""
        made = []
        for task in Task.objects.filter(case_id=case, state__in=("offered", "open")).select_related("party", "case"):
            if (task.pk, task.version) not in self.planned:
                self.planned.add((task.pk, task.version))
                delay, does = self._intention(task)
                at = self._on_duty(now + timedelta(minutes=delay), task)
                made.append(Plan(at, task.pk, task.state, does))
        return made

    def act(self, plan: Plan) -> int | None:
        """Do what was planned, unless somebody else has done it.

        Returns:
            The case that was touched; None when there was nothing to do.
        """
        task = Task.objects.select_related("party", "case").filter(pk=plan.task, state=plan.state).first()
        if task is None or task.case.state != "open":
            return None
        actor = self.crew.actor(task.party_id, task.role)
        if actor is None:
            self.refused["nobody-on-duty"] += 1
            return None
        deed: Callable[[Task, Actor], Any] = getattr(self, f"_{plan.does}")
        try:
            deed(task, actor)
        except Conflict as error:
            # Somebody was faster, or the time to object has passed: the officer goes on with the work itself.
            self.refused[error.code] += 1
            self._fall_back(task, actor, plan)
        except GroundplanError as error:
            # Nobody on duty asks for what the program refuses: the check fails and names it.
            self.strange[f"{task.case.flow}.{task.stage}.{plan.does}: {error.code}"] += 1
        return int(task.case_id)

    def truth(self, case: int) -> Truth:
        """What a case truly is about."""
        return self.truths.setdefault(case, Truth())

    def _intention(self, task: Task) -> tuple[float, str]:
        chance, truth = self.order.random(), self.truth(task.case_id)
        special = {"offer": (30.0, "answer_offer"), "ruling": (40.0, "rule"), "extension": (45.0, "decide_extension")}
        if task.kind in special:
            delay, does = special[task.kind]
            return delay * (0.5 + chance), does
        if task.state == "offered":
            return (self.order.uniform(200, 420) if chance < 0.06 else self.order.uniform(3, 45)), "sign"  # noqa: PLR2004
        if "assist" in {task.kind, task.key}:
            return self.order.uniform(30, 150), "finish"
        if task.stage in {"handle", "territory"}:
            return self._handling(task, truth, chance)
        low, high = DELAYS.get(task.stage, (10, 60))
        return self.order.uniform(low, high), task.stage

    def _handling(self, task: Task, truth: Truth, chance: float) -> tuple[float, str]:
        soon = self.order.uniform(5, 25)
        if truth.misled and task.kind == "work":
            return soon, "send_back"
        if not truth.moved and task.kind == "work":
            if chance < 0.06:  # noqa: PLR2004 - one unit in seventeen asks a sister unit.
                return soon, "hand_over"
            if chance < 0.30 and self.crew.below(task.party_id):  # noqa: PLR2004 - a quarter goes down a level.
                return soon, "send_down"
            if chance < 0.33:  # noqa: PLR2004 - a few ask for more time.
                return soon, "ask_for_time"
        low, high = truth.hours
        slow = 4.0 if self.order.random() < 0.09 else 1.0  # noqa: PLR2004 - one in eleven is slow.
        return self.order.uniform(low, high) * 60.0 * slow, "finish"

    def _on_duty(self, moment: datetime, task: Task) -> datetime:
        if task.party.code in ROUND_THE_CLOCK or task.case.data.get("urgency") == "urgent":
            return moment
        local = moment.astimezone(ZONE)
        if local.hour >= CLOSES:
            local = (local + timedelta(days=1)).replace(hour=OPENS, minute=self.order.randrange(2, 50))
        elif local.hour < OPENS:
            local = local.replace(hour=OPENS, minute=self.order.randrange(2, 50))
        return local.astimezone(moment.tzinfo)

    def _fall_back(self, task: Task, actor: Actor, plan: Plan) -> None:
        fresh = Task.objects.select_related("party", "case").filter(pk=task.pk, state="open").first()
        if fresh is not None and plan.does in {"send_back", "hand_over", "send_down", "ask_for_time"}:
            self.truth(task.case_id).moved = True
            self.truth(task.case_id).misled = False
            self._finish(fresh, actor)

    def _complete(self, task: Task, actor: Actor, outcome: str, **data: Any) -> None:
        self.doors.complete_task(actor=actor, task=task.public_id, seen=task.version, outcome=outcome, data=data)

    def _sign(self, task: Task, actor: Actor) -> None:
        self.doors.sign_task(actor=actor, task=task.public_id, seen=task.version)

    def _answer_offer(self, task: Task, actor: Actor) -> None:
        if self.order.random() < 0.8:  # noqa: PLR2004 - most hand-overs were talked about before.
            self.doors.accept_transfer(actor=actor, task=task.public_id, seen=task.version)
        else:
            reason = texts.one_of("returns", self.order)
            self.doors.refuse_transfer(actor=actor, task=task.public_id, seen=task.version, reason=reason)

    def _rule(self, task: Task, actor: Actor) -> None:
        truth = self.truth(task.case_id)
        uphold, truth.misled = truth.misled, False
        note = "经审核，退单理由成立，改派承办单位。" if uphold else "经审核，属原承办单位职责，请继续办理。"
        self.doors.rule_return(actor=actor, task=task.public_id, seen=task.version, uphold=uphold, note=note)

    def _decide_extension(self, task: Task, actor: Actor) -> None:
        grant = self.order.random() < 0.7  # noqa: PLR2004 - most extensions are granted.
        self.doors.decide_extension(actor=actor, task=task.public_id, seen=task.version, grant=grant, note="已审核。")

    def _send_back(self, task: Task, actor: Actor) -> None:
        reason = texts.one_of("returns", self.order)
        self.doors.return_task(actor=actor, task=task.public_id, seen=task.version, reason=reason)

    def _hand_over(self, task: Task, actor: Actor) -> None:
        self.truth(task.case_id).moved = True
        kind = task.party.kind
        sisters = [
            code
            for code, unit in self.crew.units.items()
            if unit.kind == kind and code != task.party.code and (unit.pk, "handler") in self.crew.actors
        ]
        if not sisters:
            self._finish(task, actor)
            return
        self.doors.transfer_task(
            actor=actor,
            task=task.public_id,
            seen=task.version,
            to_party=self.order.choice(sisters),
            reason="点位位于两单位管理交界处，经电话协商由贵单位办理更为便捷。",
        )

    def _send_down(self, task: Task, actor: Actor) -> None:
        self.truth(task.case_id).moved = True
        below = self.order.choice(self.crew.below(task.party_id))
        self.doors.redispatch_task(
            actor=actor, task=task.public_id, seen=task.version, to_party=below, note="请现场处置并反馈结果。"
        )

    def _ask_for_time(self, task: Task, actor: Actor) -> None:
        self.truth(task.case_id).moved = True
        self.doors.request_extension(
            actor=actor, task=task.public_id, seen=task.version, span="1 work_days", reason="需采购配件并协调封道施工。"
        )

    def _finish(self, task: Task, actor: Actor) -> None:
        if task.kind in {"child", "assist"} or task.key == "assist":
            self._complete(task, actor, "done")
            return
        unit = task.party.short_name.get("zh-hans") or task.party.name["zh-hans"]
        reply = texts.one_of("replies", self.order, unit=unit)
        key = "reply" if task.case.flow == "hotline" else "result"
        self._complete(task, actor, "handled", **{key: reply})

    def _accept(self, task: Task, actor: Actor) -> None:
        case, truth = task.case, self.truth(task.case_id)
        if truth.repeats and self._merge(case, truth, actor):
            return
        kind = truth.type or "complaint"
        if kind in {"consult", "praise"} and self.order.random() < 0.85:  # noqa: PLR2004 - the rest needs an office.
            self._complete(task, actor, "answered", type=kind, reply=texts.one_of("answers", self.order))
            return
        matter = truth.matter or str(case.data.get("matter") or "社区服务")
        if self.order.random() < 0.07:  # noqa: PLR2004 - one operator in fourteen hears something else.
            entries = [entry["matter"] for entry in texts.source()["hotline"] if entry["matter"] != matter]
            matter, truth.misled = self.order.choice(entries), True
        self._complete(task, actor, "dispatch", type=kind, matter=matter)

    def _merge(self, case: Case, truth: Truth, actor: Actor) -> bool:
        into = Case.objects.filter(public_id=truth.repeats, state="open", flow=case.flow).first()
        if into is None:
            return False
        self.doors.merge_cases(
            actor=actor,
            into=into.public_id,
            cases=[case.public_id],
            seen=into.version,
            reason="同一地点同一问题重复反映。",
        )
        return True

    def _assign(self, task: Task, actor: Actor) -> None:
        self._complete(task, actor, "dispatch", lead_party=self._right_unit(task.case))

    def _right_unit(self, case: Case) -> str:
        matter = self.truth(case.pk).matter or str(case.data.get("matter") or "")
        territory = str(case.data.get("territory_party") or "urban-management")
        decided = rules.evaluate("dispatch-directory", {"matter": matter}) if matter else None
        lead = str(decided.outputs.get("lead") or "") if decided else ""
        return lead if lead in self.crew.units else territory

    def _callback(self, task: Task, actor: Actor) -> None:
        chance, truth = self.order.random(), self.truth(task.case_id)
        if chance < 0.07:  # noqa: PLR2004 - some do not pick up.
            self._complete(task, actor, "unreachable")
        elif chance < 0.15 and truth.doubted == 0:  # noqa: PLR2004 - some say that nothing has changed.
            truth.doubted += 1
            reason = texts.one_of("unsolved", self.order)
            self._complete(task, actor, "unsolved", satisfied="no", unsolved_reason=reason)
        else:
            satisfied = self.order.choices(["yes", "basic", "no"], [8, 3, 1])[0]
            self._complete(task, actor, "solved", solved="yes", satisfied=satisfied)

    def _collect(self, task: Task, actor: Actor) -> None:
        if self.order.random() < 0.1:  # noqa: PLR2004 - one report in ten is not found.
            self._complete(task, actor, "not_found", finding="现场未发现反映的问题。")
        else:
            self._complete(task, actor, "found", finding="现场核实属实，已拍照。")

    def _register(self, task: Task, actor: Actor) -> None:
        data = task.case.data
        if self.order.random() < 0.03:  # noqa: PLR2004 - few are outside the scope.
            self._complete(task, actor, "reject", reply="不属于城市管理立案范围。")
            return
        known = {"kind": data.get("kind") or "matter", "category": data.get("category") or "06012"}
        self._complete(task, actor, "file", **known)

    def _dispatch(self, task: Task, actor: Actor) -> None:
        truth, lead = self.truth(task.case_id), str(task.case.data.get("lead_party") or "urban-management")
        if truth.doubted == 0 and self.order.random() < 0.06:  # noqa: PLR2004 - one in seventeen goes to the wrong unit.
            truth.doubted, truth.misled = 1, True
            lead = self.order.choice(["transport", "gardens", "water", "urban-management", "housing", "ecology"])
            truth.misled = lead != task.case.data.get("lead_party")
        if (self.crew.units[lead].pk, "handler") not in self.crew.actors:
            lead = "urban-management"
        self._complete(task, actor, "dispatch", lead_party=lead)

    def _feedback(self, task: Task, actor: Actor) -> None:
        self._complete(task, actor, "confirm")

    def _verify(self, task: Task, actor: Actor) -> None:
        if self.order.random() < 0.07:  # noqa: PLR2004 - poor work is done again.
            self._complete(task, actor, "fail", finding="现场核查发现处置不到位，仍有残留。")
        else:
            self._complete(task, actor, "pass", finding="现场核查，已处置到位。")

    def _evaluate(self, task: Task, actor: Actor) -> None:
        grade = self.order.choices(["good", "fair", "poor"], [6, 3, 1])[0]
        self._complete(task, actor, "close", grade=grade)
