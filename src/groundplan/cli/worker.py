"""The worker process: background jobs, the sequencer of the log, the dispatcher of events."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module

import structlog

from groundplan.lib.processes import end_with_supervisor

LOOPS = (
    "groundplan.kernel.ledger.jobs:sequencer_loop",
    "groundplan.kernel.events.jobs:dispatcher_loop",
    "groundplan.kernel.proofs.jobs:witness_loop",
)
# What a process that was killed left half done is brought to an end before anything new is begun.
FIRST = ("groundplan.base.lake.actions:reconcile_runs",)
CONCURRENCY = 4

Loop = Callable[[threading.Event], None]
log = structlog.get_logger("worker")


def run_loop(loop: Loop, stop: threading.Event) -> None:
    """Run a loop in its thread; if it fails, the whole process ends and the supervisor starts it again."""
    try:
        loop(stop)
    except Exception:
        log.exception("loop ended", loop=loop.__name__)
    if not stop.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


NICE = 10


def main() -> None:
    """Work until SIGTERM."""
    end_with_supervisor()
    # Whoever waits for an answer goes before what may follow a moment later.
    os.nice(NICE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")
    import django

    django.setup()
    from procrastinate.contrib.django import app

    for place in FIRST:
        module, _, name = place.partition(":")
        getattr(import_module(module), name)()
    stop = threading.Event()
    threads = []
    for place in LOOPS:
        module, _, name = place.partition(":")
        loop: Loop = getattr(import_module(module), name)
        threads.append(threading.Thread(target=run_loop, args=(loop, stop), name=name))
    for thread in threads:
        thread.start()
    try:
        connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's has it.
        with app.replace_connector(connector) as jobs:
            jobs.run_worker(concurrency=CONCURRENCY, install_signal_handlers=True, delete_jobs="successful")
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


if __name__ == "__main__":
    main()
    sys.exit(0)
