"""What a profile ships comes into the database, which alone counts at run time: at every start, and by command."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from groundplan.base.registers import actions as registers
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.rules import actions as rules
from groundplan.lib import sql
from groundplan.systems.incidents import actions as incidents
from groundplan.systems.linkage import actions as linkage


@dataclass(frozen=True)
class Shipped:
    """What loading did: rules put in force for the first time, rules and flows with a new draft, new categories."""

    rules: tuple[str, ...]
    drafts: tuple[str, ...]
    categories: int


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
    flows = FlowVersion.objects.exclude(pk__in=before).filter(in_force=False).order_by("key")
    return Shipped(done.in_force, (*done.drafts, *flows.values_list("key", flat=True)), categories)
