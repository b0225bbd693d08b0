"""Pages of lists of cases in a city of 1,000,000 cases beside one of 10,000, and searches in its Chinese titles.

Each city is a database of its own, in one process each that answers in turn through ``cases.queries``: the head of a
department with twenty sections, whose cases were handled by other sections before, asks for the first and the last page
of 100, with and without a state. The first pages are compared with a plain query without any index of ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import _queues

PEERS: tuple[str, ...] = ()
SIZE = 100
STATES = {"todo": ("", "active", "suspended"), "done": ("", "closed", "open"),
          "all": ("", "active", "open", "suspended", "closed")}  # fmt: skip
LISTS = [f"{kind} {state or 'any'} {end}" for kind, states in STATES.items() for state in states
         for end in ("first", "last")]  # fmt: skip
# The same pages by the plainest query: every case, its units looked up one by one, sorted in full.
PLAIN = {
    "todo": """
        SELECT task.sort_at, task.id FROM cases_task AS task JOIN cases_case AS about ON about.id = task.case_id
        WHERE task.state IN ('offered', 'open') AND task.role = 'handler' AND task.party_id = ANY(%(parties)s)
            AND (about.state = ANY(%(states)s) OR %(states)s::text[] = '{}')
        ORDER BY task.sort_at, task.id
    """,
    "done": """
        SELECT max(involved.done_at) AS at, about.id FROM cases_case AS about
        JOIN cases_involvement AS involved ON involved.case_id = about.id
        WHERE involved.party_id = ANY(%(parties)s) AND involved.done_at IS NOT NULL
            AND (about.state = ANY(%(states)s) OR %(states)s::text[] = '{}')
        GROUP BY about.id
        ORDER BY at DESC, about.id DESC
    """,
    "all": """
        SELECT about.opened_at, about.id FROM cases_case AS about
        WHERE (about.state = ANY(%(states)s) OR %(states)s::text[] = '{}') AND EXISTS (
            SELECT FROM cases_involvement AS involved
            WHERE involved.case_id = about.id AND involved.party_id = ANY(%(parties)s)
        )
        ORDER BY about.opened_at DESC, about.id DESC
    """,
}


def serve(count: int) -> None:
    """One city: fill it, then for each line do what it names and answer with milliseconds or with the truth."""
    from groundplan.cli import context

    context.setup_django()
    held = context.open_database()
    if held is None:
        message = "the benchmark needs the embedded PostgreSQL"
        raise RuntimeError(message)
    _fill(held.owner_url, count)
    asker = Asker()
    print("ready", flush=True)
    for line in sys.stdin:
        order, _, name = line.strip().partition(" ")
        print(json.dumps(asker.check(name) if order == "check" else asker.measure(name)), flush=True)


def _fill(owner_url: str, count: int) -> None:
    import psycopg

    tables = ("cases_case", "cases_task", "cases_involvement")
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("SET maintenance_work_mem = '512MB'")
        definitions = _queues.indexes_away(owner, tables)
        _queues.fill(count)
        for definition in definitions:
            owner.execute(definition.encode())
        owner.execute("VACUUM ANALYZE")


class Asker:
    """The head of the department, and the people of all its sections for the to-do list."""

    def __init__(self) -> None:
        """Find the units, and where the last pages begin."""
        from groundplan.kernel.parties.models import Party
        from groundplan.kernel.parties.queries import Actor, Scope

        units = dict(Party.objects.filter(kind__in=("department", "section")).values_list("code", "pk"))
        self.parties = sorted(pk for code, pk in units.items() if code != "office")
        head = Actor("head", 1, "head", (Scope("leader", units["department"]),))
        hands = Actor("hands", 2, "hands", tuple(Scope("handler", pk) for pk in self.parties))
        self.actors = {"todo": hands, "done": hands, "all": head}
        self.cursors = {name: self._cursor(name) for name in LISTS}

    def _plain(self, name: str, tail: str) -> list[tuple[Any, int]]:
        from django.db import connection

        from groundplan.kernel.cases.queries import Filters

        kind, state, _end = name.split()
        states = Filters(state="" if state == "any" else state).states
        with connection.cursor() as cursor:
            cursor.execute(PLAIN[kind] + tail, {"parties": self.parties, "states": states})
            return list(cursor.fetchall())

    def _cursor(self, name: str) -> str | None:
        from groundplan.lib.keyset import encode_cursor

        if name.endswith("first"):
            return None
        # All rows of a sorted list have other sort values, so the last page follows the 101st row from its end.
        total = len(self._plain(name, ""))
        at, number = self._plain(name, f" OFFSET {total - SIZE - 1} LIMIT 1")[0]
        return encode_cursor([at.isoformat(), number])

    def ask(self, name: str) -> Any:
        """One page."""
        from groundplan.kernel.cases import queries

        if name in LISTS:
            kind, state, _end = name.split()
            filters = queries.Filters(state="" if state == "any" else state)
            return queries.queue(self.actors[kind], kind, filters, self.cursors[name], SIZE)
        return queries.search_cases(self.actors["all"], _queues.words_sought()[name], None, SIZE)

    def measure(self, name: str) -> float:
        """Milliseconds of one page."""
        begun = time.perf_counter()
        self.ask(name)
        return (time.perf_counter() - begun) * 1000

    def check(self, name: str) -> bool:
        """Whether a page is the page of the plain query."""
        page = self.ask(name)
        found = [row.sort_id for row in page.items]
        if name not in LISTS:
            return found == self._searched(_queues.words_sought()[name])
        if name.endswith("last"):
            rows = self._plain(name, "")
            return page.next is None and found == [row[1] for row in rows[-SIZE:]]
        return found == [row[1] for row in self._plain(name, f" LIMIT {SIZE}")]

    def _searched(self, text: str) -> list[int]:
        from django.db import connection

        from groundplan.lib import search

        plain = PLAIN["all"].replace("WHERE", f"WHERE about.search @@ {search.query_sql('%(words)s')} AND", 1)
        with connection.cursor() as cursor:
            given = {"words": search.query_text(text), "parties": self.parties, "states": []}
            cursor.execute(f"{plain} LIMIT {SIZE}", given)
            return [row[1] for row in cursor.fetchall()]


class City:
    """A city in a process and a state folder of its own."""

    def __init__(self, state: Path, count: int) -> None:
        """Start it; it fills itself meanwhile."""
        state.mkdir(mode=0o755)
        environment = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(count)],
            env={**environment, "GROUNDPLAN_STATE": str(state)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def answer(self) -> str:
        """The next line that it says."""
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            message = "a city of the benchmark ended early"
            raise RuntimeError(message)
        return line

    def tell(self, order: str, name: str) -> Any:
        """Give an order, wait for the answer."""
        self.process.stdin.write(f"{order} {name}\n")  # type: ignore[union-attr]  # opened as a pipe.
        self.process.stdin.flush()  # type: ignore[union-attr]
        return json.loads(self.answer())

    def end(self) -> None:
        """Let it go; its server stops when nobody holds it."""
        self.process.communicate()


def run(*, quick: bool) -> dict[str, Any]:
    """Both cities in turn, page by page."""
    small, large, rounds = (4_000, 20_000, 12) if quick else (10_000, 1_000_000, 100)
    from groundplan.cli.postgres import discard

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        cities: dict[str, City] = {}
        try:
            for name, count in (("small", small), ("large", large)):
                cities[name] = City(Path(folder) / name, count)
            for city in cities.values():
                city.answer()
            return measured(cities, small, large, rounds)
        finally:
            for name, city in cities.items():
                city.end()
                discard(Path(folder) / name)


def p95(times: list[float]) -> float:
    """The time that one in twenty exceeds."""
    return sorted(times)[int(len(times) * 0.95)]


def measured(cities: dict[str, City], small: int, large: int, rounds: int) -> dict[str, Any]:
    """The figures."""
    searches = list(_queues.words_sought())
    equal = all(city.tell("check", name) for city in cities.values() for name in (*LISTS, *searches))
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name in (*LISTS, *searches):
            for which, city in cities.items():
                times.setdefault((which, name), []).append(city.tell("ask", name))
    worst = {which: max(p95(times[which, name]) for name in LISTS) for which in cities}
    slowest = max(LISTS, key=lambda name: p95(times["large", name]))
    sought = {name: p95(times["large", name]) for name in searches}
    return {
        "what": "first and last pages of 100 of a department with sections and past handlers, by state",
        "peer": f"the same in a city of {small} cases",
        "ours": round(worst["large"], 2),
        "other": round(worst["small"], 2),
        "ratio": round(worst["small"] / worst["large"], 3),
        "unit": "ms",
        "settings": f"{large} cases, {len(LISTS)} lists, {len(searches)} searches newest first, pages of {SIZE}",
        "runs": rounds,
        "equal": equal,
        "p95_ms": round(worst["large"], 2),
        "p95_of": slowest,
        "search_p95_ms": round(max(sought.values()), 2),
        "search_p95_of": max(sought, key=lambda name: sought[name]),
        **{f"search.{name.replace(' ', '_')}_ms": round(value, 2) for name, value in sought.items()},
    }


if __name__ == "__main__":
    serve(int(sys.argv[1]))
