"""What incidents tell the apps below: an event that is a report, a panel, who reads files, figures, pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from pydantic import AwareDatetime, BaseModel, Field

from groundplan.commons.attached import registry as attached
from groundplan.commons.reports import registry as reports
from groundplan.commons.wall import registry as walls
from groundplan.commons.wall.registry import registry as wall
from groundplan.commons.zones import registry as zones
from groundplan.commons.zones.queries import side
from groundplan.kernel.cases import registry as cases
from groundplan.kernel.cases.models import Case
from groundplan.kernel.events import registry as events
from groundplan.kernel.files import registry as files
from groundplan.kernel.parties.access import actor_of
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.lib import health
from groundplan.lib.errors import NotFound
from groundplan.portal import desk
from groundplan.portal.desk import Figure
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation
from groundplan.portal.worklists import Listing, Table
from groundplan.portal.worklists import registry as worklists
from groundplan.systems.incidents.logic import outward


class ReportReceived(BaseModel):
    """Data of ``report.received.v1``: another system hands a report over as an event; no personal data."""

    text: str = Field(min_length=1, max_length=20_000)
    flow: str = "hotline"
    title: str = ""
    type: str = ""
    kind: str = ""
    category: str = ""
    component: str = ""
    place: str = ""
    longitude: float | None = None
    latitude: float | None = None
    system: str = "wgs84"
    external_id: str = ""
    reported_at: AwareDatetime | None = None


class CallRinging(BaseModel):
    """Data of ``call.ringing.v1``: a call rings at an operator's desk; without its number."""

    call: str


def register() -> None:
    """Called once, when all models are loaded."""
    events.event_type("report.received.v1", ReportReceived)
    events.event_type("call.ringing.v1", CallRinging)
    events.subscribe("incidents.reports", types=["report.received.v1"], handler=take_report)
    cases.panel("hotline", incident_panel)
    cases.panel("city-management", incident_panel)
    cases.panel("hotline", _hotline_panel)
    for flow in ("hotline-audit", "hotline-appraisal"):
        cases.panel(flow, _audit_panel)
    cases.adviser("hotline", _advise_reply)
    events.subscribe("incidents.outer_status", types=["case.*", "task.*"], handler=tell_outer_zone)
    _pass_between_zones()
    files.reader("incident:", may_read_file)
    from groundplan.systems.incidents.actions import attached_takers  # noqa: PLC0415 - needs the models.
    from groundplan.systems.incidents.queries.reporting import sources  # noqa: PLC0415

    for each in sources():
        reports.source(each)
    attached.taker(*attached_takers())
    health.report("acknowledged", acknowledged)
    health.report("stored", stored)
    for key, (label, _name, _tone) in CITY_FIGURES.items():
        desk.registry.figure(key, label, partial(city_figure, key=key))
    desk.registry.panel(own_reports)
    wall.add(*_wall_parts())
    wall.features, wall.bounds = _wall_features, _wall_bounds
    worklists.add(
        Listing("command", {"zh-hans": "指挥调度", "en": "Command"}, ("flow",)),
        Listing("indicators", {"zh-hans": "统计报表", "en": "Reports"}, ("from", "to", "flow"), table=indicators_table),
    )
    navigation.add(
        Entry("report", {"zh-hans": "反映问题", "en": "Report"}, section="public", order=10),
        Entry("follow", {"zh-hans": "查询进度", "en": "Follow a report"}, section="public", order=20),
        Entry("intake", {"zh-hans": "话务受理", "en": "Call intake"}, "work", 30, holds("operator")),
        Entry("patrol", {"zh-hans": "快速上报", "en": "Quick report"}, "work", 35, holds("inspector", "grid_worker")),
        Entry("field", {"zh-hans": "外勤", "en": "Field work"}, "work", 34, holds("inspector", "grid_worker")),
        Entry(
            "incident-imports", {"zh-hans": "批量导入", "en": "Import"}, "work", 60, holds("operator", "data_office")
        ),
        Entry(
            "incident-trial",
            {"zh-hans": "旁路试算", "en": "Trial of past cases"},
            "work",
            65,
            holds("dispatcher", "data_office"),
        ),
        Entry("beside", {"zh-hans": "旁路运行", "en": "Beside run"}, "work", 64, holds(*BESIDE_ROLES)),
        Entry("hotline-audits", {"zh-hans": "工单抽查", "en": "Audits"}, "work", 66, audits_hotline),
        Entry("hotline-replies", {"zh-hans": "答复质检", "en": "Reply checks"}, "work", 67, audits_hotline),
        Entry(
            "open311", {"zh-hans": "Open311 接口", "en": "Open311"}, "audit", 45, holds("system_admin", "data_office")
        ),
        Entry("command", {"zh-hans": "指挥调度", "en": "Command"}, "command", 10, holds(*FLOOR_ROLES)),
        Entry(
            "indicators",
            {"zh-hans": "统计报表", "en": "Reports"},
            "command",
            20,
            holds(*FLOOR_ROLES, "handler", "data_office"),
        ),
    )


def indicators_table(request: HttpRequest, query: Mapping[str, str]) -> Table:  # noqa: ARG001 - the page reads both.
    """The figures of the page as a table: for each unit the share and what it is made of."""
    from groundplan.systems.incidents.pages.statistics import table_of  # noqa: PLC0415 - needs the apps.

    return table_of(request)


def _wall_parts() -> list[walls.Part]:
    """What incidents show on the wall."""
    from groundplan.systems.incidents.queries import wall as shown  # noqa: PLC0415 - needs the models.

    here = "incidents/wall/"
    return [
        walls.Part("figures", {"zh-hans": "今日数字", "en": "Today"}, "figures", here + "figures.html", shown.figures),
        walls.Part(
            "overdue", {"zh-hans": "超期", "en": "Overdue"}, "left", here + "list.html", shown.overdue, order=10
        ),
        walls.Part("newest", {"zh-hans": "最新受理", "en": "Latest"}, "right", here + "list.html", shown.newest),
        walls.Part(
            "trend",
            {"zh-hans": "近 24 小时", "en": "Last 24 hours"},
            "turns",
            here + "trend.html",
            shown.trend,
            order=10,
        ),
        walls.Part(
            "districts", {"zh-hans": "各区县", "en": "Districts"}, "turns", here + "districts.html", shown.districts
        ),
        walls.Part("ticker", {"zh-hans": "最新动态", "en": "News"}, "ticker", here + "ticker.html", shown.ticker),
    ]


def _wall_features(bbox: walls.BBox, zoom: float) -> dict[str, Any]:
    from groundplan.systems.incidents.queries import wall as shown  # noqa: PLC0415 - needs the models.

    return shown.features(bbox, zoom)


def _wall_bounds() -> Any:
    from groundplan.systems.incidents.queries import city_bounds  # noqa: PLC0415 - needs the models.

    return city_bounds()


BESIDE_ROLES = ("data_office", "operator", "dispatcher", "supervisor", "leader")
FLOOR_ROLES = ("dispatcher", "supervisor", "leader", "operator")


# Figures of the day within the reader's scope: label, name of the figure, tone.
CITY_FIGURES: dict[str, tuple[dict[str, str], str, str]] = {
    "city_opened": ({"zh-hans": "今日受理", "en": "Received today"}, "opened", ""),
    "city_active": ({"zh-hans": "在办", "en": "Open"}, "active", ""),
    "city_overdue": ({"zh-hans": "所辖超期", "en": "Overdue in my units"}, "overdue", "late"),
    "city_closed": ({"zh-hans": "今日办结", "en": "Closed today"}, "closed", "good"),
    "city_returned": ({"zh-hans": "今日退单", "en": "Returned today"}, "returned", "warn"),
}


def city_figure(request: HttpRequest, *, key: str) -> Figure:
    """One of today's figures within the reader's scope; all are counted together, once a request."""
    from groundplan.systems.incidents.queries import today_figures  # noqa: PLC0415 - needs the apps.

    if not hasattr(request, "_today"):
        request._today = today_figures(actor_of(request))  # type: ignore[attr-defined]  # noqa: SLF001 - see above.
    _label, name, tone = CITY_FIGURES[key]
    value = getattr(request._today, name)  # type: ignore[attr-defined]  # noqa: SLF001
    return Figure(value, tone if value else "")


def own_reports(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The reports of a reader with an account; for residents the form for a receipt as well."""
    from groundplan.systems.incidents.pages.forms import FollowForm  # noqa: PLC0415 - needs the apps.
    from groundplan.systems.incidents.queries import reports_of  # noqa: PLC0415

    actor = actor_of(request)
    found = reports_of(actor)
    if actor.scopes and not found:
        return None
    return "incidents/own_part.html", {"reports": found, "form": None if actor.scopes else FollowForm()}


def holds(*roles: str) -> Any:
    """Whether the reader of a request holds one of some roles."""

    def visible(request: HttpRequest) -> bool:
        return actor_of(request).has_role(*roles)

    return visible


def audits_hotline(request: HttpRequest) -> bool:
    """Whether the reader of a request belongs to those who draw samples and check replies."""
    from groundplan.systems.incidents.queries.hotline.audits import may_audit  # noqa: PLC0415 - needs the apps.

    return actor_of(request).has_role("dispatcher", "supervisor") and may_audit(actor_of(request))


def _hotline_panel(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]] | None:
    from groundplan.systems.incidents.pages.hotline.appraisal import hotline_panel  # noqa: PLC0415 - needs the apps.

    return hotline_panel(request, case)


def _audit_panel(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]] | None:
    from groundplan.systems.incidents.pages.hotline.appraisal import audit_panel  # noqa: PLC0415 - needs the apps.

    return audit_panel(request, case)


def _advise_reply(case: Case, outcome: str, given: Mapping[str, Any]) -> list[Mapping[str, str]]:
    from groundplan.systems.incidents.queries import advise_reply  # noqa: PLC0415 - needs the apps.

    return advise_reply(case, outcome, given)


def _pass_between_zones() -> None:
    """What may pass between the zones, and which of them may send it."""
    from groundplan.systems.incidents import actions  # noqa: PLC0415 - needs the apps.

    for name, sender, model, action in (
        ("report", "outer", outward.PassedReport, actions.take_passed_report),
        ("supplement", "outer", outward.PassedSupplement, actions.take_passed_supplement),
        ("rating", "outer", outward.PassedRating, actions.take_passed_rating),
        ("status", "inner", outward.PassedStatus, actions.take_passed_status),
        ("categories", "inner", outward.PassedCategories, actions.take_passed_categories),
    ):
        zones.kind(name, sender=sender, model=model, handler=_applying(action))


def _applying(action: Callable[..., None]) -> Callable[[Any], None]:
    return lambda message: action(message=message)


def tell_outer_zone(event: events.Event) -> None:
    """Something happened to a case: tell the outer zone what its reporter may see now."""
    from groundplan.systems.incidents.actions import tell_status  # noqa: PLC0415 - needs the apps.

    kind, _, public_id = event.subject.partition(":")
    case = Case.objects.filter(public_id=public_id).first() if kind == "case" and side() == "inner" else None
    if case is not None:
        tell_status(case=case)


def take_report(event: events.Event) -> None:
    """Make a case of a report that arrived as an event; the event's id keeps it single."""
    from groundplan.systems.incidents.actions import report_incident  # noqa: PLC0415 - needs the apps.

    data = dict(event.data)
    longitude, latitude = data.pop("longitude", None), data.pop("latitude", None)
    point = (longitude, latitude) if longitude is not None and latitude is not None else None
    report_incident(actor=SYSTEM, channel="event", key=str(event.id), point=point, **data)


def incident_panel(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]] | None:
    """The panel of a case's page: place, component, photos, likely duplicates."""
    from groundplan.systems.incidents.queries import category_label, panel_facts  # noqa: PLC0415 - needs the apps.

    facts = panel_facts(actor_of(request), case)
    if facts is None:
        return None
    return "incidents/panel.html", {
        "incident": facts.incident,
        "facts": facts,
        "category": category_label(facts.incident),
    }


def may_read_file(request: HttpRequest, subject: str) -> bool:
    """An officer who sees the incident may read its files."""
    from groundplan.systems.incidents.queries import incident_for  # noqa: PLC0415 - needs the apps.

    try:
        incident_for(actor_of(request), subject.partition(":")[2])
    except (NotFound, ValidationError, ValueError):
        return False
    return True


def acknowledged() -> int:
    """Reports that the intake has said yes to."""
    from django.db.models import Sum  # noqa: PLC0415 - with the models.

    from groundplan.systems.incidents.models import Acknowledged  # noqa: PLC0415

    return int(Acknowledged.objects.aggregate(total=Sum("count"))["total"] or 0)


def stored() -> int:
    """Reports that stand in the database."""
    from groundplan.systems.incidents.models import Incident  # noqa: PLC0415

    return int(Incident.objects.count())
