"""Reads of reports, filtered by the units of the reader."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from groundplan.commons.reports.errors import ReportNotFound
from groundplan.commons.reports.models import Letterhead, Report, Schedule
from groundplan.commons.reports.registry import CHECKERS, MAKERS
from groundplan.kernel.files.queries import open_file
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import NotAllowed
from groundplan.lib.keyset import Page, page

__all__ = ["CHECKERS", "MAKERS"]


def reports_for(actor: Actor) -> QuerySet[Report]:
    """The reports of the units that an actor covers."""
    found = Report.objects.select_related("unit", "text")
    return found if actor.is_system else found.filter(unit_id__in=actor.party_ids(*MAKERS))


def report_page(actor: Actor, *, after: str | None = None, size: int = 30) -> Page[Any]:
    """Reports, newest first, without their sections."""
    return page(reports_for(actor).defer("sections"), order=("-made_at", "-id"), after=after, size=size)


def report_for(actor: Actor, public_id: UUID | str) -> Report:
    """One report that an actor may see.

    Raises:
        ReportNotFound: there is none, or not for this actor.
    """
    known = public_id if isinstance(public_id, UUID) else UUID(public_id)
    found = reports_for(actor).filter(public_id=known).first()
    if found is None:
        raise ReportNotFound
    return found


def units_of(actor: Actor) -> list[Party]:
    """The units for which an actor may make reports."""
    return list(Party.objects.filter(pk__in=actor.unit_ids(*MAKERS)).order_by("sort_key", "id"))


def schedules_for(actor: Actor) -> list[Schedule]:
    """What is drafted by itself for the units of an actor."""
    found = Schedule.objects.select_related("unit").filter(unit_id__in=actor.party_ids(*MAKERS), active=True)
    return list(found.order_by("source", "kind", "id"))


def letterhead_of(unit: Party) -> Letterhead:
    """How a unit's papers look; until it says so, its name and no sign."""
    found = Letterhead.objects.select_related("template").filter(unit=unit).first()
    return found or Letterhead(unit=unit, organ=unit.name, sign="")


def template_of(letterhead: Letterhead) -> bytes | None:
    """The unit's own template; None for the shipped one."""
    if letterhead.template is None:
        return None
    with open_file(letterhead.template) as opened:
        return bytes(opened.read())


def text_of(report: Report) -> bytes | None:
    """The text as an officer has edited it; None while it stands as it was made."""
    if report.text is None:
        return None
    with open_file(report.text) as opened:
        return bytes(opened.read())


def require_unit(actor: Actor, unit: Party, *roles: str) -> None:
    """Refuse who holds none of these roles over a unit.

    Raises:
        NotAllowed: always then.
    """
    if not (actor.is_system or unit.pk in actor.party_ids(*roles)):
        raise NotAllowed(_("您不能为该单位编制或审核报告。"), accepted=", ".join(roles))
