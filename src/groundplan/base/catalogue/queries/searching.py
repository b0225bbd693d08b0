"""Search over what an actor sees: words in Chinese and English, narrowed by facets."""

from __future__ import annotations

from dataclasses import dataclass, fields
from uuid import UUID

from django.contrib.postgres.search import SearchRank
from django.db.models import Count, F, QuerySet

from groundplan.base.catalogue.models import Entry
from groundplan.base.catalogue.queries.entries import entries_for
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import search as words

COUNTED = 1000
LARGEST = 100


@dataclass(frozen=True)
class Filters:
    """What a search is narrowed to; empty values narrow nothing.

    Args:
        shelf: key of a shelf.
        provider: code of a unit.
        sharing, openness, kind, cycle: values of the entry.
        mounted: ``yes`` or ``no``.
    """

    shelf: str = ""
    provider: str = ""
    sharing: str = ""
    openness: str = ""
    kind: str = ""
    cycle: str = ""
    mounted: str = ""

    def narrow(self, rows: QuerySet[Entry]) -> QuerySet[Entry]:
        """The rows that fit."""
        names = {"shelf": "shelf__key", "provider": "provider__code"}
        for field in fields(self):
            value = getattr(self, field.name).replace("\x00", "")
            if value and field.name != "mounted":
                rows = rows.filter(**{names.get(field.name, field.name): value})
        return rows.filter(mounted_at__isnull=self.mounted == "no") if self.mounted in {"yes", "no"} else rows


@dataclass(frozen=True)
class Hit:
    """One result of a search."""

    id: UUID
    identifier: str
    title: dict[str, str]
    score: float


@dataclass(frozen=True)
class Found:
    """What a search found: the best first, and about how many there are."""

    results: tuple[Hit, ...]
    total_estimate: int


def search(actor: Actor, text: str, *, filters: Filters | None = None, size: int = 20) -> Found:
    """Search the published entries that an actor sees.

    Args:
        actor: who asks.
        text: what was typed; empty finds the newest.
        filters: what it is narrowed to.
        size: how many results, at most 100.
    """
    rows = (filters or Filters()).narrow(entries_for(actor).filter(state="published"))
    query = words.query_text(text[:200])
    size = max(1, min(size, LARGEST))
    if not query:
        newest = rows.order_by("-changed_at", "-id").values_list("public_id", "identifier", "title")[:size]
        return Found(tuple(Hit(*row, score=0.0) for row in newest), rows[:COUNTED].count())
    found = rows.filter(search=words.matching(query)).annotate(score=SearchRank(F("search"), words.matching(query)))
    best = found.order_by("-score", "-id").values_list("public_id", "identifier", "title", "score")[:size]
    return Found(tuple(Hit(*row) for row in best), found[:COUNTED].count())


def facets(actor: Actor) -> dict[str, dict[str, int]]:
    """How many published entries that an actor sees stand on each shelf and in each class."""
    rows = entries_for(actor).filter(state="published")
    names = {"shelf": "shelf__key", "provider": "provider__code", "sharing": "sharing", "kind": "kind"}
    return {
        name: dict(rows.order_by().values_list(column).annotate(count=Count("id")).order_by("-count")[:50])
        for name, column in names.items()
    }
