"""Who may read the files of a subject: the app that owns the subject says so."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

Reader = Callable[[HttpRequest, str], bool]

_readers: dict[str, Reader] = {}


def reader(subject_prefix: str, may_read: Reader) -> None:
    """Register who may read the files of subjects that begin so; called from ``AppConfig.ready()``.

    Args:
        subject_prefix: such as ``case:``.
        may_read: takes the request and the subject; False is answered like a file that does not exist.
    """
    _readers[subject_prefix] = may_read


def may_read(request: HttpRequest, subject: str) -> bool:
    """Whether a request may read the files of a subject; no when nobody answers for it."""
    fitting = [prefix for prefix in _readers if subject.startswith(prefix)]
    return bool(fitting) and _readers[max(fitting, key=len)](request, subject)
