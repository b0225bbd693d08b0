"""`groundplan incidents`: the profile's flows and categories, reports from files, a city's dispatch directory."""

from __future__ import annotations

from pathlib import Path

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django

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
@json_option
def load(*, as_json: bool) -> None:
    """Import the profile's flows and categories; what the city has changed stays as it is."""
    setup_django()
    from groundplan.kernel.parties.queries import SYSTEM
    from groundplan.systems.incidents import actions

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
        click.echo(f"{done}/{total}", err=True)

    made = actions.import_reports(
        actor=actor_named(as_name), content=file.read_bytes(), filename=file.name, flow=flow, columns=columns,
        system=system, progress=tell,
    )  # fmt: skip
    found = {"read": made.read, "stored": made.stored, "repeated": made.repeated, "quarantined": made.quarantined}
    if as_json:
        echo_json({**found, "load": str(made.public_id)})
        return
    click.echo(", ".join(f"{name}: {count}" for name, count in found.items()))


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
