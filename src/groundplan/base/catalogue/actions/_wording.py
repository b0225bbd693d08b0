"""Keeps the index of words: an entry is found under its words while it is published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from groundplan.base.catalogue.logic.words import index_words
from groundplan.base.catalogue.models import Entry
from groundplan.lib import sql

SUMMARISED = 400


def words_of(entry: Entry) -> dict[str, int]:
    """The words of an entry with their weight."""
    content = entry.content
    items = [name for each in content["elements"][:200] for name in (each["name"], each["label"]) if name]
    named = [*items, *content["keywords"], *entry.provider.name.values(), entry.identifier]
    summary = [text[:SUMMARISED] for text in content["summary"].values()]
    return index_words([text for text in content["title"].values() if text], named, summary)


def index_entries(entries: Sequence[Entry]) -> None:
    """Index entries anew; those that are not published are found no more.

    Two at once wait for each other: the counts of words are exact.
    """
    if not entries:
        return
    made = {entry.pk: words_of(entry) for entry in entries if entry.state == "published"}
    texts = sorted({word for words in made.values() for word in words})
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, "catalogue.words")
        _forget(cursor, [entry.pk for entry in entries])
        cursor.execute(
            "INSERT INTO catalogue_word (text, entries) SELECT t, 0 FROM unnest(%s::text[]) AS t"
            " ON CONFLICT DO NOTHING",
            [texts],
        )
        cursor.execute("SELECT text, id FROM catalogue_word WHERE text = ANY(%s)", [texts])
        known = dict(cursor.fetchall())
        sql.copy_rows(
            cursor, "catalogue_posting", ("word_id", "weight", "entry_id"), ("int8", "int2", "int8"),
            ([known[word], weight, entry] for entry, words in made.items() for word, weight in words.items()),
        )  # fmt: skip
        cursor.execute(
            "UPDATE catalogue_word w SET entries = w.entries + n.count FROM (SELECT word_id, count(*) FROM"
            " catalogue_posting WHERE entry_id = ANY(%s) GROUP BY word_id) AS n WHERE w.id = n.word_id",
            [list(made)],
        )


def _forget(cursor: Any, ids: list[int]) -> None:
    cursor.execute(
        "WITH gone AS (DELETE FROM catalogue_posting WHERE entry_id = ANY(%s) RETURNING word_id), counted AS"
        " (SELECT word_id, count(*) FROM gone GROUP BY word_id)"
        " UPDATE catalogue_word w SET entries = w.entries - counted.count FROM counted WHERE w.id = counted.word_id",
        [ids],
    )
