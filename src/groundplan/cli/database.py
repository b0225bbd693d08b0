"""``groundplan database``: dump and restore with PostgreSQL's own programs, for a change of its major version."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click

from groundplan.cli.context import fail, state_folder


def run_program(name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as the super-user of the embedded server."""
    from groundplan.cli.postgres import hold
    from groundplan.cli.postgres.cluster import DATABASE
    from groundplan.cli.postgres.programs import binaries

    if os.environ.get("DATABASE_URL"):
        fail(f"this command serves the embedded PostgreSQL; use {name} of the server that DATABASE_URL names.")
    held = hold(state_folder())
    try:
        done = subprocess.run(
            [binaries() / name, "--host=127.0.0.1", f"--port={held.server.port}", f"--username={held.server.user}",
             f"--dbname={DATABASE}", "--no-password", *arguments],
            env={**os.environ, "PGPASSWORD": held.server.password}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        held.release()
    if done.returncode:
        fail(f"{name} failed: {done.stderr.strip() or done.returncode}")


def is_empty() -> bool:
    """Whether the embedded database has no tables yet."""
    import psycopg

    from groundplan.cli.postgres import hold

    held = hold(state_folder())
    try:
        with psycopg.connect(held.owner_url) as connection:
            return connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone() is None
    finally:
        held.release()


@click.group()
def database() -> None:
    """Dump and restore the embedded database."""


@database.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def dump(file: Path) -> None:
    """Write all tables into FILE.

    For a change of PostgreSQL's major version: name the old programs in GROUNDPLAN_PG_BIN.
    """
    file = file.absolute()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.close(descriptor)
    run_program("pg_dump", "--format=custom", f"--file={file}")
    click.echo(f"wrote {file} ({file.stat().st_size} bytes)", err=True)


@database.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path) -> None:
    """Read FILE into a new, empty database."""
    if not os.environ.get("DATABASE_URL") and not is_empty():
        fail("the database holds tables already; move the folder postgres of the state folder away first.")
    run_program("pg_restore", "--exit-on-error", "--single-transaction", str(file.absolute()))
    click.echo(f"restored {file}", err=True)
