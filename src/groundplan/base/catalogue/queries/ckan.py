"""The catalogue as CKAN's action API answers it: packages and resources, to be read only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from groundplan.base.catalogue.errors import EntryNotFound, ResourceNotFound
from groundplan.base.catalogue.models import Entry, Resource
from groundplan.base.catalogue.queries.entries import entries_for, resource_for, resources_for
from groundplan.base.catalogue.queries.searching import Filters, search
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import Invalid

Asked = Mapping[str, Any]
LISTED, FOUND = 1000, 100
NARROWED = {"organization": "provider", "owner_org": "provider", "groups": "shelf"}
# What answers datastore_search, set by the app that holds the rows: actor, resource, what was asked.
Rows = Callable[[Actor, Resource, Asked], dict[str, Any]]
rows_of: list[Rows] = []


def package_list(actor: Actor, asked: Asked) -> list[str]:
    """The names of the packages that a reader sees, by name."""
    start, size = _whole(asked, "offset", 0), _whole(asked, "limit", LISTED, LISTED)
    names = _published(actor).order_by("identifier").values_list("identifier", flat=True)
    return list(names[start : start + size])


def package_search(actor: Actor, asked: Asked) -> dict[str, Any]:
    """Packages that fit a text, narrowed by ``fq``; at most the first hundred of a text are reached."""
    start, size = _whole(asked, "start", 0), _whole(asked, "rows", 10, FOUND)
    text, filters = str(asked.get("q") or "").strip(), _filters(str(asked.get("fq") or ""))
    if text in {"", "*:*", "*"}:
        rows = filters.narrow(_published(actor)).order_by("-changed_at", "-id")
        found, count = list(_packed(rows[start : start + size])), rows.count()
    else:
        hits = search(actor, text, filters=filters, size=FOUND)
        ids = [hit.id for hit in hits.results[start : start + size]]
        by_id = {row.public_id: row for row in _packed(_published(actor).filter(public_id__in=ids))}
        found, count = [by_id[each] for each in ids if each in by_id], hits.total_estimate
    return {"count": count, "results": [_package(each) for each in found], "facets": {}, "search_facets": {},
            "sort": "score desc, metadata_modified desc"}  # fmt: skip


def package_show(actor: Actor, asked: Asked) -> dict[str, Any]:
    """One package by id or name.

    Raises:
        EntryNotFound: none that the reader sees.
    """
    name = _name(asked)
    rows = _published(actor)
    found = _packed(rows.filter(identifier=name)).first() or _packed(rows.filter(public_id__in=_uuid(name))).first()
    if found is None:
        raise EntryNotFound
    return _package(found)


def resource_show(actor: Actor, asked: Asked) -> dict[str, Any]:
    """One resource by id or name.

    Raises:
        ResourceNotFound: none that the reader sees.
    """
    return _resource(_mounted(actor, _name(asked)))


def datastore_search(actor: Actor, asked: Asked) -> dict[str, Any]:
    """Rows of a resource, answered by the app that holds them.

    Raises:
        ResourceNotFound: none that the reader sees, or none whose rows are held here.
    """
    name = str(asked.get("resource_id") or asked.get("id") or "")
    found = _mounted(actor, name)
    for answer in rows_of:
        return answer(actor, found, asked)
    raise ResourceNotFound


ACTIONS: dict[str, Callable[[Actor, Asked], Any]] = {
    each.__name__: each for each in (package_list, package_search, package_show, resource_show, datastore_search)
}


def _published(actor: Actor) -> QuerySet[Entry]:
    return entries_for(actor).filter(state="published")


def _packed(rows: QuerySet[Entry]) -> QuerySet[Entry]:
    mounted = Prefetch("resources", Resource.objects.filter(state="mounted").order_by("id"), to_attr="mounted")
    return rows.prefetch_related(mounted)


def _mounted(actor: Actor, name: str) -> Resource:
    plain = name.replace("\x00", "")
    found = resources_for(actor).filter(public_id__in=_uuid(plain), state="mounted").first()
    found = found or resource_for(actor, plain)
    if found.state != "mounted" or found.entry.state != "published":
        raise ResourceNotFound
    return found


def _package(entry: Entry) -> dict[str, Any]:
    content = entry.content
    unit = {"id": str(entry.provider.public_id), "name": entry.provider.code, "title": entry.provider.shown_name,
            "type": "organization", "state": "active", "is_organization": True}  # fmt: skip
    shelf = entry.shelf.label.get("zh-hans", entry.shelf.key)
    extras = {
        name: content[name] for name in ("sharing", "condition", "basis", "openness", "cycle", "coverage", "period")
    }
    extras["elements"] = "、".join(each["name"] for each in content["elements"])
    resources = [_resource(each) for each in entry.mounted]  # type: ignore[attr-defined]
    return {
        "id": str(entry.public_id), "name": entry.identifier, "title": entry.name, "type": "dataset",
        "notes": content["summary"].get("zh-hans") or next(iter(content["summary"].values()), ""),
        "state": "active", "private": content["openness"] == "closed", "url": "", "version": str(entry.number),
        "metadata_created": entry.made_at.isoformat(), "metadata_modified": entry.changed_at.isoformat(),
        "organization": unit, "owner_org": unit["id"], "author": None, "maintainer": content["contact"],
        "groups": [{"id": entry.shelf.key, "name": entry.shelf.key, "title": shelf, "display_name": shelf}],
        "tags": [{"name": word, "display_name": word, "state": "active"} for word in content["keywords"]],
        "resources": resources, "num_resources": len(resources), "num_tags": len(content["keywords"]),
        "extras": [{"key": key, "value": value} for key, value in {**extras, **content["extra"]}.items() if value],
    }  # fmt: skip


def _resource(resource: Resource) -> dict[str, Any]:
    moment = (resource.data_at or resource.mounted_at).isoformat()
    return {
        "id": str(resource.public_id), "package_id": str(resource.entry.public_id), "name": resource.identifier,
        "description": resource.title.get("zh-hans", ""), "format": resource.form, "url": resource.address,
        "state": "active", "created": resource.mounted_at.isoformat(), "last_modified": moment,
        "resource_type": resource.kind, "datastore_active": bool(rows_of) and not resource.address,
    }  # fmt: skip


def _filters(text: str) -> Filters:
    """What ``fq`` narrows to.

    Raises:
        Invalid: a filter that is not served; it is never passed over.
    """
    given = {}
    for part in text.replace("+", " ").split():
        name, sign, value = part.partition(":")
        if not sign or name not in NARROWED:
            raise Invalid(_("不支持的筛选：%(text)s") % {"text": part[:60]}, accepted="organization:, groups:")
        given[NARROWED[name]] = value.strip('"()')
    return Filters(**given)


def _name(asked: Asked) -> str:
    return str(asked.get("id") or asked.get("name_or_id") or "").replace("\x00", "")[:200]


def _uuid(name: str) -> list[str]:
    return [name] if len(name) == 36 and all(letter in "0123456789abcdef-" for letter in name.lower()) else []  # noqa: PLR2004 - the length of an id.


def _whole(asked: Asked, name: str, default: int, most: int = 1_000_000) -> int:
    """A number of what was asked.

    Raises:
        Invalid: it is none.
    """
    value = asked.get(name)
    if value in {None, ""}:
        return default
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - more than any list has.
        raise Invalid(_("%(name)s 须为非负整数。") % {"name": name}, accepted="0, 1, 2, …")
    return min(int(text), most)
