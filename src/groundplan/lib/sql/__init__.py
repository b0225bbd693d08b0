"""Everything that PostgreSQL does beyond standard SQL, in one place (docs/database.md lists it, with tests)."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.resources import files
from typing import Any

import psycopg
from django.db import connection, connections
from django.db.backends.utils import CursorWrapper

Cursor = CursorWrapper


@cache
def named(package: str, name: str) -> str:
    """The text of ``sql/<name>.sql`` of an app.

    Args:
        package: dotted name of the app, as ``groundplan.kernel.ledger``.
        name: file name without its suffix.
    """
    return files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def together() -> Iterator[None]:
    """Statements of :func:`run` in this block go to the server in one journey; their answers are there after it.

    A statement that fails makes the block raise at its end, and those after it are not run.
    """
    own = connections[connection.alias]
    own.ensure_connection()
    with own.wrap_database_errors, own.connection.pipeline():
        yield


def run(statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run a statement of a hot path in Django's transaction, bound and prepared by the server.

    Args:
        statement: SQL with a ``%s`` for each value; one of few texts, as the server remembers each.
        values: what psycopg can send, such as the results of ``get_db_prep_save``.

    Returns:
        The cursor with the answer. Inside :func:`together` it is to be read after the block.
    """
    own = connections[connection.alias]  # once, as each access through the proxy looks the thread's connection up.
    own.ensure_connection()
    own.validate_no_broken_transaction()
    if own.queries_logged:
        own.queries_log.append({"sql": statement, "time": "0"})
    cursor = psycopg.Cursor(own.connection)
    execute: Callable[..., Any] = _send
    for watcher in reversed(own.execute_wrappers):
        execute = partial(watcher, execute)
    with own.wrap_database_errors:
        execute(statement, values, False, {"connection": own, "cursor": cursor})
    return cursor


def _send(statement: str, values: Sequence[Any], _many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
    return context["cursor"].execute(statement, values)


def lock_number(key: str) -> int:
    """The signed 64-bit number that stands for a named lock."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def advisory_xact_lock(cursor: Cursor, key: str) -> None:
    """Wait for the named lock; it is released with the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(key)])


def hold(key: str) -> None:
    """The same with :func:`run`: in a block of :func:`together` the statements behind it wait for the lock."""
    run("SELECT pg_advisory_xact_lock(%s)", [lock_number(key)])


def try_advisory_lock(cursor: Cursor, key: str) -> bool:
    """Take the named lock until the end of the transaction, unless another transaction holds it."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_number(key)])
    row = cursor.fetchone()
    return bool(row and row[0])


@contextmanager
def held(key: str, *, wait_s: float = 0.0) -> Iterator[bool]:
    """Hold the named lock over several transactions, on a connection of its own; it ends with the process.

    Args:
        key: name of the lock.
        wait_s: how long to wait for somebody else, s.

    Yields:
        Whether the lock was got.
    """
    end, got = time.monotonic() + wait_s, False
    with own_connection() as holder, holder.transaction():
        while True:
            row = holder.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_number(key)]).fetchone()
            got = bool(row and row[0])
            if got or time.monotonic() >= end:
                break
            time.sleep(0.1)
        yield got


def notify(channel: str, payload: str = "") -> None:
    """Tell listeners; they hear it when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


class Quiet:
    """Allows a notification once in a while per process.

    Committing a NOTIFY takes a lock that all databases of the server share, so a transaction that tells about itself
    each time makes all commits queue. Listeners poll as well: a notification left out costs only a little time.
    """

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._last = float("-inf")
        self._lock = threading.Lock()

    def may_notify(self) -> bool:
        """Whether enough time has passed since the last notification of this process."""
        with self._lock:
            moment = time.monotonic()
            if moment - self._last < self.every_s:
                return False
            self._last = moment
            return True


def own_connection() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection outside Django's, in autocommit: for listening and COPY in threads of their own."""
    parameters = connection.get_connection_params()
    wanted = {
        name: value
        for name, value in parameters.items()
        if name in {"dbname", "user", "password", "host", "port", "options", "sslmode", "application_name", "service"}
    }
    return psycopg.connect(**wanted, autocommit=True, connect_timeout=5)


def listen(channels: Sequence[str], *, stop: threading.Event, poll_s: float = 1.0) -> Iterator[str | None]:
    """Yield each notification's payload, and None every ``poll_s`` seconds without one.

    The stream goes on by polling alone while the server cannot be listened to (it is down, or stands behind a
    connection pooler, or does not know LISTEN), and listens again when it can. The first item comes at once.

    Args:
        channels: names of channels; trusted text.
        stop: ends the stream within ``poll_s``.
        poll_s: longest silence, s.
    """
    listener: psycopg.Connection[tuple[Any, ...]] | None = None
    yield None
    try:
        while not stop.is_set():
            try:
                if listener is None:
                    listener = own_connection()
                    for channel in channels:
                        listener.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
                heard = [note.payload for note in listener.notifies(timeout=poll_s, stop_after=1)]
            except psycopg.Error:
                if listener is not None:
                    listener.close()
                    listener = None
                stop.wait(poll_s)
                heard = []
            yield heard[0] if heard else None
    finally:
        if listener is not None:
            listener.close()


def copy_rows(
    cursor: Cursor, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write many rows by binary COPY.

    Args:
        cursor: Django's cursor, inside the caller's transaction.
        table: name of the table; trusted text.
        columns: names of the columns.
        types: PostgreSQL names of their types, as ``int8``.
        rows: values in the order of ``columns``.
    """
    statement = psycopg.sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        psycopg.sql.Identifier(table), psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns))
    )
    with cursor.cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def insert_new(cursor: Cursor, table: str, values: dict[str, Any]) -> bool:
    """Insert a row unless its key exists (ON CONFLICT DO NOTHING).

    Returns:
        Whether the row is new.
    """
    statement = psycopg.sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
        psycopg.sql.Identifier(table),
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, values)),
        psycopg.sql.SQL(", ").join(psycopg.sql.Placeholder() for _ in values),
    )
    cursor.execute(statement, list(values.values()))
    return bool(cursor.rowcount == 1)


def guard_sql(table: str) -> str:
    """Statements that make a table append-only: UPDATE, DELETE and TRUNCATE are refused by triggers."""
    return f"""
CREATE OR REPLACE FUNCTION groundplan_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION groundplan_refuse_change();
"""


def unguard_sql(table: str) -> str:
    """The reverse of :func:`guard_sql`, for migrations."""
    return f"DROP TRIGGER {table}_append_only ON {table};"
