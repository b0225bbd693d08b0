"""Reads of attached systems, within the units that the reader answers for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from groundplan.commons.attached import registry
from groundplan.commons.attached.errors import SystemNotFound
from groundplan.commons.attached.logic import OUR_STATES, plain_mask
from groundplan.commons.attached.models import Check, Code, Item, Order, System
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import NotAllowed

UNSETTLED = Q(state="dead") | Q(differs=True)
MOST_SYSTEMS = 200
# What each number of a day counts; the same condition opens its list.
ITEM_COUNTS = {
    "received": Q(),
    "taken": Q(state="taken"),
    "waiting": Q(state="waiting"),
    "refused": Q(state="refused"),
}
ORDER_COUNTS = {
    "ordered": Q(),
    "sent": Q(sent_at__isnull=False),
    "acknowledged": Q(state__in=["acknowledged", "finished"]),
    "unsent": Q(state="waiting"),
    "failed": Q(state="dead"),
    "differing": Q(differs=True),
}


def systems_for(actor: Actor) -> QuerySet[System]:
    """The systems of the units that the actor answers for; ended ones too."""
    rows = System.objects.select_related("unit").order_by("id")
    return rows if actor.is_system else rows.filter(unit__in=actor.party_ids(*registry.VIEWERS))


def system_for(actor: Actor, public_id: UUID) -> System:
    """One system.

    Raises:
        SystemNotFound: none that the actor may see.
    """
    found = systems_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise SystemNotFound
    return found


def kept_system(actor: Actor, public_id: UUID) -> System:
    """One system that the actor may configure.

    Raises:
        SystemNotFound: none that the actor may see.
        NotAllowed: the actor sees it only.
    """
    found = system_for(actor, public_id)
    if not keeps(actor, found):
        raise NotAllowed(accepted=registry.KEEPER)
    return found


def keeps(actor: Actor, system: System) -> bool:
    """Whether the actor configures a system."""
    return actor.covers(system.unit_id, registry.KEEPER)


def items(system: System, what: str = "", day: date | None = None, kind: str = "event") -> QuerySet[Item]:
    """Messages of theirs: of a kind, one of the numbers of a day, or all."""
    rows = Item.objects.filter(system=system).filter(ITEM_COUNTS.get(what, Q())).select_related("case")
    rows = rows.filter(kind=kind) if kind else rows
    return rows.filter(_on("received_at", day)) if day else rows


def orders(system: System, what: str = "", day: date | None = None) -> QuerySet[Order]:
    """Our orders: one of the numbers of a day, or all."""
    rows = Order.objects.filter(system=system).filter(ORDER_COUNTS.get(what, Q()))
    rows = rows.select_related("task__case", "task__party")
    return rows.filter(_on("created_at", day)) if day else rows


def item_for(actor: Actor, public_id: UUID) -> Item:
    """One message.

    Raises:
        SystemNotFound: none that the actor may see.
    """
    found = Item.objects.select_related("system").filter(public_id=public_id, system__in=systems_for(actor)).first()
    if found is None:
        raise SystemNotFound
    return found


def order_for(actor: Actor, public_id: UUID) -> Order:
    """One order.

    Raises:
        SystemNotFound: none that the actor may see.
    """
    found = Order.objects.select_related("system").filter(public_id=public_id, system__in=systems_for(actor)).first()
    if found is None:
        raise SystemNotFound
    return found


def raw(item: Item) -> str:
    """What they sent, without what names a person."""
    content: dict[str, Any] = json.loads(crypto.decrypt(bytes(item.sealed)))
    for name in ("reporter_name", "reporter_phone"):
        if content.get(name):
            content[name] = "***"
    taker = registry.takers.get(item.system.flow)
    mask = taker.mask if taker else plain_mask
    shown = {key: mask(value) if key in {"text", "place", "raw"} else value for key, value in content.items() if value}
    return json.dumps(shown, ensure_ascii=False, indent=1)[:4000]


def codes(system: System, kind: str = "") -> QuerySet[Code]:
    """What codes of theirs mean."""
    rows = Code.objects.filter(system=system).order_by("kind", "theirs", "id")
    return rows.filter(kind=kind) if kind else rows


def unmapped(system: System) -> list[tuple[str, str, int]]:
    """Codes of theirs that nobody has mapped, and how many messages wait for each."""
    counted: dict[tuple[str, str], int] = {}
    for missing in Item.objects.filter(system=system, state="waiting").values_list("missing", flat=True)[:5000]:
        for kind, theirs in missing:
            if kind != "order":
                counted[kind, theirs] = counted.get((kind, theirs), 0) + 1
    return sorted((kind, theirs, count) for (kind, theirs), count in counted.items())


def meanings(system: System, kind: str) -> Mapping[str, str]:
    """What a code of theirs may mean here: code and Chinese label."""
    if kind == "state":
        return {key: label["zh-hans"] for key, label in OUR_STATES.items()}
    if kind == "category":
        taker = registry.takers.get(system.flow)
        return taker.categories() if taker else {}
    today = clock.now().date()
    rows = Party.objects.filter(Q(valid_until=None) | Q(valid_until__gt=today)).exclude(kind__in=("person", "firm"))
    return {code: name.get("zh-hans", code) for code, name in rows.order_by("code").values_list("code", "name")}


@dataclass(frozen=True)
class DayCount:
    """One system and one day: what came, what went, and what their own list says."""

    day: date
    theirs: int | None
    counts: Mapping[str, int]

    @property
    def whole(self) -> bool:
        """Whether all of theirs are accounted for."""
        sum_ = self.counts["taken"] + self.counts["waiting"] + self.counts["refused"]
        return sum_ == self.counts["received"] and (self.theirs is None or self.theirs <= self.counts["received"])


def reconciliation(system: System, *, days: int = 14, until: date | None = None) -> list[DayCount]:
    """The last days of a system, newest first; each day is counted by two statements over a range of an index."""
    last = until or timezone.localtime(clock.now()).date()
    listed = [last - timedelta(days=each) for each in range(days)]
    came = _counted(Item.objects.filter(system=system, kind="event"), "received_at", ITEM_COUNTS, listed)
    went = _counted(Order.objects.filter(system=system), "created_at", ORDER_COUNTS, listed)
    checks = {row.day: row.theirs for row in Check.objects.filter(system=system, day__in=listed).order_by("id")}
    return [DayCount(day, checks.get(day), {**came[day], **went[day]}) for day in listed]


def latest_check(system: System) -> Check | None:
    """The last comparison with their list."""
    return Check.objects.filter(system=system).order_by("-id").first()


def _counted(rows: QuerySet[Any], column: str, counts: Mapping[str, Q], days: list[date]) -> dict[date, dict[str, int]]:
    begin, end = _bounds(days[-1])[0], _bounds(days[0])[1]
    numbers = {f"n_{key}": Count("pk", filter=wanted) if wanted else Count("pk") for key, wanted in counts.items()}
    inside = rows.filter(**{f"{column}__gte": begin, f"{column}__lt": end})
    found = inside.annotate(day=_day(column)).values("day").annotate(**numbers)
    made = {day: dict.fromkeys(counts, 0) for day in days}
    for row in found:
        made[row["day"]] = {key: row[f"n_{key}"] for key in counts}
    return made


def _day(column: str) -> Any:
    return TruncDate(F(column), tzinfo=timezone.get_default_timezone())


def _bounds(day: date) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    return datetime.combine(day, time(0), zone), datetime.combine(day + timedelta(days=1), time(0), zone)


def _on(column: str, day: date) -> Q:
    begin, end = _bounds(day)
    return Q(**{f"{column}__gte": begin, f"{column}__lt": end})
