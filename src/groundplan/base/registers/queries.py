"""Reads of the registers: what an actor may see, the nearest component, what a code means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import cos, radians

import numpy as np
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from groundplan.base.registers.errors import ComponentNotFound, LoadNotFound
from groundplan.base.registers.models import Code, CodeList, CodeMapping, Component, QuarantinedRow, RegisterLoad
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor, party_by_identifier
from groundplan.kernel.places.queries import today
from groundplan.lib.coordinates import metres_between
from groundplan.lib.errors import NotAllowed

READERS = (
    "operator",
    "inspector",
    "grid_worker",
    "handler",
    "dispatcher",
    "supervisor",
    "leader",
    "data_office",
)
# These work for the whole city; others see what their units answer for.
CITY_WIDE = ("operator", "inspector", "dispatcher", "supervisor", "data_office")
KEEPERS = ("data_office",)
_METRES_A_DEGREE = 111_195.0
_CITY_CODE_LENGTH = 4
CITY_MANAGEMENT = "city-management"


@dataclass(frozen=True)
class Nearby:
    """A component and how far it is."""

    component: Component
    metres: float


def components_for(actor: Actor) -> QuerySet[Component]:
    """The components an actor may see, by identity.

    City-wide roles see all, or what lies in the territory to which the role is limited; handlers, grid workers and
    leaders those within the divisions of their units and those that their units own, maintain or are the authority of;
    residents, vendors and administrators none.
    """
    found = Component.objects.order_by("identity")
    territories = actor.territories(*CITY_WIDE)
    if "" in territories:
        return found
    units = Party.objects.filter(pk__in=actor.party_ids(*READERS)).prefetch_related("identifiers")
    seen = Q(pk__in=[])
    for territory in territories:
        seen |= _within(territory)
    for unit in units:
        if unit.division_code:
            seen |= _within(unit.division_code)
        codes = [item.value for item in unit.identifiers.all() if item.scheme == "credit_code"]
        seen |= Q(owner_code__in=codes) | Q(maintainer_code__in=codes) | Q(authority_code__in=codes)
    return found.filter(seen)


def component_for(actor: Actor, identity: str) -> Component:
    """One component.

    Raises:
        ComponentNotFound: unknown, or not for this actor.
    """
    found = components_for(actor).filter(identity=identity).first()
    if found is None:
        raise ComponentNotFound(_("没有标识码为 %(identity)s 的部件。") % {"identity": identity})
    return found


@dataclass(frozen=True)
class KnownComponent:
    """What other systems need of a component; the codes of units are those of parties, "" when none is entered."""

    identity: str
    name: str
    category: str
    owner_code: str
    maintainer_code: str
    longitude: float
    latitude: float
    state: str


def component_by_code(identity: str) -> KnownComponent | None:
    """The component of an identity, with its owner and maintainer as parties."""
    found = Component.objects.filter(identity=identity).first()
    if found is None:
        return None
    return KnownComponent(
        identity=found.identity,
        name=found.name,
        category=found.category,
        owner_code=_party_code(found.owner_code),
        maintainer_code=_party_code(found.maintainer_code),
        longitude=found.lon,
        latitude=found.lat,
        state=found.state,
    )


def nearest_components(
    *, lon: float, lat: float, category: str = "", within_m: float = 100.0, most: int = 5
) -> list[Nearby]:
    """The components nearest to a point, the nearest first; removed ones are left out.

    Args:
        lon: longitude in CGCS2000.
        lat: latitude in CGCS2000.
        category: code of 5 digits; every category when empty.
        within_m: radius in metres.
        most: how many at most.
    """
    north = within_m / _METRES_A_DEGREE
    east = north / max(cos(radians(lat)), 0.01)
    found = Component.objects.filter(
        lat__range=(lat - north, lat + north), lon__range=(lon - east, lon + east)
    ).exclude(state="移除")
    rows = list(found.filter(category=category) if category else found)
    if not rows:
        return []
    here = np.tile([[lon, lat]], (len(rows), 1))
    metres = metres_between(here, np.array([[row.lon, row.lat] for row in rows]))
    order = np.argsort(metres, kind="stable")[:most]
    return [Nearby(rows[at], float(metres[at])) for at in order if metres[at] <= within_m]


def loads_for(actor: Actor) -> QuerySet[RegisterLoad]:
    """The imports, newest first; for those who keep the registers."""
    found = RegisterLoad.objects.order_by("-id")
    return found if actor.has_role(*KEEPERS) else found.none()


def quarantine(actor: Actor, load: str) -> tuple[RegisterLoad, list[QuarantinedRow]]:
    """The rows of a load that were not taken over, with their reasons.

    Raises:
        LoadNotFound: unknown, or not for this actor.
    """
    found = loads_for(actor).filter(public_id=load).first()
    if found is None:
        raise LoadNotFound(_("没有这个导入批次。"))
    return found, list(found.bad_rows.order_by("number"))


def may_keep(actor: Actor) -> None:
    """Check that an actor keeps the registers.

    Raises:
        NotAllowed: not one of the roles.
    """
    if not actor.has_role(*KEEPERS):
        raise NotAllowed(_("只有数据管理人员可以导入台账。"), accepted="data_office")


def code_list(name: str = CITY_MANAGEMENT, on: date | None = None) -> CodeList | None:
    """The edition of a list in force on a day: the latest that began by then."""
    day = on or today()
    found = CodeList.objects.filter(Q(valid_until=None) | Q(valid_until__gt=day), list=name, valid_from__lte=day)
    return found.order_by("-valid_from", "-id").first()


def codes(name: str = CITY_MANAGEMENT, *, kind: str = "", on: date | None = None) -> QuerySet[Code]:
    """The codes of the edition in force on a day."""
    found = Code.objects.filter(code_list=code_list(name, on)).order_by("kind", "code")
    return found.filter(kind=kind) if kind else found


def code_label(kind: str, code: str, *, on: date | None = None) -> dict[str, str]:
    """What a category is called; a matter of the majors 01–05 is its component with 异常. Empty when unknown."""
    found = codes(kind=kind, on=on).filter(code=code).first()
    if found is not None:
        return dict(found.label)
    fault = codes(kind="component", on=on).filter(code=code).first() if kind == "matter" else None
    if fault is None:
        return {}
    return {"zh-hans": f"{fault.label['zh-hans']}异常", "en": f"{fault.label.get('en', code)}: fault"}


def mapped_codes(kind: str, code: str, *, from_edition: str, to_edition: str) -> list[CodeMapping]:
    """What a code of one edition is in another."""
    return list(
        CodeMapping.objects.filter(
            kind=kind, from_code=code, from_edition=from_edition, to_edition=to_edition
        ).order_by("to_code")
    )


def mapped_from_earlier(kind: str, code: str, *, to_edition: str) -> list[CodeMapping]:
    """What a code of any earlier edition is in one edition."""
    found = CodeMapping.objects.filter(kind=kind, from_code=code, to_edition=to_edition).exclude(
        from_edition=to_edition
    )
    return list(found.order_by("to_code"))


def code_lists(name: str = CITY_MANAGEMENT) -> list[CodeList]:
    """Every edition of a list that is held, the newest first."""
    return list(CodeList.objects.filter(list=name).order_by("-valid_from", "-id"))


def codes_compared(edition: CodeList, *, kind: str) -> list[tuple[Code, list[CodeMapping]]]:
    """The codes of an edition, each with what it was in others or became in them."""
    pairs = CodeMapping.objects.filter(list=edition.list, kind=kind).order_by("from_code", "to_code")
    known: dict[str, list[CodeMapping]] = {}
    for pair in pairs:
        if pair.to_edition == edition.edition:
            known.setdefault(pair.to_code, []).append(pair)
        if pair.from_edition == edition.edition:
            known.setdefault(pair.from_code, []).append(pair)
    return [(code, known.get(code.code, [])) for code in edition.codes.filter(kind=kind).order_by("code")]


def _party_code(credit_code: str) -> str:
    unit = party_by_identifier("credit_code", credit_code) if credit_code else None
    return str(unit.code) if unit else ""


def _within(division: str) -> Q:
    if len(division) <= _CITY_CODE_LENGTH + 2:
        return Q(identity__startswith=division)
    return Q(community_code__startswith=division)
