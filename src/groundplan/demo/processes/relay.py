"""Moves records into the log and events to their positions, in a process of its own beside a simulated day."""

from __future__ import annotations

import os
import signal
import sys
import threading

GATHER_S = 0.25


def main() -> None:
    """Work until SIGTERM, or until the process that started this one is gone."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")
    import django  # noqa: PLC0415 - settings first.

    django.setup()
    from groundplan.kernel.events import actions as events  # noqa: PLC0415 - after setup.
    from groundplan.kernel.ledger import actions as ledger  # noqa: PLC0415 - the same.

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    parent = os.getppid()
    # The day runs faster than life: larger batches leave the processor to it.
    while not stop.wait(GATHER_S) and os.getppid() == parent:
        while ledger.sequence(batch=2000):
            pass
        while events.dispatch(batch=2000).sequenced:
            pass


if __name__ == "__main__":
    main()
    sys.exit(0)
