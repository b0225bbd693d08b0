"""Finds marks of state and work secrets in what somebody wants to catalogue; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Found:
    """A mark that was found, and the basis on which it is refused."""

    word: str
    basis: Mapping[str, str]


def secret_marks(texts: Iterable[str], terms: Iterable[tuple[Iterable[str], Mapping[str, Any]]]) -> list[Found]:
    """The marks that stand in some texts.

    Args:
        texts: what was written.
        terms: words and meaning of each term; ``but`` in the meaning lists longer words that are harmless.

    Example:
        >>> [each.word for each in secret_marks(["某项绝密★目录"], [(["绝密"], {"basis": {}})])]
        ['绝密']
        >>> secret_marks(["商业秘密保护"], [(["秘密"], {"but": ["商业秘密"]})])
        []
    """
    plain = ["".join(unicodedata.normalize("NFKC", text).split()) for text in texts]
    found = []
    for words, meaning in terms:
        kept = plain
        for harmless in meaning.get("but", ()):
            kept = [text.replace(harmless, "") for text in kept]
        found += [
            Found(word, meaning.get("basis", {})) for word in words if any(word in text for text in kept)
        ]  # fmt: skip
    return found
