"""`groundplan incidents beside`: beside the vendor's system, file by file, touching nobody until two people switch."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
run_argument = click.argument("run")
COUNTS = ("read", "fresh", "changed", "known", "quarantined", "opened", "unopened")


@click.group()
def beside() -> None:
    """Run beside another system (旁路运行): start, take its exports, report, switch."""


@beside.command("start")
@run_argument
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How long it runs.")
@click.option("--answerable", required=True, help="Who answers for it.")
@click.option("--unit", default="hotline-office", show_default=True, help="Unit whose work the other system does.")
@click.option("--mapping", default="", help="Name of saved columns; proposed from the first file otherwise.")
@as_option
@json_option
def start(*, run: str, days: int, answerable: str, unit: str, mapping: str, as_name: str | None, as_json: bool) -> None:
    """Start a run named RUN from today on."""
    setup_django()
    from django.utils import timezone

    from groundplan.lib import clock
    from groundplan.systems.incidents import queries
    from groundplan.systems.incidents.beside import actions

    columns = queries.saved_mapping(mapping)
    if mapping and columns is None:
        fail(f"no columns are saved under {mapping!r}; save them on the page 批量导入, or leave --mapping out.")
    made = actions.start_beside(
        actor=actor_named(as_name), name=run, ends_on=timezone.localdate(clock.now()) + timedelta(days=days - 1),
        answerable=answerable, unit=unit, columns=columns,
    )  # fmt: skip
    _say(_run_told(made), as_json=as_json)


@beside.command("take")
@run_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_option
@json_option
def take(*, run: str, file: Path, as_name: str | None, as_json: bool) -> None:
    """Take FILE (XLSX, CSV, TSV), an export of the other system, into RUN; again and again, each case once."""
    setup_django()
    from groundplan.systems.incidents.beside import actions

    def tell(done: int, total: int) -> None:
        click.echo(f"{done}/{total}" if total else str(done), err=True)

    made = actions.take_beside_file(
        actor=actor_named(as_name), run=run, content=file, filename=file.name, progress=tell
    )
    counted = {name: getattr(made, name) for name in COUNTS}
    _say({**counted, "file": str(made.public_id), "record": str(made.record)}, as_json=as_json)


@beside.command("report")
@run_argument
@click.option(
    "--directory", "changed", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A changed 派单目录 (spreadsheet, or a rule in YAML) to try on the run.",
)  # fmt: skip
@as_option
@json_option
def report(*, run: str, changed: Path | None, as_name: str | None, as_json: bool) -> None:
    """Compare what the other system did in RUN with our rules, by day and in all."""
    setup_django()
    from groundplan.cli.incidents import changed_directory
    from groundplan.systems.incidents.beside import queries

    found = queries.run_for(actor_named(as_name), run)
    compared = queries.comparison(found)
    told: dict[str, Any] = {
        **_run_told(found), "total": compared.total,
        "days": [{"day": day.isoformat(), **figures} for day, figures in compared.days],
        "pairs": [{"theirs": pair["first_unit"], "ours": pair["our_unit"], "count": pair["count"],
                   "ours_right": pair["ours"], "theirs_right": pair["vendor"]} for pair in queries.pairs(found)],
    }  # fmt: skip
    if changed:
        tried = queries.replay(found, changed_directory(changed))
        told["replay"] = {
            "rows": tried.rows, "changed": tried.changed, "avoided": tried.avoided, "before": dict(tried.before),
            "after": dict(tried.after),
            "changes": [{"from": a, "to": b, "count": count} for (a, b), count in tried.changes.most_common()],
        }  # fmt: skip
    if as_json:
        echo_json(told)
        return
    for name, (_condition, label) in queries.FIGURES.items():
        click.echo(f"{compared.total[name]}\t{label['zh-hans']}")
    for day, figures in compared.days:
        click.echo(f"{day}\t" + "\t".join(str(figures[name]) for name in queries.FIGURES))


@beside.command("switch")
@run_argument
@click.argument("step", type=click.Choice(["propose", "approve", "take-back"]))
@click.option("--at", "moment", default="", help="propose: the moment from which new cases are ours, ISO 8601.")
@click.option("--note", default="", help="Why.")
@as_option
@json_option
def switch(*, run: str, step: str, moment: str, note: str, as_name: str | None, as_json: bool) -> None:
    """Propose, approve or take back the switch of RUN to live; two people of two roles, each by --as."""
    setup_django()
    from groundplan.systems.incidents.beside import actions

    actor = actor_named(as_name)
    if step == "propose":
        made = actions.propose_switch(actor=actor, run=run, live_from=_moment(moment), note=note)
    elif step == "approve":
        made = actions.approve_switch(actor=actor, run=run, note=note)
    else:
        made = actions.take_back_switch(actor=actor, run=run, note=note)
    _say(_run_told(made), as_json=as_json)


def _moment(text: str) -> datetime:
    """A moment of the command line, in the city's time when it names no zone."""
    from django.utils import timezone

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--at is {text!r}; give a moment such as 2026-03-16T08:00.")
    return found if found.tzinfo else found.replace(tzinfo=timezone.get_current_timezone())


def _run_told(run: Any) -> dict[str, Any]:
    """A run as one JSON object."""
    return {
        "run": str(run.public_id), "name": run.name, "started_on": run.started_on.isoformat(),
        "ends_on": run.ends_on.isoformat(), "switch": str(run.switch),
        "live_from": run.live_from.isoformat() if run.live_from else None,
    }  # fmt: skip


def _say(told: dict[str, Any], *, as_json: bool) -> None:
    """One JSON object, or a line of names and values."""
    if as_json:
        echo_json(told)
        return
    click.echo(", ".join(f"{name}: {value}" for name, value in told.items()))
