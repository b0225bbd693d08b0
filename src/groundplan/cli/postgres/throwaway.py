"""A PostgreSQL for one test run: no durability, trusted connections, gone with its folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from groundplan.cli.postgres.programs import Server, binaries, free_port, unprivileged


def start_throwaway(folder: Path) -> tuple[Server, subprocess.Popen[bytes]]:
    """Start a server in an empty folder and wait until it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        shutil.chown(folder, "nobody")
    programs = binaries()
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
    import psycopg

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
