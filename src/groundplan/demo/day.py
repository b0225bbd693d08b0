"""The simulated day: a discrete-event simulation whose every step is a public action of somebody on duty."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from groundplan.demo.agents import Agents, Plan
from groundplan.demo.arrivals import MIDNIGHT, Arrival, Intake, arrivals
from groundplan.demo.city import SEED
from groundplan.demo.crew import Crew
from groundplan.demo.plan import draw
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case
from groundplan.lib import clock
from groundplan.systems.incidents import actions as incidents

# What happened before this moment has happened when the sample city is first opened.
BEGINS = MIDNIGHT + timedelta(hours=9, minutes=30)
ENDS = MIDNIGHT + timedelta(hours=24)
LOOK_FOR_OVERDUE = timedelta(minutes=30)
REOPENED = 0.02
_numbers = count()

Deed = Arrival | Plan | str


@dataclass(order=True)
class Turn:
    """Something that is due at a moment; turns of one moment keep their order."""

    at: datetime
    number: int
    deed: Deed = field(compare=False)


@dataclass
class Day:
    """One day of the city.

    Args:
        intake: turns arrivals into cases.
        agents: everybody on duty.
        order: the source of chance.
    """

    intake: Intake
    agents: Agents
    order: Random
    turns: list[Turn] = field(default_factory=list)
    done: int = 0

    @classmethod
    def planned(cls, seed: int = SEED, *, doors: Any = None) -> Day:
        """The day as it begins: all arrivals are known, nobody has done anything.

        Args:
            seed: the same seed gives the same day.
            doors: what stands for the public actions of cases and incidents; the actions themselves by default.
        """
        order = Random(seed)  # noqa: S311 - a repeatable day, not a secret.
        with clock.standing_at(MIDNIGHT):
            agents = Agents(Crew.mustered(), order, doors or cases)
        day = cls(Intake(draw(SEED), agents, order, doors or incidents), agents, order)
        for arrival in arrivals(order):
            day.push(arrival.at, arrival)
        moment = MIDNIGHT + LOOK_FOR_OVERDUE
        while moment < ENDS:
            day.push(moment, "overdue")
            moment += LOOK_FOR_OVERDUE
        return day

    def push(self, at: datetime, deed: Deed) -> None:
        """Let something be due at a moment."""
        heapq.heappush(self.turns, Turn(at, next(_numbers), deed))

    def run(self, wait: Callable[[datetime], bool] = lambda _moment: True) -> None:
        """Live through the day.

        Args:
            wait: called with the moment of each turn before it; False ends the day.
        """
        while self.turns and self.turns[0].at < ENDS:
            turn = heapq.heappop(self.turns)
            if not wait(turn.at):
                return
            with clock.standing_at(turn.at):
                self.take(turn)
            self.done += 1

    def take(self, turn: Turn) -> None:
        """Do one thing, and plan what follows from it."""
        case: int | None = None
        match turn.deed:
            case Arrival():
                case = self.intake.take(turn.deed)
            case Plan():
                case = self.agents.act(turn.deed)
            case "overdue":
                cases.escalate_overdue()
            case str(reopened):
                case = self._reopen(int(reopened))
        if case is None:
            return
        for plan in self.agents.plans(case, turn.at):
            self.push(plan.at, plan)
        if isinstance(turn.deed, Plan) and self.order.random() < REOPENED:
            self._doubt(case, turn.at)

    def _doubt(self, case: int, now: datetime) -> None:
        """Some closed hotline cases come back: the reporter calls again."""
        if Case.objects.filter(pk=case, state="closed", flow="hotline", outcome="closed", reopened=0).exists():
            self.push(now + timedelta(minutes=self.order.uniform(20, 120)), str(case))

    def _reopen(self, case: int) -> int | None:
        found = Case.objects.filter(pk=case, state="closed").first()
        if found is None:
            return None
        actor = self.agents.crew.of("hotline-office", "operator")
        self.agents.doors.reopen_case(
            actor=actor, case=found.public_id, seen=found.version, reason="来电人再次反映，问题又出现，要求继续处理。"
        )
        return found.pk


def pace(stop: threading.Event) -> Callable[[datetime], bool]:
    """Wait for the city's clock: what is past is caught up with at once."""

    def wait(moment: datetime) -> bool:
        while not stop.is_set() and clock.now() < moment:
            # The clock may run fast: a simulated minute can be a real second.
            stop.wait(min(0.2, max(0.01, (moment - clock.now()).total_seconds() / 600)))
        return not stop.is_set()

    return wait
