"""Boston as a second city: its real requests of a year come in as sets, and a sample of them runs through the flow."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from groundplan.demo.crew import Crew
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.ledger import actions as ledger_actions
from groundplan.kernel.ledger import queries as ledger
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM, Actor
from groundplan.lib import clock
from groundplan.profiles.loading import load_profile, load_units
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.logic.history import Mapped, PastRow, past_row

PROFILE = "us-boston"
HISTORY = "service-requests"
FILE = Path("service_requests_311") / "boston_2015_open.parquet"
EXPECTED = 96_916
SAMPLED = 2_000
HOTLINE = "mayors-hotline"
BEGINNING = date(2010, 1, 1)
HANDLED_AFTER = timedelta(days=3)
Figures = dict[str, int | bool | float]


def build() -> None:
    """Land, units, rules, flow and request types of the profile, and somebody in each office."""
    load_units(PROFILE)
    load_profile(PROFILE)
    for unit in Party.objects.on().exclude(kind="city"):
        _officer(unit, "handler")
    for role in ("operator", "dispatcher"):
        _officer(Party.objects.get(code=HOTLINE), role)


def run(data: Path, tell: Callable[[str], None]) -> tuple[Figures, list[str]]:
    """Build the city, import the year, run the sample.

    Args:
        data: the folder of real data.
        tell: is told what is being done.

    Returns:
        The figures, and what does not hold.
    """
    tell("第二座城市 · the second city")
    build()
    file = data / FILE
    mapped = queries.history_mapping(HISTORY, PROFILE)
    started = time.monotonic()
    load = actions.import_history(
        actor=SYSTEM,
        rows=queries.history_rows(file),
        mapped=mapped,
        file_name=file.name,
        digest=hashlib.sha256(file.read_bytes()).hexdigest(),
        progress=lambda read: tell(f"{read}, {time.monotonic() - started:.0f} s"),
    )
    seconds = time.monotonic() - started
    tell("抽样走完全流程 · the sample through the full flow")
    closed = run_sample(file, mapped, SAMPLED, load.read)
    while ledger_actions.sequence():
        pass
    found: Figures = {
        "boston.imported": load.stored,
        "boston.quarantined": load.quarantined,
        "boston.seconds": round(seconds),
        "boston.with_target": Case.objects.filter(incident__load=load, due_at__isnull=False).count(),
        "boston.sampled_closed": closed,
        "boston.without_owner": _without_owner(),
        "boston.ledger_ok": ledger.verify().ok,
    }
    rules = {
        "every Boston request is imported": load.stored == EXPECTED,
        "every sampled Boston request is closed": closed == SAMPLED,
        "every open Boston request has an owner": found["boston.without_owner"] == 0,
        "the log of Boston holds": found["boston.ledger_ok"] is True,
    }
    return found, [rule for rule, holds in rules.items() if not holds]


def run_sample(file: Path, mapped: Mapped, most: int, rows: int) -> int:
    """Report requests drawn evenly from the file as calls of their time, and have the offices work on them.

    Returns:
        How many of them were closed.
    """
    crew, matters = Crew.mustered(), queries.matters_of(mapped)
    step = max(1, rows // most)
    done = [_run_one(crew, past_row(raw, mapped), mapped, matters) for raw in sample_rows(file, most, step)]
    return Case.objects.filter(pk__in=done, state="closed").count()


def sample_rows(file: Path, most: int, step: int) -> Iterator[Mapping[str, Any]]:
    """Every so many rows of the file."""
    return islice((raw for number, raw in enumerate(queries.history_rows(file)) if number % step == 0), most)


def _run_one(crew: Crew, row: PastRow, mapped: Mapped, matters: Mapping[str, str]) -> int:
    """One request: taken in, dispatched by the directory, returned and ruled on if that was wrong, handled."""
    said = queries.past_report(row, mapped, matters)
    said.pop("external_id")
    with clock.standing_at(row.opened_at):
        receipt = actions.report_incident(
            actor=crew.of(HOTLINE, "operator"), channel="phone", flow=mapped.flow, key=row.number, **said
        )
        case = receipt.case
        _complete(crew.of(HOTLINE, "operator"), case, "dispatch")
        handling = _task(case)
        if handling.stage == mapped.work.stage and handling.party.code != row.unit:
            _return(crew, handling)
        if _task(case).stage != mapped.work.stage:
            _complete(crew.of(HOTLINE, "dispatcher"), case, "dispatch", {mapped.take.field: row.unit})
    with clock.standing_at(max(row.closed_at or row.opened_at + HANDLED_AFTER, row.opened_at)):
        _complete(crew.of(row.unit, _task(case).role), case, mapped.work.outcome, queries.past_reply(row, mapped))
    return int(case.pk)


def _return(crew: Crew, handling: Task) -> None:
    """The directory named a unit that did not have it in fact: it returns the request, and the hotline agrees."""
    cases.return_task(
        actor=crew.of(handling.party.code, "handler"),
        task=handling.public_id,
        seen=handling.version,
        reason="not our service",
    )
    ruling = Task.objects.get(case=handling.case, kind="ruling", state="open")
    cases.rule_return(
        actor=crew.of(HOTLINE, "dispatcher"), task=ruling.public_id, seen=ruling.version, uphold=True
    )  # fmt: skip


def _complete(actor: Actor, case: Case, outcome: str, data: Mapping[str, Any] | None = None) -> None:
    task = _task(case)
    cases.complete_task(actor=actor, task=task.public_id, seen=task.version, outcome=outcome, data=data)


def _task(case: Case) -> Task:
    return Task.objects.select_related("party").get(case=case, state="open", kind="work")


def _officer(unit: Party, role: str) -> None:
    user = parties.add_user(actor=SYSTEM, username=f"{unit.code}-{role}", display_name=f"{unit.name['en']} ({role})")
    parties.grant_membership(actor=SYSTEM, user=user, party=unit, role=role, valid_from=BEGINNING)


def _without_owner() -> int:
    owned = Task.objects.filter(state__in=("offered", "open", "waiting"), party__isnull=False).values("case_id")
    return Case.objects.filter(state__in=("open", "suspended")).exclude(pk__in=owned).count()
