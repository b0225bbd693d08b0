"""A PostgreSQL that the city brings: what it must be, checked at start with errors that teach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from groundplan.cli.postgres.errors import DatabaseFailed

if TYPE_CHECKING:
    import psycopg

OLDEST = 150000


def check_server(url: str) -> None:
    """Check version, encoding and locale of a server named by ``DATABASE_URL``.

    Raises:
        DatabaseFailed: it cannot be reached, is too old, is not UTF-8, or takes Chinese characters for no letters.
    """
    import psycopg

    try:
        connection = psycopg.connect(url, connect_timeout=10, client_encoding="utf8")
    except psycopg.OperationalError as error:
        raise DatabaseFailed(
            f"The server named in DATABASE_URL does not answer: {str(error).strip().splitlines()[-1]}",
            accepted="postgresql://user:password@host:port/database",
            next_step="Check host, port, user and pg_hba.conf, or unset DATABASE_URL to use the embedded PostgreSQL.",
        ) from error
    with connection:
        version = connection.info.server_version
        if version < OLDEST:
            raise DatabaseFailed(
                f"The server is PostgreSQL {version // 10000}.",
                accepted="PostgreSQL 15 or newer",
                next_step="Upgrade the server, or unset DATABASE_URL to use the embedded PostgreSQL.",
            )
        check_texts(connection)


def check_texts(connection: psycopg.Connection[Any]) -> None:
    """Check how the database stores and reads Chinese.

    Raises:
        DatabaseFailed: with the command that makes a database which does it right.
    """
    name, encoding = connection.info.dbname, connection.info.parameter_status("server_encoding")
    remedy = (
        f"Make the database again: CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' "
        "(from version 17 on: LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8')."
    )
    if encoding != "UTF8":
        raise DatabaseFailed(f"The database {name} stores text as {encoding}.", accepted="UTF8", next_step=remedy)
    # pg_trgm and the regular expressions ask the locale the same question.
    row = connection.execute("SELECT '城' ~ '\\w'").fetchone()
    if row != (True,):
        raise DatabaseFailed(
            f"The locale of the database {name} does not know Chinese characters as letters: search finds nothing.",
            accepted="a UTF-8 locale such as C.UTF-8, zh_CN.UTF-8 or en_US.UTF-8",
            next_step=remedy,
        )
