"""What a child process of the installation does first, whoever started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys


def end_with_supervisor() -> None:
    """Called first in a child: the kernel ends it when the supervisor is killed (Linux)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.environ.get("SUPERVISOR_PID") not in {None, str(os.getppid())}:
        # It was killed before the line above.
        sys.exit(1)
