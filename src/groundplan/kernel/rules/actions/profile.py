"""Shipped tables: imported as versions with origin and digest; never over a city's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.rules import queries
from groundplan.kernel.rules.actions._records import stamp, tell
from groundplan.kernel.rules.logic.files.source import read_table_file
from groundplan.kernel.rules.logic.table import Table
from groundplan.kernel.rules.models import RuleTable, RuleVersion
from groundplan.lib import clock


@dataclass(frozen=True)
class Loaded:
    """What loading did: keys put in force (first time), keys with a new draft, keys that were known already."""

    in_force: tuple[str, ...]
    drafts: tuple[str, ...]
    known: tuple[str, ...]


@transaction.atomic
def load_profile_rules(*, profile: str = "") -> Loaded:
    """Import the tables of a profile.

    A rule that the database does not have comes into force at once. For one that it has, a text that it has never
    seen becomes a draft that waits for the city's own people; nothing in force changes.

    Args:
        profile: name of the profile; that of the settings by default.

    Raises:
        TableRefused: a shipped table is wrong; nothing is loaded.
    """
    folder = files("groundplan.profiles").joinpath(profile or settings.GROUNDPLAN_PROFILE, "rules")
    found: dict[str, list[str]] = {"in_force": [], "drafts": [], "known": []}
    sources = sorted(folder.iterdir(), key=lambda item: item.name) if folder.is_dir() else []
    for item in sources:
        if item.name.endswith((".yaml", ".yml")):
            table = read_table_file(item.read_bytes(), item.name).table
            found[_load(table, item.name)].append(table.key)
    return Loaded(tuple(found["in_force"]), tuple(found["drafts"]), tuple(found["known"]))


def _load(table: Table, filename: str) -> str:
    """Load one table; returns which of the three it was."""
    RuleTable.objects.get_or_create(key=table.key, defaults={"label": dict(table.label)})
    rule = RuleTable.objects.select_for_update().get(key=table.key)
    if rule.versions.filter(digest=table.digest).exists():
        return "known"
    last = rule.versions.aggregate(last=Max("version"))["last"]
    first = last is None
    start = date.fromisoformat(table.effective_from) if table.effective_from else queries.city_day()
    version = RuleVersion.objects.create(
        rule=rule,
        version=(last or 0) + 1,
        state=RuleVersion.State.IN_FORCE if first else RuleVersion.State.DRAFT,
        origin=RuleVersion.Origin.SHIPPED,
        definition=table.definition(),
        digest=table.digest,
        source_name=filename,
        effective_from=start if first else None,
        drafted_by=SYSTEM.actor_id,
        approved_by=SYSTEM.actor_id if first else "",
        approved_at=clock.now() if first else None,
    )
    if first:
        stamp(rule)
    verb = "put_in_force" if first else "import_table"
    tell(SYSTEM, verb, version, rule.key, origin="shipped")
    return "in_force" if first else "drafts"
