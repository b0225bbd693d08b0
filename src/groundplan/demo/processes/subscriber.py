"""A subscriber in a process of its own: it follows the event log in order and writes down each id it is given."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path


def main() -> None:
    """Follow the log into the file named on the command line until SIGTERM, then read what is left and end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")
    import django  # noqa: PLC0415 - settings first.

    django.setup()
    from groundplan.kernel.events.queries import events_after  # noqa: PLC0415 - after setup.
    from groundplan.lib import sql  # noqa: PLC0415 - the same.

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    position, parent = 0, os.getppid()
    with Path(sys.argv[1]).open("a", encoding="ascii") as out:
        for _hint in sql.listen(["events_integrated"], stop=stop, poll_s=0.5):
            while rows := events_after(position, limit=500):
                out.writelines(f"{row.event_id}\n" for row in rows)
                position = rows[-1].position
            out.flush()
            if os.getppid() != parent:
                stop.set()
        while rows := events_after(position, limit=500):
            out.writelines(f"{row.event_id}\n" for row in rows)
            position = rows[-1].position


if __name__ == "__main__":
    main()
    sys.exit(0)
