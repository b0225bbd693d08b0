"""The log's sequencer and the dispatcher of events, in a process of their own beside a simulated day."""

from __future__ import annotations

import os
import signal
import sys
import threading


def main() -> None:
    """Work until SIGTERM, or until the process that started this one is gone."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")
    import django  # noqa: PLC0415 - settings first.

    django.setup()
    from groundplan.kernel.events.jobs import dispatcher_loop  # noqa: PLC0415 - after setup.
    from groundplan.kernel.ledger.jobs import sequencer_loop  # noqa: PLC0415 - the same.

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    threads = [threading.Thread(target=loop, args=(stop,)) for loop in (sequencer_loop, dispatcher_loop)]
    for thread in threads:
        thread.start()
    parent = os.getppid()
    while not stop.wait(0.5):
        if os.getppid() != parent:
            stop.set()
    for thread in threads:
        thread.join(15)


if __name__ == "__main__":
    main()
    sys.exit(0)
