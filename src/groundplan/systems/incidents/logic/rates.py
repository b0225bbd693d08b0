"""The indicators of city management and of the hotline, and an example of a score made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

Labels = dict[str, str]


@dataclass(frozen=True)
class Indicator:
    """One rate: its key, its name, whether more is better, and in which flow it is meant."""

    key: str
    label: Labels
    more_is_better: bool
    flows: tuple[str, ...]


BOTH = ("city-management", "hotline")
CITY = ("city-management",)
HOTLINE = ("hotline",)
INDICATORS: tuple[Indicator, ...] = (
    Indicator("handled", {"zh-hans": "处置率", "en": "Handled"}, True, BOTH),
    Indicator("handled_in_time", {"zh-hans": "按期处置率", "en": "Handled in time"}, True, BOTH),
    Indicator("closed", {"zh-hans": "结案率", "en": "Closed"}, True, BOTH),
    Indicator("closed_in_time", {"zh-hans": "按期结案率", "en": "Closed in time"}, True, BOTH),
    Indicator("dispatched_right", {"zh-hans": "准确派遣率", "en": "Dispatched right"}, True, BOTH),
    Indicator("dispatched_in_time", {"zh-hans": "按期派遣率", "en": "Dispatched in time"}, True, BOTH),
    Indicator("filed_in_time", {"zh-hans": "按时立案率", "en": "Registered in time"}, True, CITY),
    Indicator("valid", {"zh-hans": "有效上报率", "en": "Valid reports"}, True, CITY),
    Indicator("reworked", {"zh-hans": "返工率", "en": "Reworked"}, False, BOTH),
    Indicator("waiting_overdue", {"zh-hans": "超期待处置率", "en": "Waiting overdue"}, False, BOTH),
    Indicator("extended", {"zh-hans": "延期率", "en": "Extended"}, False, BOTH),
    Indicator("responded", {"zh-hans": "响应率", "en": "Responded"}, True, HOTLINE),
    Indicator("solved", {"zh-hans": "解决率", "en": "Solved"}, True, HOTLINE),
    Indicator("satisfied", {"zh-hans": "满意率", "en": "Satisfied"}, True, HOTLINE),
    Indicator("audited", {"zh-hans": "抽查合格率", "en": "Audits passed"}, True, HOTLINE),
)
KEYS = tuple(indicator.key for indicator in INDICATORS)

# What a unit may contest with an appeal (申诉); an upheld one counts in its favour.
CONTESTABLE = (
    "handled_in_time", "closed_in_time", "reworked", "extended", "responded", "solved", "satisfied", "audited",
)  # fmt: skip
FAVOURABLE = {indicator.key: indicator.more_is_better for indicator in INDICATORS}


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    hits: int
    total: int

    @property
    def share(self) -> Decimal | None:
        """The share as an exact number from 0 to 1 with four decimals; None of nothing.

        Example:
            >>> Rate(1, 3).share
            Decimal('0.3333')
        """
        return (Decimal(self.hits) / self.total).quantize(Decimal("0.0001")) if self.total else None

    @property
    def percent(self) -> str:
        """The share as people read it.

        Example:
            >>> Rate(1, 3).percent, Rate(0, 0).percent
            ('33.3%', '–')
        """
        return "–" if not self.total else f"{(Decimal(100 * self.hits) / self.total).quantize(Decimal('0.1'))}%"


def example_score(rates: Mapping[str, Rate]) -> Decimal | None:
    """30·处置率 + 20·按期处置率 + 20·(1−返工率) + 20·(1−超期待处置率) + 10·(1−延期率).

    An example only: a city sets its own formula. None while nothing was due.

    Source: evaluation rule of Jinniu district as the domain notes quote it.

    Example:
        >>> example_score({"handled": Rate(1, 1), "handled_in_time": Rate(1, 2), "reworked": Rate(0, 1)})
        Decimal('90.0')
    """
    if not rates.get("handled", Rate(0, 0)).total:
        return None

    def share(key: str) -> Decimal:
        return rates.get(key, Rate(0, 0)).share or Decimal(0)

    score = (
        30 * share("handled")
        + 20 * share("handled_in_time")
        + 20 * (1 - share("reworked"))
        + 20 * (1 - share("waiting_overdue"))
        + 10 * (1 - share("extended"))
    )
    return score.quantize(Decimal("0.1"))
