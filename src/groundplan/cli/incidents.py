"""`groundplan incidents`: the profile's flows and categories, reports from files, a city's dispatch directory."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django
from groundplan.cli.systems.beside import beside

MOST_LINES = 20
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
flow_option = click.option(
    "--flow", type=click.Choice(["hotline", "city-management"]), default="hotline", show_default=True,
    help="The flow that the reports go to.",
)  # fmt: skip


@click.group()
def incidents() -> None:
    """Reports: load flows and categories, import files."""


@incidents.command("load")
@click.option("--units", is_flag=True, help="Also the divisions, units and relations that the profile ships.")
@json_option
def load(*, units: bool, as_json: bool) -> None:
    """Import the profile's flows and categories; what the city has changed stays as it is."""
    setup_django()
    from groundplan.kernel.parties.queries import SYSTEM
    from groundplan.profiles.loading import load_units
    from groundplan.systems.incidents import actions

    if units:
        click.echo(f"units added: {load_units()}", err=True)
    added = actions.load_shipped(actor=SYSTEM)
    if as_json:
        echo_json({"categories": added})
        return
    click.echo(f"categories added: {added}")


@incidents.command("import")
@file_argument
@flow_option
@click.option("--mapping", default="", help="Name of saved columns; proposed from the headers otherwise.")
@click.option(
    "--system", type=click.Choice(["wgs84", "cgcs2000", "gcj02", "bd09"]), default="wgs84", show_default=True,
    help="Coordinate system of the file.",
)  # fmt: skip
@as_option
@json_option
def import_file(*, file: Path, flow: str, mapping: str, system: str, as_name: str | None, as_json: bool) -> None:
    """Import FILE (XLSX, CSV, TSV) of reports; rows that cannot be taken in are kept apart with their reason."""
    setup_django()
    from groundplan.systems.incidents import actions, queries

    columns = queries.saved_mapping(mapping)
    if mapping and columns is None:
        fail(f"no columns are saved under {mapping!r}; save them on the page 批量导入, or leave --mapping out.")

    def tell(done: int, total: int) -> None:
        click.echo(f"{done}/{total}" if total else str(done), err=True)

    made = actions.import_reports(
        actor=actor_named(as_name), content=file, filename=file.name, flow=flow, columns=columns,
        system=system, progress=tell,
    )  # fmt: skip
    found = {"read": made.read, "stored": made.stored, "repeated": made.repeated, "quarantined": made.quarantined}
    if as_json:
        echo_json({**found, "load": str(made.public_id)})
        return
    click.echo(", ".join(f"{name}: {count}" for name, count in found.items()))


@incidents.command("history")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", default="", help="A mapping of the profile's folder history/; the only one by default.")
@as_option
@json_option
def history(*, file: Path, mapping: str, as_name: str | None, as_json: bool) -> None:
    """Take over FILE (Parquet, CSV, XLSX) of past reports with their ends and target times, set by set.

    A report that is there already is passed over; an interrupted import is started again.
    """
    setup_django()
    import hashlib

    from groundplan.systems.incidents import actions, queries

    known = queries.history_mappings()
    name = mapping or (known[0] if len(known) == 1 else "")
    if name not in known:
        fail(f"the profile has no mapping {name!r} in its folder history/; it has: {', '.join(known) or 'none'}.")
    made = actions.import_history(
        actor=actor_named(as_name), rows=queries.history_rows(file), mapped=queries.history_mapping(name),
        file_name=file.name, digest=hashlib.sha256(file.read_bytes()).hexdigest(),
        progress=lambda read: click.echo(str(read), err=True),
    )  # fmt: skip
    found = {"read": made.read, "stored": made.stored, "repeated": made.repeated, "quarantined": made.quarantined}
    if as_json:
        echo_json({**found, "load": str(made.public_id)})
        return
    click.echo(", ".join(f"{key}: {count}" for key, count in found.items()))


@incidents.command("trial")
@file_argument
@click.option("--mapping", default="", help="Name of saved columns; proposed from the headers otherwise.")
@click.option(
    "--directory", "changed", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A changed 派单目录 (spreadsheet, or a rule in YAML): what would it send elsewhere?",
)  # fmt: skip
@json_option
def trial(*, file: Path, mapping: str, changed: Path | None, as_json: bool) -> None:
    """Run FILE, an export of past cases, beside the system (旁路): nothing is stored, nobody is told.

    Says which cases went to another unit than the directory names, why cases were late, and what a changed directory
    would have changed.
    """
    setup_django()
    from groundplan.systems.incidents import queries

    columns = queries.saved_mapping(mapping)
    if mapping and columns is None:
        fail(f"no columns are saved under {mapping!r}; save them on the page 批量导入, or leave --mapping out.")
    found = queries.run_trial(
        content=file, filename=file.name, columns=columns, changed=changed_directory(changed) if changed else None
    )
    if as_json:
        echo_json(_trial_told(found))
        return
    _print_trial(found)


def changed_directory(file: Path) -> Any:
    """A changed directory, ready to evaluate: a rule as it is, a spreadsheet read as a city writes it."""
    from groundplan.kernel.rules.logic.files.source import read_table_file
    from groundplan.systems.incidents import queries

    content, name = file.read_bytes(), file.name
    if file.suffix.lower() not in {".yaml", ".yml"}:
        content, name = queries.directory_text(content, name).encode(), f"{file.stem}.yaml"
    return read_table_file(content, name)


def _trial_told(found: Any) -> dict[str, Any]:
    """The trial as one JSON object."""
    from groundplan.systems.incidents.logic.trial import CAUSES

    return {
        "read": found.read,
        "imported": found.imported,
        "quarantined": [{"row": number, "reason": reason} for number, reason in found.quarantined],
        "columns": dict(found.columns),
        "compared": found.compared,
        "misrouted": found.misrouted,
        "pairs": [{"actual": a, "expected": e, "count": n} for (a, e), n in found.pairs.most_common()],
        "examples": [asdict(example) for example in found.examples],
        "unmatched": found.unmatched,
        "unknown_units": dict(found.unknown_units.most_common()),
        "judged": found.judged,
        "late": found.late,
        "late_causes": [
            {"cause": cause, "label": CAUSES[cause]["zh-hans"], "count": count}
            for cause, count in found.causes.most_common()
        ],
        "changed": found.changed,
        "changes": [{"from": a, "to": b, "count": n} for (a, b), n in found.changes.most_common()],
    }


def _print_trial(found: Any) -> None:
    """The trial in lines."""
    from groundplan.systems.incidents.logic.trial import CAUSES

    def named(code: str) -> str:
        return str(found.names.get(code, {}).get("zh-hans", code)) or "（无）"

    click.echo(f"读取 {found.read} 行，可用 {found.imported} 行，问题数据 {len(found.quarantined)} 行")
    click.echo(f"错派 {found.misrouted} 件（可比 {found.compared} 件），目录未列明 {found.unmatched} 件")
    for (actual, expected), count in found.pairs.most_common(MOST_LINES):
        click.echo(f"  {count}\t{named(actual)} → {named(expected)}")
    click.echo(f"超期 {found.late} 件（可判 {found.judged} 件）")
    for cause, count in found.causes.most_common():
        click.echo(f"  {count}\t{CAUSES[cause]['zh-hans']}")
    click.echo(f"按修改后的派单目录会改派 {found.changed} 件")
    for (before, after), count in found.changes.most_common(MOST_LINES):
        click.echo(f"  {count}\t{named(before)} → {named(after)}")
    if found.unknown_units:
        click.echo(f"未识别的单位名称：{'、'.join(name for name, _n in found.unknown_units.most_common(MOST_LINES))}")


@incidents.command("directory")
@file_argument
@as_option
@json_option
def directory(*, file: Path, as_name: str | None, as_json: bool) -> None:
    """Import FILE, a city's 派单目录 spreadsheet, as a draft of the rule `dispatch-directory`."""
    setup_django()
    from groundplan.systems.incidents import actions

    version = actions.import_directory(actor=actor_named(as_name), content=file.read_bytes(), filename=file.name)
    if as_json:
        echo_json({"rule": "dispatch-directory", "version": version.version, "id": str(version.public_id)})
        return
    click.echo(f"dispatch-directory: draft {version.version}; approve it and put it in force on the page of the rule")


incidents.add_command(beside)
