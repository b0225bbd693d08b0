"""What raw handlers ask the database: whether the installation is ready, and who listens to a stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest

from groundplan.commons.wall.queries import wall_of
from groundplan.kernel.events.streams import WALL
from groundplan.kernel.parties import access

WORKER_SILENT_S = 60
_migrated: list[bool] = []


def with_connection(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call something on this thread's persistent connection, a new one if the old is broken."""
    close_old_connections()
    try:
        return call(*arguments)
    finally:
        close_old_connections()


def readiness() -> tuple[bool, bytes]:
    """Whether requests can be served in full: database, migrations, a living worker."""
    found: dict[str, bool] = {"database": False, "migrations": False, "worker": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            found["database"] = True
        found["migrations"] = migrated()
        found["worker"] = bool(found["migrations"] and living_workers())
    except DatabaseError:
        pass
    return all(found.values()), json.dumps(found).encode()


def migrated() -> bool:
    """Whether every migration of this version is applied; a yes is remembered."""
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.append(True)
    return True


def living_workers() -> int:
    """Workers that were heard of lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)",
            [WORKER_SILENT_S],
        )
        return int(cursor.fetchone()[0])


def audience_of(headers: Iterable[tuple[bytes, bytes]]) -> set[str]:
    """What the sender of a request may hear, by the session cookie or the access token; ``public`` for anybody."""
    request = HttpRequest()
    for name, value in headers:
        request.META["HTTP_" + name.decode("latin1").upper().replace("-", "_")] = value.decode("latin1")
    try:
        cookies = SimpleCookie(request.META.get("HTTP_COOKIE", ""))
    except CookieError:
        cookies = SimpleCookie()
    request.COOKIES = {name: morsel.value for name, morsel in cookies.items()}
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    walls = {WALL} if wall_of(request.COOKIES.get("wall", "")) is not None else set()
    return set(access.actor_of(request).audience()) | {"public"} | walls
