"""Invented names of the sample city's places and people; English names follow Hanyu Pinyin."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.resources import files

import yaml
from pypinyin import lazy_pinyin

_WORDS: dict[str, list[str]] = {
    key: str(words).split()
    for key, words in yaml.safe_load(
        files("groundplan.demo").joinpath("data", "names.yaml").read_text(encoding="utf-8")
    ).items()
}


def pinyin(text: str) -> str:
    """A name in Hanyu Pinyin, capitalised and without tones.

    >>> pinyin("听雨")
    'Tingyu'
    """
    return "".join(lazy_pinyin(text)).capitalize()


def districts() -> list[dict[str, str]]:
    """Names of districts."""
    return [{"zh-hans": name, "en": f"{pinyin(name[:-1])} District"} for name in _WORDS["districts"]]


def streets() -> Iterator[dict[str, str]]:
    """Names of streets; every eighth is a township."""
    for at, name in enumerate(_WORDS["streets"]):
        rural = at % 8 == 7  # noqa: PLR2004 - every eighth.
        kind = ("镇", "Township") if rural else ("街道", "Street")
        yield {"zh-hans": name + kind[0], "en": f"{pinyin(name)} {kind[1]}"}


def communities(seed: int) -> Iterator[dict[str, str]]:
    """Names of communities, no name twice; every tenth is a village."""
    pairs = [head + tail for head in _WORDS["heads"] for tail in _WORDS["tails"]]
    random.Random(seed).shuffle(pairs)  # noqa: S311 - a repeatable order, not a secret.
    for at, name in enumerate(pairs):
        rural = at % 10 == 9  # noqa: PLR2004 - every tenth.
        yield {
            "zh-hans": name + ("村" if rural else "社区"),
            "en": f"{pinyin(name)} {'Village' if rural else 'Community'}",
        }


def roads(seed: int, count: int) -> list[tuple[str, ...]]:
    """Eight names of roads for each of so many streets."""
    pairs = [head + tail for head in _WORDS["road_heads"] for tail in _WORDS["road_tails"]]
    order = random.Random(seed + 1)  # noqa: S311 - a repeatable order, not a secret.
    return [tuple(order.sample(pairs, 8)) for _street in range(count)]


def people(seed: int) -> Iterator[str]:
    """Names of people, endlessly."""
    order = random.Random(seed + 2)  # noqa: S311 - a repeatable order, not a secret.
    while True:
        yield order.choice(_WORDS["family"]) + order.choice(_WORDS["given"])
