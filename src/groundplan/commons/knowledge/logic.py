"""Which articles speak of what a caller says: words in common, the given words counting most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """What is compared of an article.

    Args:
        key: names it.
        words: the words that its owner gave it.
        title: tokens of its title.
        question: tokens of its question.
    """

    key: int
    words: Sequence[str]
    title: frozenset[str]
    question: frozenset[str]


def best(text: str, tokens: Iterable[str], candidates: Iterable[Candidate], *, most: int = 5) -> list[int]:
    """The keys of the articles that fit a text, best first.

    A given word that occurs in the text counts 4, a pair of characters in common with the title 2, with the question 1;
    under 3 an article does not fit.

    Args:
        text: what the caller says.
        tokens: its tokens.
        candidates: what may fit.
        most: how many at most.

    Example:
        >>> one = Candidate(1, ("路灯",), frozenset({"路灯", "灯报"}), frozenset())
        >>> best("我家门口路灯坏了", ["我家", "门口", "路灯", "灯坏"], [one])
        [1]
    """
    said = frozenset(tokens)
    scored = []
    for each in candidates:
        score = 4 * sum(word in text for word in each.words if word)
        score += 2 * len(said & each.title) + len(said & each.question)
        if score >= 3:  # noqa: PLR2004 - one pair in common is chance.
            scored.append((-score, each.key))
    return [key for _score, key in sorted(scored)[:most]]
