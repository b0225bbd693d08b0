"""`groundplan catalogue`: search what the city has, take lists in, give the catalogue out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from groundplan.cli.context import actor_named, as_option, echo_json, setup_django

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def catalogue() -> None:
    """The data catalogue (数据目录)."""


@catalogue.command("search")
@click.argument("text")
@click.option("--size", type=click.IntRange(1, 100), default=20, show_default=True, help="How many results.")
@as_option
@json_option
def search(*, text: str, size: int, as_name: str | None, as_json: bool) -> None:
    """Search published entries for TEXT."""
    setup_django()
    from groundplan.base.catalogue import queries

    found = queries.search(actor_named(as_name), text, size=size)
    if as_json:
        results = [{"id": each.identifier, "title": shown(each.title), "score": each.score} for each in found.results]
        echo_json({"results": results, "total_estimate": found.total_estimate})
        return
    for each in found.results:
        click.echo(f"{each.score:8.3f}  {each.identifier:30} {shown(each.title)}")
    click.echo(f"about {found.total_estimate}")


def shown(title: dict[str, str]) -> str:
    """A title in the city's language, or in any other."""
    return title.get("zh-hans") or next(iter(title.values()), "")


@catalogue.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", default="", help="Name of a kept mapping of columns.")
@click.option("--column", "columns", multiple=True, metavar="FIELD=HEADER", help="Which column is which field.")
@click.option("--default", "defaults", multiple=True, metavar="FIELD=VALUE", help="Value of a field that rows lack.")
@click.option("--save", "save_as", default="", metavar="NAME", help="Keep these columns and defaults under a name.")
@click.option("--prefix", default="", help="Stands before each code of the list.")
@click.option("--publish", is_flag=True, help="Take over as published already.")
@as_option
@json_option
def import_file(*, file: Path, as_name: str | None, as_json: bool, save_as: str, **asked: Any) -> None:
    """Take in FILE: XLSX, CSV with any columns, a CKAN package dump, DCAT JSON-LD."""
    setup_django()
    from groundplan.base.catalogue import actions

    actor = actor_named(as_name)
    columns, defaults = pairs(asked.pop("columns")), pairs(asked.pop("defaults"))
    if save_as:
        actions.save_mapping(actor=actor, name=save_as, columns=columns, defaults=defaults)
    made = actions.import_entries(
        actor=actor, content=file.read_bytes(), filename=file.name, progress=told, columns=columns or None,
        defaults=defaults, **asked,
    )  # fmt: skip
    counts = {name: getattr(made, name) for name in ("read", "stored", "changed", "repeated", "refused")}
    problems = list(made.problems.order_by("row", "id").values("row", "cell", "field", "reason", "value"))
    if as_json:
        echo_json({"id": str(made.public_id), "form": made.form, "columns": made.columns, **counts,
                   "problems": problems})  # fmt: skip
        return
    click.echo(" ".join(f"{name} {number}" for name, number in counts.items()))
    for each in problems:
        click.echo(f"{each['cell']:12} {each['field']:12} {each['reason']} {each['value']}")


@catalogue.command("export")
@click.option("--format", "form", type=click.Choice(["dcat-ap-jsonld", "dcat-ap-turtle"]), default="dcat-ap-jsonld")
@click.option("--base", default="http://localhost", show_default=True, help="Address that ids begin with.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="File to write.")
@as_option
def export(*, form: str, base: str, out: Path | None, as_name: str | None) -> None:
    """Write the published entries as DCAT-AP 3.0."""
    setup_django()
    from groundplan.base.catalogue import queries

    content = queries.exported(actor_named(as_name), form, base)
    if out is None:
        sys.stdout.buffer.write(content)
        return
    out.write_bytes(content)
    click.echo(f"{out}", err=True)


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """``FIELD=VALUE`` as a mapping."""
    found = [each.partition("=") for each in given]
    wrong = [name for name, sign, _value in found if not sign]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} has no '='")
    return {name.strip(): value.strip() for name, _sign, value in found}


def told(done: int, total: int) -> None:
    """How far it is."""
    click.echo(f"{done}/{total}", err=True)
