"""The data folder: made once, with three roles of which the application's owns nothing."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from groundplan.cli.postgres.errors import DatabaseFailed, explained
from groundplan.cli.postgres.programs import SHARED, Server, binaries, major_version, reachable, unprivileged

DATABASE = "groundplan"
OWNER = "groundplan_owner"
APP = "groundplan_app"

DEFAULTS = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public"

# What the application's role gets in the schema that the owner fills: rows, never tables.
GRANTS = (
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    f"GRANT USAGE ON SCHEMA public TO {APP}",
    f"{DEFAULTS} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}",
    f"{DEFAULTS} GRANT USAGE, SELECT ON SEQUENCES TO {APP}",
)


@dataclass(frozen=True)
class Passwords:
    """One random password a role."""

    superuser: str
    owner: str
    app: str


def passwords_in(keys: Path) -> Passwords:
    """The passwords, made at first use; only the user who runs groundplan may read them."""
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = keys / "postgres.json"
    if not path.exists():
        made = Passwords(*(secrets.token_urlsafe(24) for _ in range(3)))
        descriptor, name = tempfile.mkstemp(dir=keys)
        with os.fdopen(descriptor, "w") as stream:
            json.dump(asdict(made), stream)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).rename(path)
    return Passwords(**json.loads(path.read_text()))


def make_data(folder: Path, passwords: Passwords) -> None:
    """Make the data folder if there is none; refuse one of another major version.

    Raises:
        DatabaseFailed: with the reason and the next step.
    """
    programs = binaries()
    data = folder / "data"
    if data.is_symlink() and not data.exists():
        raise DatabaseFailed(
            f"{data} points to {data.readlink()}, which is gone.",
            next_step=f"Put the folder back, or remove {data} to begin with an empty database.",
        )
    if data.exists():
        refuse_other_major(data.resolve(), major_version(programs), folder)
        return
    home = folder if reachable(folder) else outside(folder)
    making = home / "data.new"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=home, prefix="pw") as password_file:
        password_file.write(passwords.superuser)
        password_file.flush()
        if os.getuid() == 0:
            shutil.chown(making, "nobody")
            shutil.chown(password_file.name, "nobody")
        done = subprocess.run(
            [programs / "initdb", "-D", making, "-U", Server.user, "-A", "scram-sha-256", "-E", "UTF8",
             f"--pwfile={password_file.name}", *locale_arguments(major_version(programs))],
            check=False, capture_output=True, text=True, cwd="/", **unprivileged(),
        )  # fmt: skip
    if done.returncode:
        shutil.rmtree(making, ignore_errors=True)
        raise explained(done.stdout + done.stderr, folder)
    making.rename(home / "data")
    if home != folder:
        data.symlink_to(home / "data")


def locale_arguments(major: int) -> list[str]:
    """A locale that knows Chinese characters as letters; the one built in since version 17 needs nothing installed."""
    if major >= 17:  # noqa: PLR2004 - the version named above.
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def outside(folder: Path) -> Path:
    """A folder that nobody may enter, for a state folder in a closed place such as root's home."""
    place = SHARED / "state" / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    for part in (SHARED, SHARED / "state", place):
        part.chmod(0o755)
    # An unreferenced data folder here belonged to a state folder that was deleted.
    shutil.rmtree(place / "data", ignore_errors=True)
    return place


def refuse_other_major(data: Path, ours: int, folder: Path) -> None:
    """Refuse a data folder that another major version made.

    Raises:
        DatabaseFailed: with the commands that carry the data over.
    """
    theirs = int((data / "PG_VERSION").read_text())
    if theirs == ours:
        return
    dump = f"{folder.parent / 'groundplan.dump'}"
    raise DatabaseFailed(
        f"The data folder {data} was made by PostgreSQL {theirs}; the programs here are PostgreSQL {ours}.",
        next_step=(
            f"1. GROUNDPLAN_PG_BIN=/usr/lib/postgresql/{theirs}/bin ./groundplan database dump {dump}   "
            f"2. mv {folder} {folder}-{theirs}   "
            f"3. ./groundplan database restore {dump}"
        ),
    )


def prepare(folder: Path, server: Server, passwords: Passwords) -> None:
    """Make the roles and the database once; may be repeated after an interruption."""
    marker = folder / "prepared"
    if marker.exists() and marker.read_text() == str(folder.joinpath("data").resolve()):
        return
    import psycopg
    from psycopg import sql

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app)):
            verb = "ALTER" if role in present else "CREATE"
            connection.execute(
                sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*map(sql.Identifier, (DATABASE, OWNER))))
    with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
        for statement in GRANTS:
            connection.execute(statement.encode())
    marker.write_text(str(folder.joinpath("data").resolve()))
