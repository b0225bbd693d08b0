"""Writes what an entry says into its columns, its data items and the index of words."""

from __future__ import annotations

from django.db import connection

from groundplan.base.catalogue.actions._checking import Checked
from groundplan.base.catalogue.logic.content import plain_name
from groundplan.base.catalogue.models import Element, Entry
from groundplan.lib import clock, search


def place_content(entry: Entry, fit: Checked) -> None:
    """Let an entry say what a checked content says; data items and index follow."""
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
    text = search.document(entry.identifier, *entry.provider.name.values(), *content.texts())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE catalogue_entry SET search = {search.vector_sql()} WHERE id = %s",  # noqa: S608 - no value inside.
            [text, entry.pk],
        )
