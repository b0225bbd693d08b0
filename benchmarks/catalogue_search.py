"""Search over 40,000 real titles: ``catalogue.queries.search`` beside ILIKE on the same table.

Titles of real open-data portals are entries of one unit, indexed as published ones are. Queries are pieces of titles as
people type them, whole titles with one character wrong, and titles in pinyin. Both sides run in one process on one
connection, one query after the other in turn. Every result of ILIKE for a piece must be among ours, or ours must be
results of ILIKE where there are more than ten.
"""

from __future__ import annotations

import csv
import io
import os
import random
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

PEERS: tuple[str, ...] = ()
ENTRIES, QUICK = 40_000, 8_000
SEED, TOP = 20261123, 10
FILES = ("data_gov_tw_titles_2018.txt", "kaohsiung_titles_2018.csv", "tainan_titles_2018.csv",
         "yilan_titles_2018.csv", "taoyuan_catalogue_2018.csv")  # fmt: skip
ILIKE = """SELECT id, public_id, title FROM catalogue_entry WHERE state = 'published' AND name ILIKE %s
    ORDER BY changed_at DESC, id DESC LIMIT 20"""


def run(*, quick: bool = False) -> dict[str, Any]:
    """Fill a city of its own, ask, compare."""
    from groundplan.cli import context

    titles = real_titles(QUICK if quick else ENTRIES)
    with tempfile.TemporaryDirectory(prefix="groundplan-bench-") as folder:
        os.environ["GROUNDPLAN_STATE"] = folder
        context.setup_django()
        try:
            entered = time.perf_counter()
            fill(titles)
            return {**measured(titles, quick=quick), "index_seconds": round(time.perf_counter() - entered, 1)}
        finally:
            context.discard_state(Path(folder))


def real_titles(count: int) -> list[str]:
    """Different titles of the real data sets."""
    import zstandard

    found: dict[str, None] = {}
    folder = Path(os.environ.get("GROUNDPLAN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    for name in FILES:
        packed = (folder / "catalogues" / f"{name}.zst").read_bytes()
        text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode("utf-8", "replace")
        if name.endswith(".csv"):
            rows = csv.DictReader(io.StringIO(text))
            lines = [row.get("title") or row.get("資料名稱") or "" for row in rows]
        else:
            lines = text.splitlines()
        found.update(dict.fromkeys(line.strip()[:300] for line in lines if len(line.strip()) > 1))
    titles = list(found)
    random.Random(SEED).shuffle(titles)  # noqa: S311 - a sample, no secret.
    # A few thousand short of 40,000 once those that stand twice are gone: the rest are titles of two neighbours.
    while len(titles) < count:
        titles.append(f"{titles[len(titles) % 997]} {titles[len(titles) % 991 + 1]}"[:300])
    return titles[:count]


def fill(titles: list[str]) -> None:
    """Enter the titles as published entries and index them."""
    from django.db import connection, transaction

    from groundplan.base.catalogue.actions._wording import index_entries
    from groundplan.base.catalogue.logic.content import Content
    from groundplan.base.catalogue.models import Entry, Shelf
    from groundplan.kernel.parties import actions as parties
    from groundplan.kernel.parties.queries import SYSTEM

    unit = parties.create_party(
        actor=SYSTEM, kind="department", code="u", name={"zh-hans": "机关"}, valid_from=date(2020, 1, 1)
    )
    shelf, _made = Shelf.objects.get_or_create(
        key="bench", defaults={"kind": "theme", "label": {}, "valid_from": date(2020, 1, 1), "origin": "bench"}
    )
    for start in range(0, len(titles), 4000):
        rows = []
        for number, title in enumerate(titles[start : start + 4000], start=start):
            content = Content(title={"zh-hans": title}, shelf="bench", sharing="unconditional", cycle="irregular")
            rows.append(Entry(
                identifier=f"b{number}", provider=unit, shelf=shelf, title=dict(content.title), name=title,
                kind="dataset", sharing="unconditional", openness="open", cycle="irregular", state="published",
                number=1, content=content.model_dump(mode="json"),
            ))  # fmt: skip
        with transaction.atomic():
            index_entries(Entry.objects.bulk_create(rows))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE catalogue_posting, catalogue_word, catalogue_entry")


def measured(titles: list[str], *, quick: bool) -> dict[str, Any]:
    """Ask both in turn."""
    from django.db import connection

    from groundplan.base.catalogue.queries import search
    from groundplan.kernel.parties.queries import SYSTEM

    draw = random.Random(SEED + 1)  # noqa: S311 - a sample, no secret.
    pieces, wrong = pieces_of(titles, draw, 60), misspelt(titles, draw, 100)
    queries = [*pieces, *(query for query, _title in wrong)]
    search(SYSTEM, "预热 yure")
    ours: list[float] = []
    other: list[float] = []
    equal, found = True, 0
    answers = dict(wrong)
    with connection.cursor() as cursor:
        for round_ in range(2 if quick else 3):
            for query in queries:
                started = time.perf_counter()
                hits = search(SYSTEM, query, size=20).results
                ours.append(time.perf_counter() - started)
                started = time.perf_counter()
                cursor.execute(ILIKE, [f"%{query}%"])
                rows = cursor.fetchall()
                other.append(time.perf_counter() - started)
                if round_:
                    continue
                if query in answers:
                    found += any(hit.title["zh-hans"] == answers[query] for hit in hits[:TOP])
                else:
                    theirs, mine = {row[1] for row in rows}, {hit.id for hit in hits[:TOP]}
                    holds = all(query in hit.title["zh-hans"] for hit in hits[:TOP])
                    equal = equal and (theirs <= mine if len(theirs) <= TOP else holds)
    fast, slow = statistics.median(ours), statistics.median(other)
    return {
        "ratio": slow / fast, "ours": fast * 1000, "other": slow * 1000, "unit": "ms",
        "what": "median of a search", "peer": "ILIKE '%…%' on the same table, 20 rows, newest first",
        "settings": f"{len(titles)} real titles; {len(pieces)} pieces as written, {len(wrong)} misspelt or in pinyin",
        "runs": len(ours), "equal": equal, "recall_at_10": found / len(wrong),
        "p95_ms": sorted(ours)[int(len(ours) * 0.95)] * 1000,
    }  # fmt: skip


def pieces_of(titles: list[str], draw: random.Random, count: int) -> list[str]:
    """Pieces of titles, four to eight characters, without blanks or signs."""
    found: list[str] = []
    while len(found) < count:
        title = draw.choice(titles)
        length = draw.randint(4, 8)
        start = draw.randrange(max(1, len(title) - length))
        piece = title[start : start + length]
        if len(piece) >= 4 and all("\u4e00" <= letter <= "\u9fff" for letter in piece):  # noqa: PLR2004 - as told.
            found.append(piece)
    return found


def misspelt(titles: list[str], draw: random.Random, count: int) -> list[tuple[str, str]]:
    """Titles typed wrongly, a quarter each: a homophone, a character left out, pinyin with blanks, pinyin without."""
    from pypinyin import lazy_pinyin

    chinese = [each for each in titles if 6 <= len(each) <= 18  # noqa: PLR2004 - as people type them.
               and all("\u4e00" <= letter <= "\u9fff" for letter in each)]  # fmt: skip
    sounds: dict[str, list[str]] = {}
    for letter in sorted({letter for each in chinese for letter in each}):
        sounds.setdefault(lazy_pinyin(letter)[0], []).append(letter)
    found: dict[str, str] = {}
    for number, title in enumerate(draw.sample(chinese, count)):
        at = draw.randrange(1, len(title) - 1)
        same = [letter for letter in sounds[lazy_pinyin(title[at])[0]] if letter != title[at]]
        spoken = lazy_pinyin(title)
        found[
            [
                title[:at] + (draw.choice(same) if same else "") + title[at + 1 :],
                title[:at] + title[at + 1 :],
                " ".join(spoken),
                "".join(spoken),
            ][number % 4]
        ] = title
    return list(found.items())
