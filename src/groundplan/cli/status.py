"""``groundplan status``: how the installation is doing, in figures."""

from __future__ import annotations

from typing import Any

import click

from groundplan import __version__
from groundplan.cli.context import echo_json, fail, migrations_missing, setup_django
from groundplan.cli.keeping.versions import stamped

WORKERS = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '60 seconds'"
QUEUE = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"


def figures() -> dict[str, Any]:
    """The figures of this installation now."""
    from django.db import connection

    from groundplan.lib import health

    with connection.cursor() as cursor:
        counts = []
        for statement in (WORKERS, QUEUE):
            cursor.execute(statement)
            counts.append(int(cursor.fetchone()[0]))
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    found = {"lag_s": 0, "acknowledged": 0, "stored": 0, **health.figures()}
    return {
        "version": __version__,
        "database": f"PostgreSQL {server}",
        "schema": stamped().get("version", ""),
        "workers": counts[0],
        "queue": counts[1],
        **found,
    }


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(*, as_json: bool) -> None:
    """How the installation is doing.

    `schema` is the version that the database was last migrated by, `queue` counts background jobs that wait or run,
    `lag_s` is the age of the oldest undelivered event, `acknowledged` the reports that were said yes to and `stored`
    those in the database.
    """
    setup_django(migrate=False)
    if migrations_missing():
        fail("the database lacks tables of this version; start it once with groundplan up.")
    found = figures()
    if as_json:
        echo_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name:>16}  {value}")
