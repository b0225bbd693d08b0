"""Is this the same thing again? Likeness of texts and nearness of places; and which category a text speaks of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

EARTH_RADIUS_M = 6_371_008.8
_NOISE = re.compile(r"[\s\d\W_]+", re.UNICODE)


@dataclass(frozen=True)
class Likely:
    """An earlier report that may be the same: which, how far, how like, and why it is offered."""

    incident_id: int
    distance_m: float | None
    likeness: float
    reason: str


@dataclass(frozen=True)
class Earlier:
    """What is compared of an earlier report."""

    incident_id: int
    category: str
    text: str
    point: tuple[float, float] | None
    reported_at: datetime


def bigrams(text: str) -> frozenset[str]:
    """Pairs of neighbouring characters, without figures, blanks and punctuation.

    Example:
        >>> sorted(bigrams("井盖破损！"))
        ['井盖', '盖破', '破损']
    """
    plain = _NOISE.sub("", text.lower())
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1)) if len(plain) > 1 else frozenset({plain} - {""})


def likeness(one: str, other: str) -> float:
    """Dice coefficient of the two sets of bigrams: 1 for equal texts, 0 for nothing in common.

    Example:
        >>> likeness("路灯不亮", "路灯不亮")
        1.0
    """
    a, b = bigrams(one), bigrams(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else float(bool(a == b and one.strip() == other.strip()))


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance of two points (longitude, latitude in degrees), in metres."""
    lon_a, lat_a, lon_b, lat_b = map(math.radians, (*one, *other))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def likely_duplicates(
    *,
    category: str,
    text: str,
    point: tuple[float, float] | None,
    reported_at: datetime,
    earlier: Iterable[Earlier],
    within_m: float = 50.0,
    within: timedelta = timedelta(hours=72),
    alike: float = 0.6,
) -> list[Likely]:
    """Earlier reports that a person should look at before a second case is opened.

    A report is offered when it names the same category near the same place within the time, or when its text is
    alike and its place, where both have one, is near. Two reports at one spot about two things are not offered.

    Args:
        category: key of the category, empty if none.
        text: title and description.
        point: longitude, latitude, WGS 84, or None.
        reported_at: when it was reported.
        earlier: reports still open, or closed within the time.
        within_m: radius.
        within: window of time.
        alike: least likeness of texts.

    Returns:
        Best first, at most five.
    """
    found = []
    for other in earlier:
        if abs(reported_at - other.reported_at) > within:
            continue
        near = distance_m(point, other.point) if point and other.point else None
        same_words = likeness(text, other.text)
        same_kind = bool(category) and category == other.category
        if same_kind and near is not None and near <= within_m:
            found.append(Likely(other.incident_id, near, same_words, "same-category-near"))
        elif same_words >= alike and (near is None or near <= 4 * within_m):
            found.append(Likely(other.incident_id, near, same_words, "alike-text"))
    return sorted(found, key=lambda like: (-like.likeness, like.distance_m or 0.0))[:5]


def propose_category(text: str, keywords: Mapping[str, Sequence[str]]) -> tuple[str, float]:
    """The category whose words the text names most, and how sure that is.

    Args:
        text: what was reported.
        keywords: category key -> words that speak of it; longer words count more.

    Returns:
        The key and a certainty from 0 to 1; ``("", 0.0)`` when no word occurs. Below 0.4 a person decides
        (the practice of Signalen).

    Example:
        >>> propose_category("门口的路灯不亮", {"a": ["路灯"], "b": ["井盖"]})
        ('a', 1.0)
    """
    scores = {
        key: sum(len(word) ** 2 for word in set(words) if word and word in text) for key, words in keywords.items()
    }
    total = sum(scores.values())
    if not total:
        return "", 0.0
    best = max(scores, key=lambda key: (scores[key], key))
    return best, scores[best] / total
