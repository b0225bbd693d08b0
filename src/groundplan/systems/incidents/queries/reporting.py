"""What the hotline and city management say in a written report (日报, 周报, 月报, 专报)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial

from django.urls import reverse
from django.utils import timezone

from groundplan.commons.reports.logic.figures import Cell, Chart, Section, Table, change, change_text, points
from groundplan.commons.reports.logic.periods import Period
from groundplan.commons.reports.registry import Ask, Source
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.places.queries import divisions
from groundplan.systems.incidents.logic.rates import INDICATORS
from groundplan.systems.incidents.queries import counting
from groundplan.systems.incidents.queries.categories import categories
from groundplan.systems.incidents.queries.counting import MEASURES, Wanted
from groundplan.systems.incidents.queries.figures import figures

Labels = Mapping[str, str]
MOST_CATEGORIES = 10
UNPLACED: Labels = {"zh-hans": "未定位", "en": "No place yet"}
UNNAMED: Labels = {"zh-hans": "未分类", "en": "Not classified"}
NOW: Labels = {"zh-hans": "本期", "en": "This period"}
BEFORE: Labels = {"zh-hans": "环比", "en": "On the period before"}
YEAR: Labels = {"zh-hans": "同比", "en": "On the year before"}
KINDS = {"hotline": ("hotline",), "city-management": ("component", "matter")}
NAMES: dict[str, Labels] = {
    "hotline": {"zh-hans": "政务热线", "en": "Hotline"},
    "city-management": {"zh-hans": "城市管理", "en": "City management"},
}


def sources() -> list[Source]:
    """The two flows as sources of reports."""
    return [Source(flow, label, partial(sections, flow), partial(choices, flow)) for flow, label in NAMES.items()]


def choices(flow: str) -> Mapping[str, tuple[Labels, Sequence[tuple[str, Labels]]]]:
    """What a special report may be narrowed to."""
    return {
        "category": (
            {"zh-hans": "事项", "en": "Matter"},
            [(row.code, row.label) for row in categories(*KINDS[flow])],
        ),
        "district": (
            {"zh-hans": "区县", "en": "District"},
            [(row.code, row.name) for row in divisions(level="district")],
        ),
    }


def sections(flow: str, ask: Ask) -> list[Section]:
    """All parts of a report."""
    wanted = _wanted(flow, ask.period, ask)
    made = [_overview(flow, ask)]
    if ask.period.days > 1:
        made.append(_by_day(ask, wanted))
    if flow == "hotline":
        made.append(_by_type(ask, wanted))
    if "category" not in ask.about:
        made.append(_by_category(flow, ask, wanted))
    if "district" not in ask.about:
        made.append(_by_district(ask, wanted))
    if not ask.about:
        made.append(_by_unit(flow, ask, wanted))
    made.append(_late(ask, wanted))
    return made


def _wanted(flow: str, period: Period, ask: Ask) -> Wanted:
    return Wanted(flow, period.first, period.last, **ask.about)


def _overview(flow: str, ask: Ask) -> Section:
    wanted = _wanted(flow, ask.period, ask)
    now, before = counting.counts(ask.actor, wanted), counting.counts(ask.actor, _wanted(flow, ask.before, ask))
    year = counting.counts(ask.actor, _wanted(flow, ask.year_ago, ask)) if ask.year_ago else None
    rows = [
        [
            Cell(dict(label), "text"),
            Cell(now[key], url=counting.link_to(wanted, key)),
            Cell(change(now[key], before[key]), "change"),
            Cell(change(now[key], year[key]) if year else None, "change"),
        ]
        for key, label in MEASURES.items()
    ]
    shares = [_share(each) for each in (now, before, year)]
    rows.append([
        Cell({"zh-hans": "按期办结率", "en": "Share closed in time"}, "text"), Cell(shares[0], "percent"),
        Cell(points(shares[0], shares[1]), "points"), Cell(points(shares[0], shares[2]), "points"),
    ])  # fmt: skip
    up = change_text(change(now["received"], before["received"]))
    yearly = change_text(change(now["received"], year["received"]) if year else None)
    text = {
        "zh-hans": f"本期共受理{now['received']}件，环比{up['zh-hans']}，同比{yearly['zh-hans']}；"
        f"办结{now['closed']}件，其中按期办结{now['closed_in_time']}件；期末在办{now['open_at_end']}件，其中超期{now['late_at_end']}件。",
        "en": f"{now['received']} cases were received ({up['en']} on the period before, "
        f"{yearly['en']} on the year before); {now['closed']} were closed, {now['closed_in_time']} of them in time; "
        f"{now['open_at_end']} were open at the end, {now['late_at_end']} of them overdue.",
    }
    return Section(
        "overview", {"zh-hans": "总体情况", "en": "Overview"}, [text],
        Table([{"zh-hans": "指标", "en": "Figure"}, NOW, BEFORE, YEAR], rows), notes=_notes(ask),
    )  # fmt: skip


def _notes(ask: Ask) -> list[Labels]:
    """What the comparisons compare with, and why one may be missing."""
    said = f"{ask.before.first}–{ask.before.last}"
    if ask.year_ago is None:
        return [{
            "zh-hans": f"环比基期：{said}。去年没有对应的统计期，同比不计算。“—”表示基数为零或没有数据。",
            "en": f"Period before: {said}. Last year has no such period. “—” means that the base is nought or missing.",
        }]  # fmt: skip
    past = f"{ask.year_ago.first}–{ask.year_ago.last}"
    return [{
        "zh-hans": f"环比基期：{said}；同比基期：{past}。“—”表示基数为零或没有数据。",
        "en": f"Period before: {said}; year before: {past}. “—” means that the base is nought or missing.",
    }]  # fmt: skip


def _by_day(ask: Ask, wanted: Wanted) -> Section:
    rows = [
        [Cell(day.isoformat(), "text"), Cell(number, url=counting.link_to(wanted.on(day), "received"))]
        for day, number in counting.received_by_day(ask.actor, wanted).items()
    ]
    title = {"zh-hans": "每日受理量", "en": "Received each day"}
    return Section("days", title, table=Table([{"zh-hans": "日期", "en": "Day"}, MEASURES["received"]], rows),
                   chart=Chart("line", 1, title))  # fmt: skip


def _by_type(ask: Ask, wanted: Wanted) -> Section:
    document = FlowVersion.objects.filter(key="hotline", in_force=True).values_list("document", flat=True).first() or {}
    names = document.get("fields", {}).get("type", {}).get("values", {})
    now = counting.counts_by(ask.actor, wanted, "received", "type")
    before = counting.counts_by(ask.actor, _wanted("hotline", ask.before, ask), "received", "type")
    rows = [
        [
            Cell(names.get(value, {"zh-hans": value, "en": value}) if value else UNNAMED, "text"),
            Cell(number, url=counting.link_to(wanted.of("type", value), "received")),
            Cell(change(number, before.get(value)), "change"),
        ]
        for value, number in sorted(now.items(), key=lambda item: (-item[1], item[0]))
    ]
    title = {"zh-hans": "诉求类型", "en": "Types of request"}
    return Section("types", title, table=Table([{"zh-hans": "类型", "en": "Type"}, NOW, BEFORE], rows))


def _by_category(flow: str, ask: Ask, wanted: Wanted) -> Section:
    names = {row.code: row.label for row in categories(*KINDS[flow])}
    now = counting.counts_by(ask.actor, wanted, "received", "category")
    before = counting.counts_by(ask.actor, _wanted(flow, ask.before, ask), "received", "category")
    first = sorted(now.items(), key=lambda item: (-item[1], item[0]))[:MOST_CATEGORIES]
    rows = [
        [
            Cell(names.get(code, {"zh-hans": code, "en": code}) if code else UNNAMED, "text"),
            Cell(number, url=counting.link_to(wanted.of("category", code), "received")),
            Cell(change(number, before.get(code)), "change"),
        ]
        for code, number in first
    ]
    title = {"zh-hans": "高频事项", "en": "Most frequent matters"}
    return Section("categories", title, table=Table([{"zh-hans": "事项", "en": "Matter"}, NOW, BEFORE], rows),
                   chart=Chart("bar", 1, title))  # fmt: skip


def _by_district(ask: Ask, wanted: Wanted) -> Section:
    names = {row.code: row.name for row in divisions(level="district")}
    by = {
        key: counting.counts_by(ask.actor, wanted, key, "district") for key in ("received", "closed", "closed_in_time")
    }
    codes = sorted({code for found in by.values() for code in found}, key=lambda code: (not code, code))
    rows = [
        [
            Cell(names.get(code, {"zh-hans": code, "en": code}) if code else UNPLACED, "text"),
            *(Cell(by[key].get(code, 0), url=counting.link_to(wanted.of("district", code), key)) for key in by),
            Cell(_share({key: found.get(code, 0) for key, found in by.items()}), "percent"),
        ]
        for code in codes
    ]
    headers = [{"zh-hans": "区县", "en": "District"}, *(MEASURES[key] for key in by),
               {"zh-hans": "按期办结率", "en": "Share closed in time"}]  # fmt: skip
    title = {"zh-hans": "分区县情况", "en": "By district"}
    return Section("districts", title, table=Table(headers, rows), chart=Chart("bar", 1, MEASURES["received"]))


def _by_unit(flow: str, ask: Ask, wanted: Wanted) -> Section:
    shown = [indicator for indicator in INDICATORS if flow in indicator.flows]
    base = f"{reverse('indicator-cases')}?flow={flow}&from={wanted.first}&to={wanted.last}"
    rows = [
        [
            Cell(dict(found.unit.name), "text"),
            *(
                Cell(found.rates[i.key].share, "percent", f"{base}&unit={found.unit.code}&key={i.key}"
                     if found.rates[i.key].total else "")
                for i in shown
            ),
        ]
        for found in figures(ask.actor, flow=flow, start=wanted.start, end=wanted.end)
    ]  # fmt: skip
    return Section(
        "units", {"zh-hans": "各单位办理情况", "en": "By unit"},
        table=Table([{"zh-hans": "单位", "en": "Unit"}, *(indicator.label for indicator in shown)], rows),
    )  # fmt: skip


def _late(ask: Ask, wanted: Wanted) -> Section:
    rows = [
        [
            Cell(found.case.number, "text", reverse("case", args=[found.case.public_id])),
            Cell(found.case.title, "text"),
            Cell(dict(found.case.owner_party.name), "text"),
            Cell(f"{timezone.localtime(found.case.due_at):%Y-%m-%d %H:%M}", "text"),
        ]
        for found in counting.oldest_late(ask.actor, wanted)
    ]
    headers: list[Labels] = [
        {"zh-hans": "编号", "en": "Number"}, {"zh-hans": "标题", "en": "Title"},
        {"zh-hans": "承办单位", "en": "Unit"}, {"zh-hans": "办结期限", "en": "Due"},
    ]  # fmt: skip
    none: list[Labels] = [] if rows else [{"zh-hans": "期末没有超期未结件。", "en": "Nothing was overdue at the end."}]
    return Section("late", {"zh-hans": "超期未结", "en": "Overdue"}, none, Table(headers, rows))


def _share(counts: Mapping[str, int] | None) -> Decimal | None:
    if not counts or not counts["closed"]:
        return None
    return (Decimal(counts["closed_in_time"]) / counts["closed"]).quantize(Decimal("0.0001"))
