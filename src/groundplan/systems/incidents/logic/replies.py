"""Checks a reply by a rule: names it a result, was it in time, is it more than set phrases, answers it the type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NOT_WORDS = re.compile(r"[\s\W_]+")


@dataclass(frozen=True)
class ReplyRule:
    """What a reply must have.

    Args:
        row: the row of the rule.
        shortest: fewest characters, without marks.
        results: words of which one names a result; none = nothing is asked.
        answers: words of which one answers the type of request; none = nothing is asked.
        empty: phrases that say nothing by themselves.
    """

    row: str
    shortest: int
    results: Sequence[str]
    answers: Sequence[str]
    empty: Sequence[str]


def findings(reply: str, rule: ReplyRule, *, request: str = "", in_time: bool | None = None) -> list[str]:
    """What is doubtful about a reply: keys ``short no-result template echo no-answer late``, none when nothing is.

    Args:
        reply: the words that the reporter will read.
        rule: what is asked.
        request: what the reporter said; a reply that only repeats it says nothing.
        in_time: whether the unit was in time; None when it cannot be told.

    Example:
        >>> rule = ReplyRule("A", 6, ("已修复",), (), ("感谢您的来电",))
        >>> findings("感谢您的来电。", rule)
        ['no-result', 'template']
        >>> findings("感谢您的来电，路灯已修复。", rule)
        []
    """
    plain, found = _plain(reply), []
    if len(plain) < rule.shortest:
        found.append("short")
    if rule.results and not any(word in reply for word in rule.results):
        found.append("no-result")
    rest = plain
    for phrase in rule.empty:
        rest = rest.replace(_plain(phrase), "")
    if len(rest) < min(rule.shortest, len(plain)):
        found.append("template")
    elif rest and len(rest) >= rule.shortest and rest in _plain(request):
        found.append("echo")
    if rule.answers and not any(word in reply for word in rule.answers):
        found.append("no-answer")
    if in_time is False:
        found.append("late")
    return found


def _plain(text: str) -> str:
    return _NOT_WORDS.sub("", text)
