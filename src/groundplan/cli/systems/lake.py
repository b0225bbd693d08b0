"""`groundplan lake`: load files into tables, list them, go back to a snapshot, fetch what did not fit."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
STEP = 10


@click.group()
def lake() -> None:
    """Tables of any size, loaded from files without losing a row."""


@lake.command("load")
@click.argument("resource")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mode", type=click.Choice(["append", "replace", "merge"]), default="append", show_default=True,
              help="What happens to the rows that are there.")  # fmt: skip
@click.option("--key", multiple=True, metavar="COLUMN", help="For merge: a column of the key; may be repeated.")
@click.option("--encoding", default="", help="Of text files; found out otherwise.")
@click.option("--schema", "schema_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="For a new table: JSON list of columns; proposed from the first rows otherwise.")  # fmt: skip
@click.option("--provider", default="", metavar="CODE", help="For a new table: the unit that answers for it.")
@as_option
@json_option
def load(
    *, resource: str, files: tuple[Path, ...], mode: str, key: tuple[str, ...], encoding: str, schema_file: Path | None,
    provider: str, as_name: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Load FILES into the table RESOURCE; rows that do not fit go to quarantine with the reason."""
    setup_django()
    from groundplan.base.lake import actions
    from groundplan.kernel.parties.queries import party_by_code

    run = actions.load_files(
        actor=actor_named(as_name), resource=resource, files=[each.absolute() for each in files],
        names=[each.name for each in files], mode=mode, key=key, encoding=encoding, columns=_schema(schema_file),
        provider=party_by_code(provider) if provider else None, tell=_bar(),
    )  # fmt: skip
    told = {
        "read": run.rows_read,
        "stored": run.stored,
        "quarantined": run.quarantined,
        "seconds": run.seconds,
        "snapshot": run.snapshot,
    }
    if as_json:
        echo_json(told)
        return
    click.echo(", ".join(f"{name} {value}" for name, value in told.items()))
    if run.quarantined:
        click.echo(f"Next: groundplan lake quarantine {run.public_id} --out FILE", err=True)


@lake.command("list")
@as_option
@json_option
def list_(*, as_name: str | None, as_json: bool) -> None:
    """The tables with their rows."""
    setup_django()
    from groundplan.base.lake import queries

    found = queries.listed_tables(actor_named(as_name))
    tables = [
        {"resource": each.identifier, "rows": each.rows, "quarantined": each.bad or 0, "snapshot": each.snapshot}  # type: ignore[attr-defined]
        for each in found
    ]
    if as_json:
        echo_json({"tables": tables})
        return
    for each in tables:
        click.echo(f"{each['resource']}\t{each['rows']}\t{each['quarantined']}")


@lake.command("snapshots")
@click.argument("resource")
@as_option
@json_option
def snapshots(*, resource: str, as_name: str | None, as_json: bool) -> None:
    """The snapshots that RESOURCE can go back to."""
    setup_django()
    from groundplan.base.lake import queries

    found = queries.snapshots(queries.table_for(actor_named(as_name), resource))
    if as_json:
        echo_json(
            {"snapshots": [{"id": s.id, "at": s.at.isoformat(), "rows": s.rows, "current": s.current} for s in found]}
        )
        return
    for each in found:
        click.echo(f"{each.id}\t{each.at:%Y-%m-%d %H:%M:%S}\t{each.rows}{'  *' if each.current else ''}")


@lake.command("rollback")
@click.argument("resource")
@click.argument("snapshot", type=int)
@as_option
@json_option
def rollback(*, resource: str, snapshot: int, as_name: str | None, as_json: bool) -> None:
    """Make SNAPSHOT the current one of RESOURCE."""
    setup_django()
    from groundplan.base.lake import actions

    run = actions.roll_back(actor=actor_named(as_name), resource=resource, snapshot=snapshot, wait_s=60)
    if as_json:
        echo_json({"snapshot": run.snapshot, "rows": run.table.rows})
        return
    click.echo(f"{resource} is at {run.snapshot} again")


@lake.command("quarantine")
@click.argument("run", type=click.UUID)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The CSV file to write.",
)
@as_option
def quarantine(*, run: UUID, out: Path, as_name: str | None) -> None:
    """Write the rows of a load that did not fit as CSV, to mend and load again."""
    setup_django()
    from groundplan.base.lake import queries

    held = queries.run_for(actor_named(as_name), run)
    with out.open("wb") as stream:
        for piece in queries.quarantine_csv(held):
            stream.write(piece)
    click.echo(f"{out}: {held.quarantined} rows", err=True)


@lake.command("reconcile")
@json_option
def reconcile(*, as_json: bool) -> None:
    """Bring loads to an end whose process was killed; the worker does so at its start and every minute."""
    setup_django()
    from groundplan.base.lake import actions

    ended = actions.reconcile_runs()
    if as_json:
        echo_json({"reconciled": ended})
        return
    click.echo(f"{ended} brought to an end")


def _schema(file: Path | None) -> list[dict[str, object]]:
    if file is None:
        return []
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        fail(f"{file} is no JSON: {error}")
    if not isinstance(found, list):
        fail(f'{file} is no list of columns. Accepted: [{{"name": …, "type": …, "required": …}}]')
    return found


def _bar() -> Callable[[float], None]:
    """A bar on a terminal, a line each tenth otherwise."""
    shown = -1

    def tell(share: float) -> None:
        nonlocal shown
        percent = int(share * 100)
        if sys.stderr.isatty():
            click.echo(f"\r[{'#' * (percent // 4):<25}] {percent} %", nl=percent >= 100, err=True)  # noqa: PLR2004
        elif percent // STEP > shown // STEP:
            click.echo(f"{percent} %", err=True)
        shown = percent

    return tell
