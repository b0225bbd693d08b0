"""Search over what an actor sees: words in Chinese and English, narrowed by facets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet

from groundplan.base.catalogue.logic.words import query_words
from groundplan.base.catalogue.models import Entry
from groundplan.base.catalogue.queries.entries import entries_for, is_staff, terms
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, sql

COUNTED = 1000
LARGEST, LONGEST, RERANKED = 100, 200, 40
# Postings read of one word, of all words, words read; a catalogue in which a word is rare.
MOST, BUDGET, MOST_WORDS, MANY = 1500, 2000, 8, 50_000
KEPT = timedelta(minutes=1)
FUZZY = frozenset("~^_")
BEST = sql.named("groundplan.base.catalogue", "best")
_kept: list[tuple[datetime, dict[str, list[str]]]] = []


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
    """Search the published entries that an actor sees: as written, misspelt, in pinyin, by synonyms.

    Args:
        actor: who asks.
        text: what was typed; empty finds the newest.
        filters: what it is narrowed to.
        size: how many results, at most 100.
    """
    narrowed, size = filters or Filters(), max(1, min(size, LARGEST))
    typed = text.replace("\x00", "")[:LONGEST]
    asked = query_words(typed, _synonyms())
    if not asked:
        rows = narrowed.narrow(entries_for(actor).filter(state="published"))
        newest = rows.order_by("-changed_at", "-id").values_list("public_id", "identifier", "title")[:size]
        return Found(tuple(Hit(*row, score=0.0) for row in newest), rows[:COUNTED].count())
    # Every posting is of a published entry, which the city's officers all see.
    plainly = narrowed == Filters() and is_staff(actor)
    best, total = _best(asked, max(size, RERANKED) if plainly else COUNTED)
    hits = [hit for _pk, hit in best] if plainly else _visible(actor, narrowed, best)
    ranked = sorted((_ranked(typed, hit) for hit in hits), key=lambda hit: -hit.score)
    return Found(tuple(ranked[:size]), total if plainly else len(ranked))


def _best(asked: Mapping[str, float], size: int) -> tuple[list[tuple[int, Hit]], int]:
    """The best entries for some words, and about how many there are."""
    plain = [text[0] not in FUZZY and times == 1.0 for text, times in asked.items()]
    values: dict[str, Any] = {
        "texts": list(asked), "times": list(asked.values()), "plain": plain, "wanted": sum(plain), "most": MOST,
        "budget": BUDGET, "words": MOST_WORDS, "many": MANY, "size": size,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(BEST, values)
        rows = cursor.fetchall()
    alone = rows[0][6] if rows and sum(plain) == 1 else None
    found = [(row[0], Hit(row[1], row[2], json.loads(row[3]), row[4])) for row in rows]
    return found, max(alone or 0, rows[0][5]) if rows else 0


def _visible(actor: Actor, filters: Filters, best: Sequence[tuple[int, Hit]]) -> list[Hit]:
    rows = filters.narrow(entries_for(actor).filter(state="published", pk__in=[pk for pk, _hit in best]))
    seen = set(rows.values_list("pk", flat=True))
    return [hit for pk, hit in best if pk in seen]


def _ranked(typed: str, hit: Hit) -> Hit:
    """A result that says the very words, or nothing but them, stands higher."""
    asked = "".join(typed.lower().split())
    titles = ["".join(text.lower().split()) for text in hit.title.values()]
    times = 3.0 if asked in titles else 1.5 if any(asked in text for text in titles) else 1.0
    return replace(hit, score=round(hit.score * times / 1000, 4))


def _synonyms() -> dict[str, list[str]]:
    """Word -> other words for it, read again after a minute."""
    now = clock.now()
    if not _kept or not _kept[0][0] <= now < _kept[0][0] + KEPT:
        groups = [list(words) for words, _meaning in terms("synonym")]
        _kept[:] = [(now, {word: [other for other in group if other != word] for group in groups for word in group})]
    return _kept[0][1]


def forget_synonyms() -> None:
    """Read the synonyms anew with the next search of this process."""
    _kept.clear()


def facets(actor: Actor) -> dict[str, dict[str, int]]:
    """How many published entries that an actor sees stand on each shelf and in each class."""
    rows = entries_for(actor).filter(state="published")
    names = {"shelf": "shelf__key", "provider": "provider__code", "sharing": "sharing", "kind": "kind"}
    return {
        name: dict(rows.order_by().values_list(column).annotate(count=Count("id")).order_by("-count")[:50])
        for name, column in names.items()
    }
