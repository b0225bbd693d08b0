"""Brings the profile's flows and categories into the database, which alone counts at run time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.systems.incidents.models import Category
from groundplan.systems.incidents.queries.directory import PROFILES


@transaction.atomic
def load_shipped(*, actor: Actor, profile: str = "") -> int:
    """Import the profile's flows as versions, and add the categories that the database does not hold yet.

    A flow that is in force stays so: a newer shipped text becomes a draft. A category that is there, also one that
    the city has changed, is left as it is.

    Args:
        actor: who loads them.
        profile: name of the profile, by default the one in use.

    Returns:
        How many categories were added.
    """
    _import_flows(actor=actor, profile=profile)
    root = PROFILES / (profile or settings.GROUNDPLAN_PROFILE)
    added = 0
    for path in sorted((root / "codes").glob("*.yaml")):
        content = path.read_bytes()
        origin = f"{path.stem} sha256:{hashlib.sha256(content).hexdigest()[:16]}"
        document = yaml.safe_load(content)
        if "list" not in document or ("majors" not in document and "groups" not in document):
            continue
        spoken = root / "words" / path.name
        words = yaml.safe_load(spoken.read_text(encoding="utf-8")) if spoken.exists() else {}
        known = set(Category.objects.values_list("kind", "code"))
        fresh = [row for row in _categories(document, origin, words) if (row.kind, row.code) not in known]
        Category.objects.bulk_create(fresh, ignore_conflicts=True)
        added += len(fresh)
    if added:
        record(
            actor=actor.actor_id, action="incidents.load_shipped", subject="incidents:categories", data={"added": added}
        )
    return added


def _import_flows(*, actor: Actor, profile: str = "") -> None:
    """Import the profile's flow files; the first version of a flow comes into force."""
    name = profile or settings.GROUNDPLAN_PROFILE
    for path in sorted((PROFILES / name / "flows").glob("*.yaml")):
        cases.import_flow(actor=actor, text=path.read_text(encoding="utf-8"), origin=f"{name}/flows/{path.name}")


def _categories(document: Mapping[str, Any], origin: str, words: Mapping[str, list[str]]) -> Iterator[Category]:
    valid_from = date.fromisoformat(str(document["valid_from"]))
    position = 0
    for group in document.get("groups", ()):
        for matter in group["matters"]:
            position += 1
            label = matter["label"]
            yield Category(
                kind="hotline", code=matter.get("code") or label["zh-hans"], group=group["label"], label=label,
                words=matter["words"],
                origin=origin, valid_from=valid_from, position=position,
            )  # fmt: skip
    for major, group in document.get("majors", {}).items():
        for minor, label in group["items"].items():
            position += 1
            yield Category(
                kind=group["kind"], code=f"{major}{minor}", group=group["label"], label=label,
                words=[label["zh-hans"], *words.get(f"{group['kind']}:{major}{minor}", ())],
                origin=origin, valid_from=valid_from, position=position,
            )  # fmt: skip
