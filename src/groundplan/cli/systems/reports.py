"""`groundplan reports`: written reports as files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def reports() -> None:
    """Daily, weekly, monthly and special reports."""


@reports.command("make")
@click.argument("source", type=click.Choice(["hotline", "city-management"]))
@click.argument("kind", type=click.Choice(["daily", "weekly", "monthly", "special"]))
@click.option("--unit", required=True, help="Code of the unit whose report it is.")
@click.option("--day", type=DAY, help="A day within the period; yesterday by default.")
@click.option("--first", type=DAY, help="First day of a special report.")
@click.option("--last", type=DAY, help="Last day of a special report.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder for the two files."
)
@click.option("--language", type=click.Choice(["zh-hans", "en"]), default="zh-hans", show_default=True)
@as_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def make(  # noqa: PLR0917 - click hands over every option.
    source: str, kind: str, unit: str, day: datetime | None, first: datetime | None, last: datetime | None,
    out: Path, language: str, as_name: str | None, as_json: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Make a draft and write it as DOCX and XLSX."""
    setup_django()
    from groundplan.commons.reports import actions
    from groundplan.commons.reports.logic.periods import Period
    from groundplan.commons.reports.queries import writing
    from groundplan.kernel.parties.queries import party_by_code

    if not out.is_dir():
        fail(f"{out} is no folder; make it first.")
    made = actions.make_report(
        actor=actor_named(as_name), source=source, kind=kind, unit=party_by_code(unit), day=day and day.date(),
        period=Period(first.date(), last.date()) if first and last else None,
    )  # fmt: skip
    stem = out / f"{source}-{kind}-{made.first}"
    files = {"docx": writing.docx_of(made, language, ""), "xlsx": writing.xlsx_of(made, language, "")}
    for form, content in files.items():
        stem.with_suffix(f".{form}").write_bytes(content)
    if as_json:
        echo_json({"id": str(made.public_id), **{form: str(stem.with_suffix(f".{form}")) for form in files}})
        return
    for form in files:
        click.echo(stem.with_suffix(f".{form}"))


@reports.command("template")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def template(file: Path) -> None:
    """Write the shipped letterhead as DOCX, to be edited and handed in on the page 红头与模板."""
    from groundplan.commons.reports.queries.docx import shipped_template

    file.write_bytes(shipped_template())
    click.echo(file)
