"""What other apps register: who may read the decisions about their subjects, and what depends on a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest

MayRead = Callable[[HttpRequest, str], bool]


@dataclass(frozen=True)
class Reader:
    """Who may read decisions about subjects of one kind.

    Args:
        may_read: whether the sender of a request may see a decision about a subject.
        may_read_personal: whether the personal facts are shown as well.
    """

    may_read: MayRead
    may_read_personal: MayRead


@dataclass(frozen=True)
class Dependent:
    """Something that uses a rule: a flow, another rule."""

    label: Mapping[str, str]
    url: str = ""


readers: dict[str, Reader] = {}
units: dict[str, str] = {}
dependents: list[Callable[[str], Iterable[Dependent]]] = []


def nobody(request: HttpRequest, subject: str) -> bool:
    """No one."""
    del request, subject
    return False


def reader(subject_prefix: str, may_read: MayRead, *, personal: MayRead = nobody) -> None:
    """Register who may read decisions about subjects that begin with a prefix; called from ``AppConfig.ready()``.

    Args:
        subject_prefix: as ``case:``.
        may_read: whether the sender of a request may see a decision about the subject.
        personal: whether personal facts are shown as well.
    """
    readers[subject_prefix] = Reader(may_read, personal)


def dependent(find: Callable[[str], Iterable[Dependent]]) -> None:
    """Register a function that lists what uses a rule by its key; called from ``AppConfig.ready()``."""
    if find not in dependents:
        dependents.append(find)


def reader_of(subject: str) -> Reader:
    """Who may read decisions about a subject."""
    for prefix, found in readers.items():
        if subject.startswith(prefix):
            return found
    return Reader(nobody, nobody)


def dependents_of(key: str) -> list[Dependent]:
    """What uses a rule."""
    return [item for find in dependents for item in find(key)]


def unit(subject_prefix: str, sql: str) -> None:
    """Register which unit answers for subjects that begin with a prefix; called from ``AppConfig.ready()``.

    Args:
        subject_prefix: as ``case:``.
        sql: a SELECT of the columns ``subject`` and ``unit`` (the code), one row a subject.
    """
    units[subject_prefix] = sql


def units_sql() -> str:
    """Subjects and the codes of the units that answer for them."""
    return " UNION ALL ".join(units.values()) or "SELECT NULL::text AS subject, NULL::text AS unit WHERE FALSE"
