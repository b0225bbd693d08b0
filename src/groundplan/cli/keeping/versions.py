"""Which version of this program a database belongs to: a stamp on it, and a clear refusal to go back."""

from __future__ import annotations

import json
import re
from typing import Any

from groundplan import __version__
from groundplan.lib.errors import Conflict

READ = "SELECT obj_description(to_regclass('django_migrations'), 'pg_class')"


class DatabaseNewer(Conflict):
    """The database has been used by a newer version of this program."""

    code = "database-newer"
    title = {"zh-hans": "数据库版本高于程序版本", "en": "The database is newer than this program"}


def stamped() -> dict[str, Any]:
    """What the database says of itself: ``version`` and ``since``; empty before versions were stamped."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(READ)
        text = cursor.fetchone()[0]
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def stamp(owner_url: str) -> None:
    """Write this version on the database, as the role that owns the tables; a table's comment goes along in dumps."""
    import psycopg
    from psycopg import sql

    from groundplan.lib import clock

    if stamped().get("version") == __version__:
        return
    text = json.dumps({"version": __version__, "since": clock.now().isoformat(timespec="seconds")})
    with psycopg.connect(owner_url, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return  # The address names another database than the one in use, as in tests, which clone theirs.
        connection.execute(sql.SQL("COMMENT ON TABLE django_migrations IS {}").format(sql.Literal(text)))


def refuse_newer(executor: Any) -> None:
    """Refuse a database that a newer version has used: its tables may mean what this version does not know.

    Args:
        executor: Django's, with what is applied and what this version has.

    Raises:
        DatabaseNewer: the stamp or a migration is of a newer version.
    """
    loader = executor.loader
    ours = {app for app, _ in loader.disk_migrations}
    strange = sorted(
        f"{key[0]}.{key[1]}"
        for key in loader.applied_migrations
        if key[0] in ours and key not in loader.disk_migrations and not replaced(loader, key)
    )
    last = str(stamped().get("version", "")) if loader.applied_migrations else ""
    if not strange and order(last) <= order(__version__):
        return
    known = f"version {last}" if order(last) > order(__version__) else "a newer version"
    why = f" It holds changes that this version does not know: {strange[0]} ({len(strange)} in all)." if strange else ""
    raise DatabaseNewer(
        f"The database was last used by {known}, and this is version {__version__}.{why}",
        accepted="the version that used it last, or a newer one",
        next_step="Install that version again; or restore a backup of before the upgrade into an empty state folder.",
    )


def replaced(loader: Any, key: tuple[str, str]) -> bool:
    """Whether a migration of ours stands for an applied one that was squashed away."""
    return any(key in migration.replaces for migration in loader.disk_migrations.values())


def order(version: str) -> tuple[int, ...]:
    """A version as numbers, to be compared; none is before all."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
