"""Events of attached systems become reports like those of every other door."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from groundplan.commons.attached.logic import Event, mapping
from groundplan.commons.attached.registry import Taker
from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.actions.report import report_incident
from groundplan.systems.incidents.logic.masking import mask_text

KINDS = {"hotline": ("hotline",), "city-management": ("component", "matter")}


def takers() -> list[Taker]:
    """Who takes events in for each flow; a category of city management is named with its kind."""
    labels = {
        "hotline": {"zh-hans": "热线工单", "en": "Hotline case"},
        "city-management": {"zh-hans": "城市管理案卷", "en": "City management case"},
    }
    return [
        Taker(flow, label, _taking(flow), _categories(flow), lambda text: mask_text(text, wholly=True).text)
        for flow, label in labels.items()
    ]  # fmt: skip


def _taking(flow: str) -> Callable[[Event, str, str], Case]:
    def take(event: Event, category: str, key: str) -> Case:
        kind, _, code = category.rpartition(":")
        point = (
            (event.longitude, event.latitude) if event.longitude is not None and event.latitude is not None else None
        )
        return report_incident(
            actor=SYSTEM, channel="event", flow=flow, text=event.text, kind=kind if flow != "hotline" else "",
            category=code, place=event.place, point=point, reporter_name=event.reporter_name,
            reporter_phone=event.reporter_phone, key=key, external_id=key, reported_at=mapping.parsed(event.at),
        ).case  # fmt: skip

    return take


def _categories(flow: str) -> Callable[[], Mapping[str, str]]:
    def categories() -> dict[str, str]:
        rows = queries.categories(*KINDS[flow])
        begin = "" if flow == "hotline" else "{kind}:"
        return {begin.format(kind=row.kind) + row.code: row.label.get("zh-hans", row.code) for row in rows}

    return categories
