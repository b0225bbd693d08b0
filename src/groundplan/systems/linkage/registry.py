"""What linkage tells the apps below: its events, what it hears of its cases, notices, panel, navigation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel

from groundplan.commons.wall import registry as walls
from groundplan.commons.wall.registry import registry as wall
from groundplan.kernel.cases import registry as cases
from groundplan.kernel.cases.models import Case
from groundplan.kernel.events import registry as events
from groundplan.kernel.notices import registry as notices
from groundplan.kernel.parties.access import actor_of
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation

FLOOR = ("dispatcher", "supervisor", "leader", "handler")
# What happened to a case -> how the situation log says it.
HEARD: dict[str, tuple[str, str]] = {
    "task.signed.v1": ("已签收", "signed for"),
    "task.returned.v1": ("退单", "returned"),
    "task.completed.v1": ("已办理", "completed"),
    "case.overdue.v1": ("超期", "overdue"),
    "case.closed.v1": ("已办结", "done"),
    "case.cancelled.v1": ("已终止", "cancelled"),
}


class ResponseEvent(BaseModel):
    """What every event of a response says."""

    response: str
    number: str
    plan: str
    level: str
    exercise: bool


class WarningApproved(ResponseEvent):
    """A warning was approved; its XML is at the address of the warning."""

    warning: str


def register() -> None:
    """Called once, when all models are loaded."""
    for name in ("started", "level_changed", "noted", "ended"):
        events.event_type(f"linkage.{name}.v1", ResponseEvent)
    events.event_type("linkage.warning_approved.v1", WarningApproved)
    events.subscribe("linkage.outcomes", types=list(HEARD), handler=hear_outcome)
    events.subscribe("linkage.triggers", types=["case.opened.v1"], handler=hear_report)
    notices.kind(
        "linkage.suggested",
        {
            "zh-hans": "近期集中反映 {n} 件，建议研判是否启动{plan}",
            "en": "{n} similar reports: consider starting {plan}",
        },
    )
    cases.panel("linkage", response_panel)
    cases.panel("linkage-exercise", response_panel)
    wall.add(
        walls.Part(
            "responses", {"zh-hans": "联动响应", "en": "Responses"}, "left", "linkage/wall_part.html", wall_responses,
            live="linkage case task", order=20,
        )
    )  # fmt: skip
    navigation.add(
        Entry("linkage", {"zh-hans": "联动预案", "en": "Linkage plans"}, "command", 15, takes_part),
    )


def wall_responses() -> dict[str, Any]:
    """The responses under way, with how many of their tasks are signed for and done."""
    from groundplan.systems.linkage.queries import responses_under_way  # noqa: PLC0415 - needs the apps.

    return {"rows": responses_under_way()}


def takes_part(request: HttpRequest) -> bool:
    """Whether the reader works on the floor or in a unit that may be called."""
    return actor_of(request).has_role(*FLOOR)


def hear_outcome(event: events.Event) -> None:
    """Write what happened to a linked case into the situation log; the event's id keeps it single."""
    from groundplan.systems.linkage.models import LinkedCase, LogEntry  # noqa: PLC0415 - needs the apps.

    if not str(event.data.get("flow", "")).startswith("linkage"):
        return
    linked = LinkedCase.objects.select_related("case", "party").filter(case__public_id=event.data["case"]).first()
    if linked is None:
        return
    if event.type == "task.completed.v1" and event.data.get("party") != linked.party.code:
        return
    chinese, english = HEARD[event.type]
    name = linked.party.name
    LogEntry.objects.get_or_create(
        event=event.id,
        defaults={
            "response_id": linked.response_id, "at": event.at, "kind": "case", "case": linked.case,
            "actor": event.actor,
            "text": {
                "zh-hans": f"{name.get('zh-hans', '')} {linked.case.number} {chinese}。",
                "en": f"{name.get('en') or name.get('zh-hans', '')} {linked.case.number} {english}.",
            },
        },
    )  # fmt: skip


def hear_report(event: events.Event) -> None:
    """Look whether a new case completes a trigger."""
    from groundplan.kernel.parties.queries import SYSTEM  # noqa: PLC0415 - needs the apps.
    from groundplan.systems.linkage.actions import suggest_start  # noqa: PLC0415
    from groundplan.systems.linkage.models import PlanVersion  # noqa: PLC0415

    flow = event.data.get("flow", "")
    wanted = PlanVersion.objects.filter(state="in_force", document__triggers__contains=[{"flow": flow}])
    if flow and wanted.exists():
        found = Case.objects.defer("search", "personal").filter(public_id=event.data["case"]).first()
        if found is not None:
            suggest_start(actor=SYSTEM, case=found)


def response_panel(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]] | None:
    """The panel of a linked case's page: the response it belongs to, marked when it is an exercise."""
    from groundplan.systems.linkage.models import LinkedCase  # noqa: PLC0415 - needs the apps.
    from groundplan.systems.linkage.queries import responses_for  # noqa: PLC0415

    linked = LinkedCase.objects.filter(case=case).first()
    found = responses_for(actor_of(request)).filter(pk=linked.response_id).first() if linked else None
    return ("linkage/panel.html", {"response": found}) if found else None
