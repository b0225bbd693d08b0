"""Writes of reports: make, edit, check, issue, withdraw; letterheads and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.commons.reports import registry
from groundplan.commons.reports.errors import ReportInvalid, ReportMoved, ReportNotFound, SecondPersonNeeded
from groundplan.commons.reports.logic import figures
from groundplan.commons.reports.logic.periods import (
    KINDS,
    LONGEST_DAYS,
    Period,
    period_a_year_ago,
    period_before,
    period_with,
)
from groundplan.commons.reports.models import Letterhead, Report, Schedule
from groundplan.commons.reports.queries import docx, reports_for, require_unit
from groundplan.commons.reports.registry import CHECKERS, MAKERS, Ask, Source
from groundplan.kernel.files.actions import store_file
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.notices import actions as notices
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor, Scope
from groundplan.lib import clock
from groundplan.lib.sql import advisory_xact_lock

DOCX_NAME = "report.docx"


@transaction.atomic
def make_report(
    *,
    actor: Actor,
    source: str,
    kind: str,
    unit: Party,
    day: date | None = None,
    period: Period | None = None,
    about: Mapping[str, str] | None = None,
    schedule_key: str = "",
) -> Report:
    """Count everything anew for a period and keep it as a draft.

    Args:
        actor: who makes it; the report says what the unit sees, not more.
        source: a registered source.
        kind: ``daily``, ``weekly``, ``monthly`` or ``special``.
        unit: whose report it is.
        day: a day within the period; yesterday by default.
        period: the days of a special report.
        about: what a special report is about, by names of the source.
        schedule_key: names the run of a schedule, so that it happens once.

    Raises:
        ReportInvalid: no such source or kind, days in the future or too many, an unknown choice.
        NotAllowed: the unit is none of the actor's.
    """
    known = _source(source, kind)
    require_unit(actor, unit, *MAKERS)
    days = _days(kind, day, period)
    chosen = _about(known, kind, about or {})
    ask = Ask(
        actor=Actor(f"reports:{unit.code}", None, str(unit), tuple(Scope(role, unit.pk) for role in MAKERS)),
        kind=kind,
        period=days,
        before=period_before(kind, days),
        year_ago=period_a_year_ago(kind, days),
        about=chosen,
    )
    made = Report.objects.create(
        source=source, kind=kind, unit=unit, first=days.first, last=days.last, about=chosen,
        title=_title(known, kind, chosen), sections=figures.stored(known.build(ask)),
        made_by=actor.actor_id, made_name=actor.display_name, schedule_key=schedule_key,
    )  # fmt: skip
    _record(actor, "make", made, {"source": source, "kind": kind, "first": str(days.first), "last": str(days.last)})
    return made


@transaction.atomic
def keep_text(*, actor: Actor, report: UUID | str, seen: int, content: bytes, name: str = DOCX_NAME) -> Report:
    """Put an edited DOCX in the place of the one that was made; figures and workbook stay as counted.

    Raises:
        ReportMoved: it is no draft any more, or somebody else changed it.
        FileTypeRefused: it is no DOCX.
    """
    found = _locked(actor, report, seen, "draft")
    require_unit(actor, found.unit, *MAKERS)
    docx.require_docx(content)
    found.text = store_file(
        actor=actor.actor_id, name=name or DOCX_NAME, content=content, subject=f"report:{found.public_id}"
    )
    found.made_by, found.made_name = actor.actor_id, actor.display_name
    return _changed(actor, "keep_text", found, {"file": str(found.text.public_id)})


@transaction.atomic
def check_report(*, actor: Actor, report: UUID | str, seen: int) -> Report:
    """A second person has read it.

    Raises:
        SecondPersonNeeded: the actor made or edited it.
        ReportMoved: it is no draft any more.
    """
    found = _locked(actor, report, seen, "draft")
    require_unit(actor, found.unit, *CHECKERS)
    if found.made_by == actor.actor_id:
        raise SecondPersonNeeded(_("报告由您编制或修改，须由另一人审核。"))
    found.state, found.checked_at = "checked", clock.now()
    found.checked_by, found.checked_name = actor.actor_id, actor.display_name
    return _changed(actor, "check", found, {})


@transaction.atomic
def issue_report(*, actor: Actor, report: UUID | str, seen: int) -> Report:
    """Give a checked report its number; from now on it is a paper of the unit.

    Raises:
        ReportMoved: it was not checked yet, or is issued already.
    """
    found = _locked(actor, report, seen, "checked")
    require_unit(actor, found.unit, *CHECKERS)
    year = timezone.localdate(clock.now()).year
    with connection.cursor() as cursor:
        advisory_xact_lock(cursor, f"reports.number.{found.unit_id}.{year}")
    begin = f"〔{year}〕"
    numbers = Report.objects.filter(unit=found.unit, number__startswith=begin).values_list("number", flat=True)
    last = max((int(number.removeprefix(begin).strip("第期")) for number in numbers), default=0)
    found.number, found.state, found.issued_at = f"{begin}第{last + 1}期", "issued", clock.now()
    return _changed(actor, "issue", found, {"number": found.number})


@transaction.atomic
def withdraw_report(*, actor: Actor, report: UUID | str, seen: int, reason: str) -> Report:
    """Take a report back, with a reason; it stays to be read, marked as withdrawn.

    Raises:
        ReportInvalid: no reason is given.
        ReportMoved: it is withdrawn already.
    """
    text = reason.strip()[:500]
    if not text:
        raise ReportInvalid(_("请填写撤回原因。"), accepted="1–500")
    found = _locked(actor, report, seen, "draft", "checked", "issued")
    require_unit(actor, found.unit, *CHECKERS)
    found.state, found.reason = "withdrawn", text
    return _changed(actor, "withdraw", found, {"number": found.number})


@transaction.atomic
def set_letterhead(
    *, actor: Actor, unit: Party, organ: Mapping[str, str], sign: str = "", template: bytes | None = None
) -> Letterhead:
    """Say how the papers of a unit look.

    Args:
        actor: of the data office, or who leads the unit.
        unit: whose papers.
        organ: the name in red, as labels.
        sign: what stands before the number, such as 兰热线.
        template: a DOCX with the fields of ``docs/reports.md``; None keeps the one that is there.

    Raises:
        TemplateRefused: it cannot be filled in; says why.
    """
    require_unit(actor, unit, "leader", "data_office")
    name = {language: str(text).strip()[:120] for language, text in organ.items() if str(text).strip()}
    if "zh-hans" not in name:
        raise ReportInvalid(_("请填写发文单位名称。"))
    head, _made = Letterhead.objects.select_for_update().get_or_create(
        unit=unit, defaults={"organ": name, "set_by": actor.actor_id}
    )
    head.organ, head.sign, head.set_by, head.set_at = name, sign.strip()[:40], actor.actor_id, clock.now()
    if template is not None:
        docx.try_template(template)
        head.template = store_file(
            actor=actor.actor_id, name="letterhead.docx", content=template, subject=f"party:{unit.public_id}"
        )
    head.save()
    record(
        actor=actor.actor_id, action="reports.set_letterhead", subject=f"party:{unit.public_id}",
        data={"template": str(head.template.public_id) if head.template else ""},
    )  # fmt: skip
    return head


@transaction.atomic
def set_schedule(*, actor: Actor, source: str, kind: str, unit: Party, active: bool, hour: int = 7) -> Schedule:
    """Have a report drafted by itself when its day, week or month has ended, or no longer.

    Raises:
        ReportInvalid: no such source, a kind without an end, an hour that is none.
    """
    _source(source, kind)
    require_unit(actor, unit, *MAKERS)
    if kind == "special" or not 0 <= hour <= 23:  # noqa: PLR2004 - hours of a day.
        raise ReportInvalid(_("只有日报、周报、月报可以定时生成，时间为 0–23 时。"))
    values = {"active": active, "hour": hour, "since": timezone.localdate(clock.now()), "set_by": actor.actor_id}
    made, _new = Schedule.objects.update_or_create(source=source, kind=kind, unit=unit, defaults=values)
    record(
        actor=actor.actor_id, action="reports.set_schedule", subject=f"party:{unit.public_id}",
        data={"source": source, "kind": kind, "active": active, "hour": hour},
    )  # fmt: skip
    return made


def make_due_reports() -> int:
    """Draft what is due by schedule; safe to repeat and to run twice at once.

    Returns:
        How many were made.
    """
    now, made = timezone.localtime(clock.now()), 0
    for schedule in Schedule.objects.filter(active=True).select_related("unit"):
        ended = period_before(schedule.kind, period_with(schedule.kind, now.date()))
        if now.hour < schedule.hour or ended.last < schedule.since - timedelta(days=1):
            continue
        key = f"{schedule.public_id}/{ended.first}"
        if Report.objects.filter(schedule_key=key).exists():
            continue
        maker = Actor("reports:schedule", None, "", tuple(Scope(role, schedule.unit_id) for role in MAKERS))
        try:
            with transaction.atomic():
                report = make_report(
                    actor=maker, source=schedule.source, kind=schedule.kind, unit=schedule.unit, day=ended.first,
                    schedule_key=key,
                )  # fmt: skip
                _tell(report)
        except IntegrityError:
            continue  # Another worker was faster.
        made += 1
    return made


def _tell(report: Report) -> None:
    """Those who check reports of the unit learn that a draft waits."""
    notices.notify(
        actor="reports:schedule",
        recipients=[(report.unit.pk, CHECKERS)],
        kind="report.drafted",
        title={
            "zh-hans": f"{report.title['zh-hans']}（{report.first} 至 {report.last}）已生成，待审核",
            "en": f"{report.title['en']} ({report.first} to {report.last}) is drafted and waits to be checked",
        },
        subject=f"report:{report.public_id}",
        url=f"/reports/{report.public_id}",
    )


def _source(source: str, kind: str) -> Source:
    known = registry.sources.get(source)
    if known is None:
        raise ReportInvalid(f"{source[:40]!r}", accepted=", ".join(sorted(registry.sources)))
    if kind not in KINDS:
        raise ReportInvalid(f"{kind[:40]!r}", accepted=", ".join(KINDS))
    return known


def _days(kind: str, day: date | None, period: Period | None) -> Period:
    today = timezone.localdate(clock.now())
    if kind == "special":
        if period is None or period.first > period.last or period.days > LONGEST_DAYS or period.first > today:
            raise ReportInvalid(
                _("请填写起止日期，不超过 %(days)s 天，不在将来。") % {"days": LONGEST_DAYS},
                accepted="2026-01-01 – 2026-01-31",
            )
        return period
    chosen = period_with(kind, day or today - timedelta(days=1))
    if chosen.first > today or chosen.first.year < 2000:  # noqa: PLR2004 - nothing was recorded before.
        raise ReportInvalid(_("统计期不能在将来。"), accepted=f"≤ {today}")
    return chosen


def _about(source: Source, kind: str, about: Mapping[str, str]) -> dict[str, str]:
    given = {name: value for name, value in about.items() if value}
    if not given:
        return {}
    choices = source.choices()
    for name, value in given.items():
        if kind != "special" or name not in choices:
            raise ReportInvalid(f"{name[:40]!r}", accepted=", ".join(choices) if kind == "special" else "")
        if value not in {known for known, _label in choices[name][1]}:
            raise ReportInvalid(f"{name}: {value[:40]!r}")
    return given


def _title(source: Source, kind: str, about: Mapping[str, str]) -> dict[str, str]:
    choices = source.choices() if about else {}
    named = [dict(choices[name][1])[value] for name, value in about.items()]
    return {
        language: (
            "".join(label.get(language, "") for label in named) + source.label["zh-hans"] + KINDS[kind]["zh-hans"]
            if language == "zh-hans"
            else " · ".join([f"{source.label['en']}: {KINDS[kind]['en'].lower()}", *(n.get("en", "") for n in named)])
        )
        for language in ("zh-hans", "en")
    }


def _locked(actor: Actor, report: UUID | str, seen: int, *states: str) -> Report:
    found = reports_for(actor).select_related(None).select_for_update(of=("self",)).filter(public_id=report).first()
    if found is None:
        raise ReportNotFound
    if found.version != seen or found.state not in states:
        raise ReportMoved(_("报告已被他人处理，请刷新页面。"), version=found.version, state=found.state)
    return found


def _changed(actor: Actor, what: str, report: Report, data: dict[str, Any]) -> Report:
    report.version += 1
    report.save()
    _record(actor, what, report, data)
    return report


def _record(actor: Actor, what: str, report: Report, data: Mapping[str, Any]) -> None:
    record(
        actor=actor.actor_id, action=f"reports.{what}", subject=f"report:{report.public_id}",
        data={"state": report.state, "unit": report.unit.code, **data},
    )  # fmt: skip
