"""What systems tell the reports: what they can report on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest

from groundplan.commons.reports.logic.figures import Section
from groundplan.commons.reports.logic.periods import Period
from groundplan.kernel.files import registry as files
from groundplan.kernel.parties.access import actor_of
from groundplan.kernel.parties.queries import Actor
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation

MAKERS = ("dispatcher", "supervisor", "leader", "data_office")
CHECKERS = ("supervisor", "leader")
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """What a report shall say.

    Args:
        actor: sees what the unit of the report may see, and no more.
        kind: a key of ``periods.KINDS``.
        period: its days.
        before: the days of 环比.
        year_ago: the days of 同比; None where there are none.
        about: what a special report is about, by the source's own names.
    """

    actor: Actor
    kind: str
    period: Period
    before: Period
    year_ago: Period | None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Something that can be reported on.

    Args:
        key: its name, such as ``hotline``.
        label: what its reports are called.
        build: the sections of a report.
        choices: for special reports, by name: the label and the choices, each a value and its label.
    """

    key: str
    label: Labels
    build: Callable[[Ask], Sequence[Section]]
    choices: Callable[[], Mapping[str, tuple[Labels, Sequence[tuple[str, Labels]]]]] = dict


sources: dict[str, Source] = {}


def source(given: Source) -> None:
    """Register something that can be reported on; called from ``AppConfig.ready()``."""
    sources[given.key] = given


def register() -> None:
    """Called once, when all models are loaded."""
    files.reader("report:", may_read)
    navigation.add(
        Entry("reports", {"zh-hans": "日报周报", "en": "Written reports"}, "command", 30, _may_open),
    )


def _may_open(request: HttpRequest) -> bool:
    return actor_of(request).has_role(*MAKERS)


def may_read(request: HttpRequest, subject: str) -> bool:
    """Whoever may see a report may read its files."""
    from groundplan.commons.reports import errors, queries  # noqa: PLC0415 - needs the models.

    try:
        queries.report_for(actor_of(request), subject.partition(":")[2])
    except (errors.ReportNotFound, ValueError):
        return False
    return True
