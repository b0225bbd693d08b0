"""Join the embedded PostgreSQL, or start it: the only public way to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from groundplan.cli.postgres import cluster
from groundplan.cli.postgres.errors import DatabaseFailed, explained
from groundplan.cli.postgres.locks import Lock, is_held, register_holder
from groundplan.cli.postgres.programs import Server

START_LIMIT_S = 120.0
STOP_LIMIT_S = 20.0


@dataclass
class Held:
    """A hold on the running server: PostgreSQL stays up while a process has one."""

    state: Path
    server: Server
    passwords: cluster.Passwords
    lock: Lock

    @property
    def app_url(self) -> str:
        """The address for the application: its role owns nothing."""
        return self.server.url(cluster.DATABASE, user=cluster.APP, password=self.passwords.app)

    @property
    def owner_url(self) -> str:
        """The address for migrations: this role owns the schema."""
        return self.server.url(cluster.DATABASE, user=cluster.OWNER, password=self.passwords.owner)

    @property
    def is_guarded(self) -> bool:
        """Whether the guardian lives."""
        return is_held(self.state / "postgres" / "guardian.lock")

    def start_again(self) -> None:
        """Start the server again after its guardian was killed; it takes the same port if that is free."""
        with Lock(self.state / "postgres" / "start.lock"):
            self.server = running_server(self.state, self.passwords)

    def release(self) -> None:
        """Let go."""
        self.lock.path.unlink(missing_ok=True)
        self.lock.release()


def hold(state: Path) -> Held:
    """Start or join the server of a state folder.

    Raises:
        DatabaseFailed: it cannot run; the message says why and what to do.
    """
    folder = state / "postgres"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Lock(folder / "start.lock"):
            passwords = cluster.passwords_in(state / "keys")
            lock = register_holder(folder / "holders")
            try:
                server = running_server(state, passwords)
                cluster.prepare(folder, server, passwords)
            except BaseException:
                lock.path.unlink(missing_ok=True)
                lock.release()
                raise
    except OSError as error:
        raise explained(str(error), folder) from error
    return Held(state=state, server=server, passwords=passwords, lock=lock)


def discard(state: Path) -> None:
    """Remove a state folder and its data, once nobody holds its server any more.

    Raises:
        DatabaseFailed: somebody else still uses it.
    """
    folder = state / "postgres"
    end = time.monotonic() + STOP_LIMIT_S
    while is_held(folder / "guardian.lock"):
        if time.monotonic() > end:
            raise DatabaseFailed(f"{state} is still in use.", next_step="End the programs that use it, then try again.")
        time.sleep(0.05)
    data = (folder / "data").resolve()
    if (folder / "data").is_symlink():
        shutil.rmtree(data.parent, ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)


def running_server(state: Path, passwords: cluster.Passwords) -> Server:
    """The running server; the caller has the start lock."""
    folder = state / "postgres"
    if not is_held(folder / "guardian.lock"):
        cluster.make_data(folder, passwords)
        for name in ("running.json", "failure", "ready"):
            (folder / name).unlink(missing_ok=True)
        wanted = os.environ.get("GROUNDPLAN_PG_PORT", "0")
        # -P: the working folder is not on the path, wherever the command is called.
        subprocess.run(
            [sys.executable, "-P", "-m", "groundplan.cli.postgres.guardian", str(folder), wanted],
            check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )  # fmt: skip
    return wait_for(folder, passwords)


def wait_for(folder: Path, passwords: cluster.Passwords) -> Server:
    """The server once it answers, or the reason why it does not."""
    import psycopg

    end = time.monotonic() + START_LIMIT_S
    reason = ""
    while time.monotonic() < end:
        if (folder / "failure").exists():
            raise explained((folder / "failure").read_text(), folder)
        try:
            port = json.loads((folder / "running.json").read_text())["port"]
            server = Server(port=port, password=passwords.superuser, data=folder / "data")
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
        except FileNotFoundError:
            pass
        except psycopg.OperationalError as error:
            reason = str(error)
            if "password authentication failed" in reason:
                break
        else:
            (folder / "ready").touch()
            return server
        time.sleep(0.05)
    raise explained(reason or "the server did not come up", folder)


__all__ = ["DatabaseFailed", "Held", "discard", "hold"]
