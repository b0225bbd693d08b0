"""`groundplan identity`: applications and sources, and the key that signs ID tokens."""

from __future__ import annotations

import click

from groundplan.cli.context import actor_named, as_option, echo_json, setup_django

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def identity() -> None:
    """Applications that ask for tokens, and houses that say who somebody is."""


@identity.command("list")
@json_option
@as_option
def list_all(*, as_json: bool, as_name: str | None) -> None:
    """All applications and sources, with their states; an administrator sees them."""
    setup_django()
    from groundplan.kernel.identity import queries

    actor = actor_named(as_name)
    clients = [
        {"client_id": row.client_id, "name": row.name, "kind": row.kind, "unit": row.unit.code, "state": row.state}
        for row in queries.clients(actor)[:1000]
    ]
    sources = [
        {"id": str(row.public_id), "name": row.name, "kind": row.kind, "state": row.state, "ties": ties}
        for row, ties in queries.sources_with_ties(actor)
    ]
    if as_json:
        echo_json({"clients": clients, "sources": sources})
        return
    for row in clients:
        click.echo(f"{row['state']:<9} {row['kind']:<8} {row['client_id']}  {row['name']} ({row['unit']})")
    for source, ties in queries.sources_with_ties(actor):
        click.echo(f"{source.state:<9} {source.kind:<11} {source}  {ties} tied")


@identity.command("rotate-key")
@as_option
def rotate_key(*, as_name: str | None) -> None:
    """Sign ID tokens with a new key; the one before stays published."""
    setup_django()
    from groundplan.kernel.identity import actions

    click.echo(actions.rotate_signing_key(actor=actor_named(as_name)))
