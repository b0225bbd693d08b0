"""`groundplan attached`: existing systems of the city."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django

DAY = click.DateTime(["%Y-%m-%d"])
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
name_argument = click.argument("name", required=False)


@click.group()
def attached() -> None:
    """Existing systems: their events in, work orders out, status back."""


@attached.command("list")
@as_option
@json_option
def list_systems(*, as_name: str | None, as_json: bool) -> None:
    """The attached systems, with today's numbers."""
    setup_django()
    from groundplan.commons.attached import queries

    rows = [
        {
            "id": str(row.public_id), "name": row.name, "kind": row.kind, "state": row.state,
            "down_since": row.down_since, "today": dict(queries.reconciliation(row, days=1)[0].counts),
        }
        for row in queries.systems_for(actor_named(as_name))
    ]  # fmt: skip
    if as_json:
        echo_json({"systems": rows})
        return
    for row in rows:
        down = f", down since {row['down_since']:%Y-%m-%d %H:%M}" if row["down_since"] else ""
        click.echo(f"{row['name']} ({row['kind']}): {row['state']}{down}; {_line(row['today'])}")


@attached.command("run")
@name_argument
@as_option
@json_option
def run(*, name: str | None, as_name: str | None, as_json: bool) -> None:
    """One turn at the system NAME now, or at all that are active."""
    setup_django()
    from groundplan.commons.attached import actions

    actor = actor_named(as_name)
    done = {}
    for row in _chosen(actor, name):
        turn = actions.run_system(actor=actor, system=row.public_id)
        done[row.name] = {
            "received": turn.received, "states": turn.states, "taken": turn.taken, "failed": turn.failed
        }  # fmt: skip
    if as_json:
        echo_json({"systems": done})
        return
    for key, said in done.items():
        click.echo(f"{key}: {_line(said)}")


@attached.command("reconcile")
@name_argument
@click.option("--day", type=DAY, help="The day; today by default.")
@as_option
@json_option
def reconcile(*, name: str | None, day: datetime | None, as_name: str | None, as_json: bool) -> None:
    """Compare a day with the list of the system NAME, or of all that can be asked; ends with 1 if a count differs."""
    setup_django()
    from groundplan.commons.attached import actions, queries, registry
    from groundplan.lib import clock

    actor = actor_named(as_name)
    on = day.date() if day else clock.now().astimezone().date()
    done: dict[str, Any] = {}
    for row in _chosen(actor, name):
        if registry.kinds[row.kind].tells_all:
            actions.reconcile_system(actor=actor, system=row.public_id, day=on)
        found = queries.reconciliation(row, days=1, until=on)[0]
        done[row.name] = {"theirs": found.theirs, "whole": found.whole, **found.counts}
    if as_json:
        echo_json({"day": on.isoformat(), "systems": done})
    else:
        for key, said in done.items():
            click.echo(f"{key}: {_line(said)}")
    if not all(said["whole"] for said in done.values()):
        raise SystemExit(1)


def _chosen(actor: Any, name: str | None) -> list[Any]:
    from groundplan.commons.attached import queries

    rows = queries.systems_for(actor).filter(state="active")
    found = [row for row in rows if name in (None, row.name, str(row.public_id))]
    if name and not found:
        fail(f"no active system {name!r}; `groundplan attached list` shows them.")
    return found


def _line(counts: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in counts.items() if value not in ("", None))
