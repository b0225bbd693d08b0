"""Kinds of sources of identities: the shipped ones, and those that an app above registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from groundplan.kernel.identity.models import Source

Labels = dict[str, str]


@dataclass(frozen=True)
class Going:
    """A browser that is sent to a source.

    Args:
        back: our address to which it comes back.
        state: random; it must come back with it.
        nonce: random; the source signs it, where it signs.
        challenge: SHA-256 of the verifier, for sources that know RFC 7636.
    """

    back: str
    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True)
class Coming:
    """A browser that came back.

    Args:
        asked: what stands in the address.
        back: the address to which it came.
        nonce: what went with it.
        verifier: the secret behind the challenge (RFC 7636).
    """

    asked: Mapping[str, str]
    back: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Outsider:
    """Who somebody is at a source.

    Args:
        subject: the source's own id of the person; never another person's.
        name: as the source shows it; may be empty.
        strong: whether the source says that it asked for a second factor.
    """

    subject: str
    name: str = ""
    strong: bool = False


@dataclass(frozen=True)
class SourceKind:
    """An adapter.

    Args:
        key: name of the kind.
        label: shown to people.
        needed: options that must be given.
        optional: options that may be given.
        begin: ``(source, going)`` gives the address to which the browser is sent.
        finish: ``(source, coming)`` gives the person, or raises ``SourceRefused``.
        prepare: ``(source)`` fetches what the source publishes, before it is taken into use.
    """

    key: str
    label: Labels
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    begin: Callable[[Source, Going], str]
    finish: Callable[[Source, Coming], Outsider]
    prepare: Callable[[Source], None] = lambda _source: None


_kinds: dict[str, SourceKind] = {}


def source_kind(kind: SourceKind) -> None:
    """Register a kind of source; called from ``AppConfig.ready()``."""
    _kinds[kind.key] = kind


def kind_of(key: str) -> SourceKind | None:
    """A registered kind."""
    return _kinds.get(key)


def kinds() -> list[SourceKind]:
    """All registered kinds."""
    return list(_kinds.values())
