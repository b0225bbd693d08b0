"""The guardian of the embedded PostgreSQL: starts it, starts it again, stops it when nobody holds it any more.

It runs as a process of its own, so that a kill -9 of every other Python process leaves nothing behind: holders show
that they live by a lock on a file, and the kernel takes the lock from a dead process. If the guardian itself is killed,
PostgreSQL is asked by the kernel to shut down. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from groundplan.cli.postgres.locks import Lock, living_holders
from groundplan.cli.postgres.programs import binaries, free_port, unprivileged

LOOK_EVERY_S = 0.5
LOOKS_WITHOUT_HOLDER = 4
FAST_SHUTDOWN_S = 5.0
LOG_LIMIT_BYTES = 10_000_000
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and details may quote what people wrote: neither belongs into a log file.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}


class Guardian:
    """Owns the postmaster of one data folder."""

    def __init__(self, folder: Path, wanted_port: int) -> None:
        self.folder = folder
        self.data = (folder / "data").resolve()
        self.wanted_port = wanted_port
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Keep PostgreSQL running until its last holder is gone."""
        empty = 0
        # What is left of a killed run holds the port: it goes first, so that everybody finds the server where it was.
        clear_remains(self.data)
        self.port = self.choose_port()
        self.start()
        first_start = True
        died = 0
        while True:
            time.sleep(LOOK_EVERY_S)
            if self.process is not None and self.process.poll() is not None:
                died += 1
                if (first_start and died > 1) or died > 10:  # noqa: PLR2004 - two tries at first, ten in a row later.
                    (self.folder / "failure").write_text(self.log_tail())
                    return
                time.sleep(min(died * 0.2, 2))
                clear_remains(self.data)
                self.start()
            elif (self.folder / "ready").exists():
                first_start, died = False, 0
            empty = 0 if living_holders(self.folder / "holders") else empty + 1
            if empty >= LOOKS_WITHOUT_HOLDER and self.stop_if_still_unheld():
                return

    def choose_port(self) -> int:
        """The port asked for, the port of last time if it is free, or any free one."""
        if self.wanted_port:
            return self.wanted_port
        try:
            last = int((self.folder / "port").read_text())
        except (OSError, ValueError):
            return free_port()
        return last if port_is_free(last) else free_port()

    def start(self) -> None:
        """Start the postmaster and say where it is."""
        log_path = self.folder / "log"
        if log_path.exists() and log_path.stat().st_size > LOG_LIMIT_BYTES:
            log_path.replace(self.folder / "log.1")
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with log_path.open("ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.data, "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                preexec_fn=stop_with_parent,  # noqa: PLW1509 - the guardian has one thread.
                **unprivileged(),
            )  # fmt: skip
        (self.folder / "port").write_text(str(self.port))
        running = {"port": self.port, "postmaster": self.process.pid, "guardian": os.getpid()}
        making = self.folder / "running.json.new"
        making.write_text(json.dumps(running))
        making.replace(self.folder / "running.json")

    def stop_if_still_unheld(self) -> bool:
        """Stop PostgreSQL, unless a holder came while nobody looked."""
        with Lock(self.folder / "start.lock", wait=False) as lock:
            if not lock.held or living_holders(self.folder / "holders"):
                return False
            self.stop()
            return True

    def stop(self) -> None:
        """A fast shutdown; a slow one is cut short, which costs the next start a recovery and no committed row."""
        (self.folder / "running.json").unlink(missing_ok=True)
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(FAST_SHUTDOWN_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(FAST_SHUTDOWN_S)

    def log_tail(self) -> str:
        """What PostgreSQL said since its last start."""
        with (self.folder / "log").open("rb") as log:
            log.seek(self.log_start)
            return log.read()[-4000:].decode(errors="replace")


def port_is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def stop_with_parent() -> None:
    """Runs in the child before PostgreSQL: a fast shutdown when the guardian dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def processes_in(data: Path) -> list[int]:
    """The processes that work in a data folder, whoever started them (empty where /proc is missing)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == data and (entry / "exe").readlink().name.startswith("postgres"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def clear_remains(data: Path) -> None:
    """End what a killed run left: an orphaned postmaster or its backends, and a pid file that names a stranger.

    Only the holder of the guardian's lock comes here, so nobody else may be starting the same folder.
    """
    pid_file = data / "postmaster.pid"
    for number, waits_s in ((signal.SIGINT, FAST_SHUTDOWN_S), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
        end = time.monotonic() + waits_s
        remains = processes_in(data)
        for pid in remains:
            # Backends of a dead postmaster leave by themselves; a postmaster wants the signal.
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        while processes_in(data) and time.monotonic() < end:
            time.sleep(0.05)
    if not processes_in(data):
        # After a restart of the machine the number in it may belong to any program, which PostgreSQL would respect.
        pid_file.unlink(missing_ok=True)


def main(folder: Path, wanted_port: int) -> None:
    """Become a daemon and guard the data folder."""
    if os.fork():
        os._exit(0)
    os.setsid()
    with Lock(folder / "guardian.lock", wait=False) as lock:
        if not lock.held:
            return
        try:
            Guardian(folder, wanted_port).run()
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who waits must hear it.
            (folder / "failure").write_text(repr(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
