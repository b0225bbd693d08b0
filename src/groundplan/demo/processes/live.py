"""The simulated day beside the served city: a process that lives it at the pace of the city's clock."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from groundplan.lib.processes import end_with_supervisor


def main() -> None:
    """Live the day until it ends, then rest until SIGTERM."""
    end_with_supervisor()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")
    import django  # noqa: PLC0415 - settings first.

    django.setup()
    from groundplan.demo import messages  # noqa: PLC0415 - after setup.
    from groundplan.demo.day import Day, pace  # noqa: PLC0415 - the same.
    from groundplan.kernel.cases.models import Case  # noqa: PLC0415 - the same.

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if not Case.objects.exists():
        if len(sys.argv) > 1:
            # Beside the day: eleven thousand messages take a while.
            folder = Path(sys.argv[1])
            threading.Thread(target=messages.send, args=(folder,), kwargs={"until": stop.is_set}, daemon=True).start()
        Day.planned().run(pace(stop))
    stop.wait()


if __name__ == "__main__":
    main()
    sys.exit(0)
