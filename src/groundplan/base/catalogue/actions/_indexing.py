"""Writes what an entry says into its columns and its data items."""

from __future__ import annotations

from groundplan.base.catalogue.actions._checking import Checked
from groundplan.base.catalogue.logic.content import plain_name
from groundplan.base.catalogue.models import Element, Entry
from groundplan.lib import clock


def place_content(entry: Entry, fit: Checked) -> None:
    """Let an entry say what a checked content says; data items follow."""
    content = fit.content
    entry.shelf, entry.title, entry.name, entry.summary = fit.shelf, content.title, content.name, content.summary
    for name in ("kind", "sharing", "openness", "cycle", "form"):
        setattr(entry, name, getattr(content, name))
    entry.content, entry.changed_at = content.model_dump(mode="json"), clock.now()
    entry.save()
    Element.objects.filter(entry=entry).delete()
    Element.objects.bulk_create(
        Element(
            entry=entry, place=place, name=each.name, key=plain_name(each.name), label=each.label, type=each.type,
            required=each.required, personal=each.personal, grade=each.grade, source=fit.sources.get(each.source),
        )
        for place, each in enumerate(content.elements)
    )  # fmt: skip
