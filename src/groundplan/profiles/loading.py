"""What a profile ships comes into the database, which alone counts at run time: at every start, and by command."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import ClassVar

from django.conf import settings
from django.db import connection, transaction

from groundplan.base.catalogue import actions as catalogue
from groundplan.base.registers import actions as registers
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.places import actions as places
from groundplan.kernel.rules import actions as rules
from groundplan.lib import sql
from groundplan.lib.errors import Invalid
from groundplan.systems.incidents import actions as incidents
from groundplan.systems.linkage import actions as linkage


class ProfileInvalid(Invalid):
    """A profile ships a file that cannot be taken in."""

    code = "profile-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "配置包有误", "en": "The profile is not valid"}


@dataclass(frozen=True)
class Shipped:
    """What loading did: rules put in force for the first time, rules and flows with a new draft, new categories."""

    rules: tuple[str, ...]
    drafts: tuple[str, ...]
    categories: int


@transaction.atomic
def load_units(profile: str = "") -> int:
    """Import the divisions, units and relations that a profile ships in ``units/``; most cities bring their own.

    Args:
        profile: name of the profile; that of the settings by default.

    Returns:
        How many units were new.

    Raises:
        LayerRefused: the divisions are wrong; nothing is loaded.
        ProfileInvalid: the same for units or relations.
    """
    folder = files("groundplan.profiles").joinpath(profile or settings.GROUNDPLAN_PROFILE, "units")
    divisions = folder.joinpath("divisions.csv")
    if divisions.is_file():
        places.import_divisions(
            actor=SYSTEM.actor_id, content=divisions.read_bytes(), filename="divisions.csv", origin="shipped"
        )
    created = 0
    for name in ("units.csv", "relations.csv"):
        if folder.joinpath(name).is_file():
            done = parties.import_parties(actor=SYSTEM, content=folder.joinpath(name).read_bytes(), filename=name)
            if done.errors:
                raise ProfileInvalid(f"{name}: {done.errors[0]}")
            created += done.created if name == "units.csv" else 0
    return created


@transaction.atomic
def load_profile(profile: str = "") -> Shipped:
    """Import the code lists, flows, categories and rules of a profile; what is held already is left alone.

    What the database has never had comes into force. A new text of a rule or flow that it has becomes a draft: an
    upgrade puts nothing in force, and what the city has changed stays. Two starts at once wait for each other.

    Args:
        profile: name of the profile; that of the settings by default.

    Raises:
        TableRefused: a shipped rule is wrong; nothing is loaded.
        FlowInvalid: the same for a flow.
        CodeListRefused: the same for a code list.
    """
    name = profile or settings.GROUNDPLAN_PROFILE
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, "profiles.load_profile")
    before = set(FlowVersion.objects.values_list("pk", flat=True))
    registers.load_shipped_codes(actor=SYSTEM, profile=name)
    categories = incidents.load_shipped(actor=SYSTEM, profile=name)
    done = rules.load_profile_rules(profile=name)
    linkage.load_shipped_plans(actor=SYSTEM, profile=name)
    catalogue.load_shipped_catalogue(actor=SYSTEM, profile=name)
    flows = FlowVersion.objects.exclude(pk__in=before).filter(in_force=False).order_by("key")
    return Shipped(done.in_force, (*done.drafts, *flows.values_list("key", flat=True)), categories)
