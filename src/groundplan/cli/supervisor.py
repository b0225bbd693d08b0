"""The owner of the processes: web, worker, PostgreSQL. A killed child is started again, with growing patience."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

import click

from groundplan.cli.context import fail, open_database, path_to_package
from groundplan.cli.postgres import DatabaseFailed

LOOK_EVERY_S = 0.2
PATIENCE_S = (0.2, 0.5, 1, 2, 5, 10, 30)
# Who lived so long was well when it ended: killed, not broken. Patience is for those who cannot even start.
LONG_ENOUGH_S = 5.0
SHUTDOWN_S = 20.0


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    pass_fds: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    ended: float = 0.0
    failures: int = 0

    def start(self) -> None:
        """Start it, in a session of its own: a Ctrl-C reaches it through the supervisor only."""
        self.started, self.ended = time.monotonic(), 0.0
        self.process = subprocess.Popen(
            self.command,
            pass_fds=self.pass_fds,
            env={**os.environ, **path_to_package(), "SUPERVISOR_PID": str(os.getpid()), **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def look_after(self) -> None:
        """Start it again if it has ended and its time of patience is over."""
        if self.process is None or self.process.poll() is None:
            return
        if not self.ended:
            self.ended = time.monotonic()
        if self.ended - self.started > LONG_ENOUGH_S:
            self.failures = 0
        if time.monotonic() - self.started < PATIENCE_S[min(self.failures, len(PATIENCE_S) - 1)]:
            return
        self.failures += 1
        click.echo(f"groundplan: {self.name} ended with status {self.process.returncode}; starting it again", err=True)
        self.start()


class Supervisor:
    """Keeps children and the database running until it is told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.stopping = False

    def run(self, on_ready: Callable[[], None] | None = None) -> None:
        """Start all, look after them, stop all.

        Args:
            on_ready: called once after the children were started.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        try:
            for child in self.children:
                child.start()
            if on_ready:
                on_ready()
            while not self.stopping:
                time.sleep(LOOK_EVERY_S)
                self.look_after_database()
                for child in self.children:
                    if not self.stopping:
                        child.look_after()
        finally:
            self.end_children()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Begin the shutdown."""
        self.stopping = True

    def look_after_database(self) -> None:
        """Start the embedded PostgreSQL again after its guardian was killed."""
        held = open_database()
        if held is None or held.is_guarded or self.stopping:
            return
        click.echo("groundplan: the guardian of PostgreSQL ended; starting it again", err=True)
        try:
            held.start_again()
        except DatabaseFailed as error:
            click.echo(f"groundplan: {error}", err=True)
            time.sleep(1)
            return
        if os.environ["DATABASE_URL"] != held.app_url:
            # Its old port was taken meanwhile: everybody must hear the new one.
            os.environ["DATABASE_URL"] = held.app_url
            os.environ["GROUNDPLAN_OWNER_DATABASE_URL"] = held.owner_url
            self.end_children()
            for child in self.children:
                child.start()

    def end_children(self) -> None:
        """Ask all to finish what they do; end those that do not."""
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            process.terminate()
        end = time.monotonic() + SHUTDOWN_S
        for process in running:
            try:
                process.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def listening(host: str, port: int) -> socket.socket:
    """The socket that all web processes share; no request is refused while one of them starts again."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            fail(f"port {port} is taken by another program; name another with --port, or 0 for any free one.")
        if error.errno == errno.EACCES:
            fail(f"port {port} needs rights that this user lacks; name one above 1023 with --port.")
        fail(f"{host}:{port} cannot be used: {error.strerror}")
    made.listen(2048)
    made.set_inheritable(True)
    return made


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    also: Sequence[Child] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the installation until SIGTERM or Ctrl-C; Django and the database are set up already.

    Args:
        host: address to listen on.
        port: 0 for any free one.
        workers: web processes.
        also: further processes to keep running.
        on_ready: called with the address of the front page.
    """
    shared = listening(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{shared.getsockname()[1]}/"
    with tempfile.TemporaryDirectory(prefix="groundplan-metrics-") as figures:
        environment = {"PROMETHEUS_MULTIPROC_DIR": figures}
        python = [sys.executable, "-P", "-m"]
        web = [
            Child(
                f"web {number}", [*python, "groundplan.cli.web", str(shared.fileno())], (shared.fileno(),), environment
            )
            for number in range(1, workers + 1)
        ]
        worker = Child("worker", [*python, "groundplan.cli.worker"])
        supervisor = Supervisor([*web, worker, *also])
        supervisor.run((lambda: on_ready(address)) if on_ready else None)
    shared.close()
