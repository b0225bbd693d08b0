"""``groundplan backup`` and ``groundplan restore``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click

from groundplan import __version__
from groundplan.cli import context
from groundplan.cli.keeping import archive, lake
from groundplan.lib import environment

DUMP = "database.dump"
KEYS, FILES = "keys", "files"
# Belongs to the data folder of the embedded server, not to the city: a new server makes its own passwords.
OF_THE_SERVER = ("postgres.json",)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print what was kept as one JSON object.")
def backup(file: Path, *, as_json: bool) -> None:
    """Write everything into FILE while the city runs: database, files, the lake, keys, the head of the log.

    FILE holds the keys: whoever has it can read the city's personal data. It is written with mode 0600.
    """
    begun, file = time.monotonic(), file.absolute()
    if not file.parent.is_dir():
        context.fail(f"{file.parent} is no folder.")
    context.setup_django(migrate=False)
    if context.migrations_missing():
        context.fail("the database is of another version than this program; run `groundplan up` once, or its version.")
    try:
        with frozen() as (snapshot, blobs, head):
            about = {"version": __version__, "at": now(), "log": head}
            with archive.writing(file, about) as writer, tempfile.TemporaryDirectory(dir=file.parent) as folder:
                dump = Path(folder) / DUMP
                program("pg_dump", "--format=custom", "--no-sync", f"--snapshot={snapshot}", f"--file={dump}")
                writer.add(DUMP, dump)
                add_files(writer, blobs)
                lake.add_lake(writer)
                for key in sorted((context.state_folder() / KEYS).glob("*")):
                    if key.is_file() and key.name not in OF_THE_SERVER:
                        writer.add(f"{KEYS}/{key.name}", key)
    except OSError as error:
        context.fail(f"{file} could not be written: {error.strerror or error}. Nothing is left of it.")
    told = {"file": str(file), "bytes": file.stat().st_size, "files": len(blobs), "log": head,
            "seconds": round(time.monotonic() - begun, 1)}  # fmt: skip
    if as_json:
        context.echo_json(told)
    click.echo(f"wrote {file}: {told['bytes']} bytes, {told['files']} files, log of {head['size']} entries", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print what was restored as one JSON object.")
def restore(file: Path, *, as_json: bool) -> None:
    """Read FILE into a new, empty installation and verify its log."""
    begun, state = time.monotonic(), context.state_folder()
    context.open_database()
    refuse_occupied(state)
    lake.refuse_occupied_lake()
    with tempfile.TemporaryDirectory(dir=state, prefix="restoring-") as name:
        folder = Path(name)
        manifest = archive.unpack(file.absolute(), folder)
        program("pg_restore", "--exit-on-error", "--single-transaction", str(folder / DUMP))
        for key in sorted((folder / KEYS).glob("*")):
            (state / KEYS).mkdir(mode=0o700, exist_ok=True)
            key.replace(state / KEYS / key.name)
        if (folder / FILES).is_dir():
            (folder / FILES).replace(state / FILES)
        lake.put_lake(folder)
    context.setup_django()
    head, verified = manifest["log"], verify()
    told = {"ok": verified.ok, "size": verified.size, "root": verified.root, "at": manifest["at"],
            "seconds": round(time.monotonic() - begun, 1)}  # fmt: skip
    if as_json:
        context.echo_json(told)
    if verified.first_bad:
        context.fail(f"the log does not hold: {verified.first_bad.reason}. Do not use this installation.")
    if verified.size != head["size"] or (head["size"] and verified.root != head["root"]):
        context.fail(f"the log has {verified.size} entries, the backup told of {head['size']}. Do not use it.")
    click.echo(f"restored {file}: as of {manifest['at']}, the log of {verified.size} entries holds", err=True)


@contextmanager
def frozen() -> Iterator[tuple[str, list[tuple[str, str]], dict[str, Any]]]:
    """One moment of the database: its snapshot for the dump, the contents of files, and the head of the log.

    What is committed later is not in the backup; nobody waits for it.
    """
    from django.db import connection, transaction

    from groundplan.kernel.files.models import Blob
    from groundplan.kernel.ledger import queries as ledger

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = str(cursor.fetchone()[0])
        head = ledger.head()
        told = {"size": head.size, "root": bytes(head.root).hex()} if head else {"size": 0, "root": ""}
        yield snapshot, [(blob.digest, blob.path) for blob in Blob.objects.order_by("digest")], told


def add_files(writer: archive.Writer, blobs: list[tuple[str, str]]) -> None:
    """Add the contents that the database names; one that is damaged or was erased meanwhile is refused or left out."""
    from groundplan.kernel.files.models import Blob

    folder = context.state_folder() / FILES
    for digest, path in blobs:
        if not (folder / path).exists() and not still_there(Blob, digest):
            continue
        writer.add(f"{FILES}/{path}", folder / path)
        if writer.members[f"{FILES}/{path}"] != digest:
            context.fail(f"the stored file {path} is damaged: its content has another hash. No backup was written.")


def still_there(blob: Any, digest: str) -> bool:
    """Whether a content is still named, seen from outside the frozen moment."""
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        statement = f"SELECT 1 FROM {blob._meta.db_table} WHERE digest = %s"  # noqa: S608, SLF001 - a constant name.
        return other.execute(statement, [digest]).fetchone() is not None


def refuse_occupied(state: Path) -> None:
    """End unless database and files are empty."""
    import psycopg

    with psycopg.connect(owner_url()) as connection:
        row = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone()
    if row is not None:
        context.fail(f"the database holds tables already ({row[0]}); name an empty state folder in GROUNDPLAN_STATE.")
    if (state / FILES).is_dir() and any((state / FILES).iterdir()):
        context.fail(f"{state / FILES} holds files already; name an empty state folder in GROUNDPLAN_STATE.")
    shutil.rmtree(state / FILES, ignore_errors=True)


def owner_url() -> str:
    """The address for the role that owns the schema."""
    return os.environ.get("GROUNDPLAN_OWNER_DATABASE_URL") or os.environ["DATABASE_URL"]


def program(name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on the installation's database as the owner of the schema.

    Its password is handed over in the environment, where other users do not see it.
    """
    parts = urlsplit(owner_url())
    done = subprocess.run(
        [programs_of_server() / name, f"--host={parts.hostname}", f"--port={parts.port or 5432}", "--no-password",
         f"--username={unquote(parts.username or '')}", f"--dbname={unquote(parts.path.lstrip('/'))}", *arguments],
        env={**os.environ, "PGPASSWORD": unquote(parts.password or "")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        context.fail(f"{name} failed: {done.stderr.strip() or done.returncode}")


def programs_of_server() -> Path:
    """Programs of the server's own major version: newer ones say things in a restore that an older server refuses."""
    import psycopg

    from groundplan.cli.postgres.programs import binaries

    with psycopg.connect(owner_url()) as connection:
        major = connection.info.server_version // 10000
    named, on_path = environment.read("GROUNDPLAN_PG_BIN"), shutil.which("pg_restore")
    folders = [Path(named) if named else binaries(), Path(f"/usr/lib/postgresql/{major}/bin")]
    folders += [Path(f"/usr/pgsql-{major}/bin"), *([Path(on_path).parent] if on_path else [])]
    for folder in folders:
        if version_of(folder / "pg_restore") == major:
            return folder
    return context.fail(
        f"the server is PostgreSQL {major}, and no pg_dump and pg_restore of that version were found; "
        "install its client programs, or name their folder in GROUNDPLAN_PG_BIN."
    )


def version_of(path: Path) -> int:
    """The major version of a program of PostgreSQL, 0 where there is none."""
    if not path.exists():
        return 0
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0


def verify() -> Any:
    """The whole log computed again."""
    from groundplan.kernel.ledger import queries

    return queries.verify()


def now() -> str:
    """The moment of the backup."""
    from groundplan.lib import clock

    return clock.now().isoformat(timespec="seconds")
