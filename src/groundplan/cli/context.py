"""What every command shares: the state folder, Django on a running database, JSON, one reason for a failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from groundplan.lib import environment

if TYPE_CHECKING:
    from groundplan.cli.postgres import Held

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = "groundplan.config.settings"
_held: Held | None = None


def state_folder() -> Path:
    """Where this installation keeps everything: ``$GROUNDPLAN_STATE``, by default ``.state`` of the working folder."""
    state = Path(environment.read("GROUNDPLAN_STATE")).absolute()
    state.mkdir(parents=True, exist_ok=True)
    os.environ["GROUNDPLAN_STATE"] = str(state)
    return state


def is_production() -> bool:
    """Whether this is the real thing."""
    return bool(environment.read("GROUNDPLAN_MODE") == "production")


def checkout() -> Path:
    """The checkout that this program runs from; commands for developers need one."""
    if not (ROOT / "pyproject.toml").exists():
        fail("this command works in a checkout of the repository, not in an installed package.")
    return ROOT


def open_database() -> Held | None:
    """Start or join the embedded PostgreSQL and name it in ``DATABASE_URL``; None if the environment names a server."""
    global _held  # noqa: PLW0603 - one hold a process, kept until it ends.
    if _held is None and not os.environ.get("DATABASE_URL"):
        from groundplan.cli.postgres import hold

        _held = hold(state_folder())
        os.environ["DATABASE_URL"] = _held.app_url
        os.environ["GROUNDPLAN_OWNER_DATABASE_URL"] = _held.owner_url
    return _held


def setup_django(*, migrate: bool = True) -> None:
    """Load Django on the installation's database, started if need be, with all migrations applied.

    Args:
        migrate: apply missing migrations; otherwise the database is taken as it is.
    """
    state_folder()
    (state_folder() / "static").mkdir(exist_ok=True)
    given = bool(os.environ.get("DATABASE_URL"))
    open_database()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    if given:
        from groundplan.cli.postgres.external import check_server

        check_server(os.environ["DATABASE_URL"])
    django.setup()
    if migrate:
        from groundplan.cli.keeping.versions import stamp

        if migrations_missing():
            apply_migrations()
        stamp(os.environ.get("GROUNDPLAN_OWNER_DATABASE_URL") or os.environ["DATABASE_URL"])


def migrations_missing() -> bool:
    """Whether the database lacks a migration of this version.

    Raises:
        DatabaseNewer: a newer version has used it.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from groundplan.cli.keeping.versions import refuse_newer

    executor = MigrationExecutor(connection)
    refuse_newer(executor)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def apply_migrations() -> None:
    """Apply the migrations as the role that owns the schema; two processes never do it at once."""
    from groundplan.cli.postgres.locks import Lock

    owner = os.environ.get("GROUNDPLAN_OWNER_DATABASE_URL") or os.environ["DATABASE_URL"]
    click.echo("groundplan: applying the migrations of this version", err=True)
    with Lock(state_folder() / "migrate.lock"):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "django", "migrate", "--verbosity=0"],
            env={**os.environ, "DATABASE_URL": owner, "DJANGO_SETTINGS_MODULE": SETTINGS, **path_to_package()},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        fail(f"the migrations could not be applied: {done.stderr.strip().splitlines()[-1]}")


def discard_state(state: Path) -> None:
    """Remove a temporary state folder with its database, wherever the data stands, once the server has stopped."""
    global _held  # noqa: PLW0603 - the hold of this process ends here.
    from groundplan.cli.postgres import discard

    if "django.db" in sys.modules:
        sys.modules["django.db"].connections.close_all()
    if _held is not None and _held.state == state:
        _held.release()
        _held = None
        for name in ("DATABASE_URL", "GROUNDPLAN_OWNER_DATABASE_URL"):
            os.environ.pop(name, None)
    discard(state)


def path_to_package() -> dict[str, str]:
    """The variable that lets a child process find this package, wherever it was started."""
    return {"PYTHONPATH": str(ROOT / "src")} if (ROOT / "pyproject.toml").exists() else {}


def echo_json(value: Any) -> None:
    """Print exactly one JSON object on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False, default=str))


def fail(reason: str) -> NoReturn:
    """End with status 1 and one line that says why."""
    click.echo(f"groundplan: {' '.join(reason.split())}", err=True)
    sys.exit(1)


def refuse_acting_in_production(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The check behind ``--as``."""
    if value and is_production():
        message = "--as works only outside production. Accepted: GROUNDPLAN_MODE=demo or test."
        raise click.UsageError(message)
    return value


as_option = click.option(
    "--as", "as_name", metavar="NAME", callback=refuse_acting_in_production,
    help="Act as this user or party; only outside production.",
)  # fmt: skip


def actor_named(name: str | None) -> Any:
    """The actor for ``--as NAME``; the system itself without a name. After :func:`setup_django`."""
    queries = import_module("groundplan.kernel.parties.queries")

    return queries.actor_named(name) if name else queries.SYSTEM
