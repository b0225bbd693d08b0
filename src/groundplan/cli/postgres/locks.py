"""Locks on files that the kernel takes away from a dead process. Standard library only."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self


class Lock:
    """An exclusive lock on a file; ``held`` says whether it was got.

    Args:
        path: the file, made if absent.
        wait: wait for the lock; otherwise try once.
    """

    def __init__(self, path: Path, *, wait: bool = True) -> None:
        self.path = path
        self.wait = wait
        self.held = False
        self._fd = -1

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> bool:
        """Take the lock."""
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | (0 if self.wait else fcntl.LOCK_NB))
            self.held = True
        except BlockingIOError:
            self.release()
        return self.held

    def release(self) -> None:
        """Give the lock back."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self.held = -1, False


def is_held(path: Path) -> bool:
    """Whether some process has the lock of a file."""
    if not path.exists():
        return False
    with Lock(path, wait=False) as lock:
        return not lock.held


def register_holder(folder: Path) -> Lock:
    """A locked file of this process in the holders' folder; it appears there only once it is locked."""
    folder.mkdir(mode=0o700, exist_ok=True)
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    hidden = folder / f".{name}"
    lock = Lock(hidden)
    lock.acquire()
    lock.path = hidden.rename(folder / name)
    return lock


def living_holders(folder: Path) -> int:
    """How many processes hold; files of dead ones are removed."""
    count = 0
    for path in folder.glob("[0-9]*"):
        if is_held(path):
            count += 1
        else:
            path.unlink(missing_ok=True)
    return count
