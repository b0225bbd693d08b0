"""`groundplan linkage`: the profile's plans, the workbook to fill in, a city's own plans."""

from __future__ import annotations

from pathlib import Path

import click

from groundplan.cli.context import actor_named, as_option, echo_json, setup_django

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def linkage() -> None:
    """Linkage plans: several units respond at once."""


@linkage.command("load")
@json_option
def load(*, as_json: bool) -> None:
    """Draft the plans of the profile whose units this city has; a person approves them."""
    setup_django()
    from groundplan.kernel.parties.queries import SYSTEM
    from groundplan.systems.linkage import actions

    made = [plan.key for plan in actions.load_shipped_plans(actor=SYSTEM)]
    if as_json:
        echo_json({"drafts": made})
        return
    click.echo(f"drafts: {', '.join(made) or 'none'}")


@linkage.command("template")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def template(file: Path) -> None:
    """Write the workbook to fill in to FILE."""
    from groundplan.systems.linkage.logic.workbook import template as workbook

    file.write_bytes(workbook())
    click.echo(f"{file}")


@linkage.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_option
@json_option
def import_file(*, file: Path, as_name: str | None, as_json: bool) -> None:
    """Import FILE (XLSX of the template, YAML) as a draft."""
    setup_django()
    from groundplan.systems.linkage import actions

    made = actions.import_plan(actor=actor_named(as_name), content=file.read_bytes(), filename=file.name)
    if as_json:
        echo_json({"id": str(made.public_id), "plan": made.key, "number": made.number, "state": made.state})
        return
    click.echo(f"{made.key} {made.number}: {made.state}")
