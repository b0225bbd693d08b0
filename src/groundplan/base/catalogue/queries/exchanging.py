"""What goes in and out as files: loads with their problems, the catalogue as DCAT-AP."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from groundplan.base.catalogue.errors import LoadNotFound
from groundplan.base.catalogue.logic.dcat import City, Described, graph_of
from groundplan.base.catalogue.models import ColumnMapping, Load, Resource
from groundplan.base.catalogue.queries.entries import KEEPERS, entries_for
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.portal.navigation import registry as navigation

FORMS = {"dcat-ap-jsonld": ("json-ld", "application/ld+json"), "dcat-ap-turtle": ("turtle", "text/turtle")}


def loads_for(actor: Actor) -> QuerySet[Load]:
    """The loads that an actor sees: one's own, the data office all."""
    rows: QuerySet[Load] = Load.objects.all()
    return rows if actor.has_role(*KEEPERS) else rows.filter(loaded_by=actor.actor_id)


def load_for(actor: Actor, load: UUID | str) -> Load:
    """One load.

    Raises:
        LoadNotFound: there is none that the actor sees.
    """
    found = loads_for(actor).filter(public_id=load).first()
    if found is None:
        raise LoadNotFound
    return found


def saved_mapping(name: str) -> ColumnMapping:
    """A kept mapping.

    Raises:
        LoadNotFound: none of this name.
    """
    found = ColumnMapping.objects.filter(name=name.replace("\x00", "").strip()).first()
    if found is None:
        raise LoadNotFound(name[:64])
    return found


def saved_mappings() -> list[str]:
    """The names of the kept mappings."""
    return list(ColumnMapping.objects.order_by("name").values_list("name", flat=True)[:200])


def exported(actor: Actor, form: str, base: str) -> bytes:
    """The published entries that an actor sees, as DCAT-AP 3.0.

    Args:
        actor: who asks.
        form: ``dcat-ap-jsonld`` or ``dcat-ap-turtle``.
        base: address that ids begin with.
    """
    name = navigation.city_name()
    labels = {"zh-hans": name} if isinstance(name, str) else dict(name)
    labels = {key: text for key, text in labels.items() if text} or {"zh-hans": "城市", "en": "City"}
    office = Party.objects.on().filter(code="data-office").first()
    city = City(f"{base.rstrip('/')}/id/catalogue", labels, office.name if office else labels)
    graph = graph_of(city, described(actor))
    return graph.serialize(format=FORMS[form][0], encoding="utf-8")


def described(actor: Actor) -> list[Described]:
    """The published entries that an actor sees, with their mounted resources."""
    mounted = Prefetch("resources", Resource.objects.filter(state="mounted").order_by("id"), to_attr="mounted")
    rows = entries_for(actor).filter(state="published").order_by("id").prefetch_related(mounted)
    return [
        Described(
            id=str(row.public_id), identifier=row.identifier, provider=row.provider.code,
            provider_name=row.provider.name, shelf=row.shelf.key, shelf_name=row.shelf.label, content=row.content,
            number=row.number, published_at=row.published_at, changed_at=row.changed_at, data_at=row.data_at,
            resources=[
                {name: getattr(each, name) for name in
                 ("identifier", "title", "form", "address", "mounted_at", "data_at")}
                for each in row.mounted
            ],
        )
        for row in rows
    ]  # fmt: skip
