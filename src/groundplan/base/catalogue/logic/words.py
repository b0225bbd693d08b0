"""The words under which an entry is found, and those that a query asks for: Chinese, English, pinyin, misspelt; pure.

Four kinds of words stand in one index. Pairs of Chinese characters and Latin words as they are; ``~`` pairs of pinyin
syllables, which bridge homophones, both scripts and typing without an input method; ``^`` three initials of syllables
in a row; ``_`` three letters of a Latin word, which bridge misspelling. Syllables that many speakers do not tell apart
(zh z, ch c, sh s, ng n) count as one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+")
_HAN = re.compile(f"[{HAN}]")
_SAME = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("ü", "v"))
LONGEST_WORD, LONGEST_QUERY, FEWEST_LETTERS, INITIALS = 40, 120, 4, 3
TITLE, ITEM, SUMMARY = 1000, 600, 250


def index_words(title: Iterable[str], items: Iterable[str], summary: Iterable[str]) -> dict[str, int]:
    """The words of an entry with their weight: those of the title count most, and more in a short title.

    Args:
        title: in every language.
        items: names of data items, key words, unit.
        summary: longer texts; found by their characters and words only.
    """
    found: dict[str, int] = {}
    for texts, weight, spoken in ((summary, SUMMARY, False), (items, ITEM, True), (title, TITLE, True)):
        for text in texts:
            words = text_words(text, spoken=spoken)
            share = weight * 40 // (40 + min(len(text), 60)) if weight == TITLE else weight
            for word in words:
                found[word] = max(found.get(word, 0), share)
    return found


def text_words(text: str, *, spoken: bool = True) -> list[str]:
    """All words of a text that stands in the catalogue.

    Example:
        >>> text_words("路灯 lamp", spoken=False)
        ['路灯', 'lamp']
    """
    found: list[str] = []
    for run in _RUNS.findall(_plain(text)):
        if not _HAN.match(run):
            found.append(run[:LONGEST_WORD])
            found += _letters(run) if spoken else []
            continue
        found += _pairs(run)
        if spoken:
            found += run
            found += _sounds(syllables(run))
    return found


def query_words(text: str, synonyms: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """The words that a query asks for with how much each counts; synonyms count less than what was typed.

    Args:
        text: what was typed.
        synonyms: word -> other words for it.

    Example:
        >>> [word for word in query_words("路灯", {}) if word[0] not in "~^_"]
        ['路灯']
    """
    plain = _plain(text)[:LONGEST_QUERY]
    found: dict[str, float] = {}
    runs = _RUNS.findall(plain)
    for run in runs:
        _add(found, _typed(run), 1.0)
    latin = [run for run in runs if not _HAN.match(run)]
    if len(latin) > 1 and all(parsed(run) for run in latin):
        spoken = [syllable for run in latin for syllable in parsed(run)]
        _add(found, [(word, 0.9) for word in _sounds(spoken)], 1.0)
    for word, others in synonyms.items():
        if _plain(word) in plain:
            for other in others:
                for run in _RUNS.findall(_plain(other)):
                    _add(found, [(each, 1.0) for each in (_pairs(run) if _HAN.match(run) else [run])], 0.5)
    return found


def syllables(run: str) -> list[str]:
    """The syllables of Chinese characters, told apart as far as all speakers do.

    Example:
        >>> syllables("重庆市")
        ['con', 'qin', 'si']
    """
    return [_folded(each) for each in lazy_pinyin(run)]


@lru_cache(maxsize=4096)
def parsed(run: str) -> tuple[str, ...]:
    """A Latin run as syllables of pinyin, the fewest; empty if it is none. The last may be unfinished.

    Example:
        >>> parsed("ludengtaizhang"), parsed("lamp")
        (('lu', 'den', 'tai', 'zan'), ())
    """
    known = _known_syllables()
    best: list[tuple[int, tuple[str, ...]] | None] = [(0, ())] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for start in range(max(0, end - 6), end):
            before, part = best[start], run[start:end]
            if before is not None and part in known:
                made = (before[0] + 1, (*before[1], _folded(part)))
                now = best[end]
                if now is None or made[0] < now[0]:
                    best[end] = made
    whole = best[len(run)]
    return whole[1] if whole else ()


def _typed(run: str) -> list[tuple[str, float]]:
    """The words of one run of a query."""
    if _HAN.match(run):
        pairs = _pairs(run) if len(run) > 1 else [run]
        return [*((word, 1.0) for word in pairs), *((word, 0.5) for word in _sounds(syllables(run)))]
    found = [(run[:LONGEST_WORD], 1.0)]
    spoken = parsed(run)
    if len(spoken) > 1:
        found += [(word, 0.9) for word in _sounds(list(spoken))]
    elif not spoken and run.isalpha():
        found += [(word, 0.4) for word in _letters(run)]
        pieces = _pieces(run)
        found += [(word, 0.7) for word in _sounds(pieces)] if len(pieces) > 1 else []
        if INITIALS <= len(run) <= LONGEST_WORD:
            found += [("^" + run[at : at + INITIALS], 0.6) for at in range(len(run) - INITIALS + 1)]
    return found


def _pieces(run: str) -> list[str]:
    """What can be read of a misspelt run of pinyin: the longest syllables from the left, other letters left out."""
    known, found, at = _known_syllables(), [], 0
    while at < len(run):
        end = next((end for end in range(min(len(run), at + 6), at, -1) if run[at:end] in known), 0)
        if end:
            found.append(_folded(run[at:end]))
        at = end or at + 1
    return found


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] if len(run) > 1 else [run]


def _sounds(spoken: Sequence[str]) -> list[str]:
    """Pairs of syllables, and three initials in a row."""
    pairs = [f"~{spoken[at]}.{spoken[at + 1]}" for at in range(len(spoken) - 1)]
    initials = "".join(each[0] for each in spoken if each)
    return pairs + ["^" + initials[at : at + INITIALS] for at in range(len(initials) - INITIALS + 1)]


def _letters(run: str) -> list[str]:
    if len(run) < FEWEST_LETTERS or not run.isascii() or not run.isalpha():
        return []
    framed = f" {run[:LONGEST_WORD]} "
    return ["_" + framed[at : at + 3] for at in range(len(framed) - 2)]


def _folded(syllable: str) -> str:
    for typed, same in _SAME:
        syllable = syllable.replace(typed, same)
    return syllable


def _add(found: dict[str, float], words: Iterable[tuple[str, float]], times: float) -> None:
    for word, weight in words:
        found[word] = max(found.get(word, 0.0), weight * times)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


@lru_cache(maxsize=1)
def _known_syllables() -> frozenset[str]:
    """All syllables of the dictionary of readings, without tones."""
    found: set[str] = set()
    for readings in PINYIN_DICT.values():
        for each in readings.split(","):
            plain = to_normal(each)
            if plain.isascii() and plain.isalpha() and any(vowel in plain for vowel in "aeiouv"):
                found.add(plain)
    return frozenset(found)
