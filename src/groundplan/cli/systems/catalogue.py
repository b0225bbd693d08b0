"""`groundplan catalogue`: search what the city has."""

from __future__ import annotations

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
