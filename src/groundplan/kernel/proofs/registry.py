"""Who may read the records of a subject: the app that owns the subject says so."""

from __future__ import annotations

from collections.abc import Callable

from groundplan.kernel.parties.queries import Actor

Reader = Callable[[Actor, str], bool]

_readers: dict[str, Reader] = {}


def reader(subject_prefix: str, may_read: Reader) -> None:
    """Register who, besides auditors, may read records of subjects that begin so; called from ``AppConfig.ready()``.

    Args:
        subject_prefix: such as ``case:``.
        may_read: takes the actor and the subject; False is answered like a record that does not exist.
    """
    _readers[subject_prefix] = may_read


def may_read(actor: Actor, subject: str) -> bool:
    """Whether an actor may read the records of a subject; no when nobody answers for it."""
    fitting = [prefix for prefix in _readers if subject.startswith(prefix)]
    return bool(fitting) and _readers[max(fitting, key=len)](actor, subject)
