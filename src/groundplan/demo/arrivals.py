"""What comes in during the simulated day: calls, web reports and patrols with their peaks, and a storm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np

from groundplan.base.registers.models import Component
from groundplan.demo import names, texts
from groundplan.demo.agents import ZONE, Agents, Truth
from groundplan.demo.plan import Plan, along_roads
from groundplan.kernel.parties.queries import ANONYMOUS
from groundplan.systems.incidents import actions as incidents

# Wednesday, 8 July 2026, a work day that the calendar covers.
MIDNIGHT = datetime(2026, 7, 8, tzinfo=ZONE).astimezone(UTC)
CALLS, WEB, PATROLS = 265, 55, 185
STORM_FROM, STORM_UNTIL, STORM = 14.6, 16.6, 80
# Share of each hour of the day.
CALLS_BY_HOUR = (1, 1, 1, 1, 1, 2, 5, 10, 17, 18, 15, 11, 7, 8, 11, 12, 11, 11, 14, 16, 13, 8, 4, 2)
PATROLS_BY_HOUR = (0, 0, 0, 0, 0, 1, 4, 16, 20, 18, 14, 8, 4, 10, 13, 12, 10, 9, 7, 4, 2, 0, 0, 0)


@dataclass(frozen=True)
class Arrival:
    """Something will come in at a moment by a door."""

    at: datetime
    door: str
    storm: bool = False


def arrivals(order: Random) -> list[Arrival]:
    """Everything that comes in during the day, in order of time."""
    made = [Arrival(_moment(CALLS_BY_HOUR, order), "phone") for _call in range(CALLS)]
    made += [Arrival(_moment(CALLS_BY_HOUR, order), "web") for _report in range(WEB)]
    made += [Arrival(_moment(PATROLS_BY_HOUR, order), "inspector") for _patrol in range(PATROLS)]
    for _report in range(STORM):
        # The storm breaks at once and fades.
        hour = STORM_FROM + (STORM_UNTIL - STORM_FROM) * order.betavariate(1.4, 2.6)
        door = order.choices(["phone", "inspector", "web"], [5, 4, 1])[0]
        made.append(Arrival(MIDNIGHT + timedelta(hours=hour), door, storm=True))
    return sorted(made, key=lambda arrival: arrival.at)


class Intake:
    """Turns arrivals into reports through the public intake.

    Args:
        plan: the land, for places.
        agents: who answers the telephone, who is on patrol, and who is told the truth.
        order: the source of chance.
        doors: where reports go: the public actions, or something of their shape.
    """

    def __init__(self, plan: Plan, agents: Agents, order: Random, doors: Any = incidents) -> None:
        self.plan, self.agents, self.order, self.doors = plan, agents, order, doors
        self.points = np.random.default_rng(order.randrange(2**31))
        self.people = names.people(order.randrange(2**31))
        self.components = list(
            Component.objects.order_by("id").values_list("identity", "category", "name", "community_code", "lon", "lat")
        )
        fragile = set(texts.source()["storm_components"])
        self.fragile = [row for row in self.components if row[1] in fragile]
        self.flooded: list[tuple[texts.Spot, str]] = []

    def take(self, arrival: Arrival) -> int:
        """Let somebody report; the case that was opened, or that was there already."""
        if arrival.door == "inspector":
            return self._patrol(arrival)
        return self._call(arrival)

    def _call(self, arrival: Arrival) -> int:
        again = self.flooded and arrival.storm and self.order.random() < 0.25  # noqa: PLR2004 - neighbours call too.
        spot, repeats = self.order.choice(self.flooded) if again else (self._spot(), "")
        call = texts.call(spot.words, self.order, storm=arrival.storm)
        phone = f"1390000{self.order.randrange(10000):04d}"
        receipt = self.doors.report_incident(
            actor=self.agents.crew.of("hotline-office", "operator") if arrival.door == "phone" else ANONYMOUS,
            channel=arrival.door,
            text=call.text,
            title=call.title,
            flow="hotline",
            type=call.type,
            urgency="urgent" if call.urgent else "normal",
            place=spot.words,
            point=spot.point,
            system="cgcs2000",
            reporter_name=next(self.people),
            reporter_phone=phone,
            visitor=phone,
        )
        hours = (0.4, 2.5) if call.urgent else (0.5, 4.0)
        self.agents.truths.setdefault(
            receipt.case.pk, Truth(matter=call.matter, type=call.type, hours=hours, repeats=repeats)
        )
        if arrival.storm and not again and call.matter == "积水内涝":
            self.flooded.append((spot, str(receipt.case.public_id)))
        return int(receipt.case.pk)

    def _patrol(self, arrival: Arrival) -> int:
        if self.order.random() < (0.6 if arrival.storm else 0.35):
            return self._component(arrival)
        spot = self._spot()
        found = texts.finding(spot.words, self.order, storm=arrival.storm)
        receipt = self.doors.report_incident(
            actor=self.agents.crew.of("supervision-centre", "inspector"),
            channel="inspector",
            text=found.text,
            flow="city-management",
            kind="matter",
            category=found.category,
            urgency="urgent" if arrival.storm else "normal",
            place=spot.words,
            place_class=self.order.choice(["first", "second", "third"]),
            point=spot.point,
            system="cgcs2000",
        )
        self.agents.truths.setdefault(receipt.case.pk, Truth(hours=found.hours))
        return int(receipt.case.pk)

    def _component(self, arrival: Arrival) -> int:
        identity, category, name, community, lon, lat = self.order.choice(
            self.fragile if arrival.storm else self.components
        )
        spot = texts.spot(self.plan, self.plan.by_code[community], (lon, lat), self.order)
        receipt = self.doors.report_incident(
            actor=self.agents.crew.of("supervision-centre", "inspector"),
            channel="inspector",
            text=texts.component_fault(category, name, spot.words, self.order),
            flow="city-management",
            kind="component",
            category=category,
            component=identity,
            urgency="urgent" if arrival.storm else "normal",
            place=spot.words,
        )
        self.agents.truths.setdefault(receipt.case.pk, Truth(hours=(0.8, 4.5)))
        return int(receipt.case.pk)

    def _spot(self) -> texts.Spot:
        community = self.order.choice(self.plan.communities)
        point = along_roads(community, 1, self.points)[0]
        return texts.spot(self.plan, community, (float(point[0]), float(point[1])), self.order)


def _moment(shares: tuple[int, ...], order: Random) -> datetime:
    hour = order.choices(range(24), shares)[0]
    return MIDNIGHT + timedelta(hours=hour, seconds=order.randrange(3600))
