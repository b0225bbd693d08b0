"""Catalogues of others as entries: a CKAN package dump, DCAT as JSON-LD; nothing is fetched from anywhere; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, SKOS

from groundplan.base.catalogue.logic.dcat import DCAT
from groundplan.base.catalogue.logic.importing import Given

MOST_PACKAGES = 100_000
MOST_RESOURCES = 50


class DocumentRefused(ValueError):
    """A document is none that can be read; the text says why."""


def read_document(content: bytes) -> Any:
    """A JSON document, or one on each line.

    Raises:
        DocumentRefused: it is neither.
    """
    try:
        text = content.decode("utf-8-sig")
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise DocumentRefused(str(error)[:200]) from error


def is_dcat(document: Any) -> bool:
    """Whether a document is linked data rather than packages of CKAN."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, Mapping) and any(name in first for name in ("@context", "@graph", "@id", "@type"))


def packages_of(document: Any) -> list[Given]:
    """The entries of a CKAN dump: a list of packages, an answer of the API, or one package on each line.

    Raises:
        DocumentRefused: it holds no packages.
    """
    found = document
    for name in ("result", "results", "packages"):
        if isinstance(found, Mapping) and name in found:
            found = found[name]
    if isinstance(found, Mapping):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise DocumentRefused("no list of packages")
    if len(found) > MOST_PACKAGES:
        raise DocumentRefused(f"> {MOST_PACKAGES}")
    return [_package(number, each) for number, each in enumerate(found, start=1)]


def datasets_of(document: Any) -> list[Given]:
    """The entries of a DCAT document.

    Raises:
        DocumentRefused: it is no JSON-LD, or names a context that would have to be fetched.
    """
    _refuse_remote(document)
    graph = Graph()
    try:
        graph.parse(data=json.dumps(document), format="json-ld")
    except Exception as error:  # rdflib raises whatever its parsers raise.
        raise DocumentRefused(str(error)[:200]) from error
    names = sorted({*graph.subjects(RDF.type, DCAT.Dataset), *graph.subjects(RDF.type, DCAT.DataService)}, key=str)
    if not names:
        raise DocumentRefused("no dcat:Dataset")
    return [_dataset(graph, number, name) for number, name in enumerate(names[:MOST_PACKAGES], start=1)]


def _package(number: int, package: Mapping[str, Any]) -> Given:
    """One package of CKAN."""
    at = f"[{number - 1}]"
    names = {"identifier": "name", "title": "title", "summary": "notes", "cycle": "frequency"}
    values = {ours: str(package.get(theirs) or "") for ours, theirs in names.items()}
    values["title"] = values["title"] or values["identifier"]
    unit = package.get("organization")
    values["provider"] = str(unit.get("title") or unit.get("name") or "") if isinstance(unit, Mapping) else ""
    values["keywords"] = "、".join(_names(package.get("tags")))
    values["shelf"] = next(iter(_names(package.get("groups"))), "")
    resources = [
        (str(each.get("url") or ""), str(each.get("format") or ""))
        for each in _list(package.get("resources"))[:MOST_RESOURCES] if isinstance(each, Mapping)
    ]  # fmt: skip
    values["form"] = resources[0][1] if resources else ""
    extra = {
        str(each["key"])[:120]: str(each.get("value") or "")[:8000]
        for each in _list(package.get("extras"))[:100] if isinstance(each, Mapping) and each.get("key")
    }  # fmt: skip
    cells = {ours: f"{at}.{theirs}" for ours, theirs in names.items()} | {"provider": f"{at}.organization"}
    return Given(number, values, {"": at} | cells, resources, extra)


def _dataset(graph: Graph, number: int, name: Any) -> Given:
    """One dataset or service of a graph."""
    titles = _texts(graph, name, DCTERMS.title)
    publisher = graph.value(name, DCTERMS.publisher)
    values = {
        "identifier": str(graph.value(name, DCTERMS.identifier) or name), "title": titles.get("zh-hans", ""),
        "summary": next(iter(_texts(graph, name, DCTERMS.description).values()), ""),
        "provider": str(graph.value(publisher, FOAF.name) or publisher or ""),
        "cycle": str(graph.value(name, DCTERMS.accrualPeriodicity) or ""),
        "openness": str(graph.value(name, DCTERMS.accessRights) or "").replace("NON_PUBLIC", "nonpublic"),
        "keywords": "、".join(sorted(str(each) for each in graph.objects(name, DCAT.keyword))),
        "kind": "api" if (name, RDF.type, DCAT.DataService) in graph else "",
    }  # fmt: skip
    values["title"] = values["title"] or next(iter(titles.values()), "")
    if titles.get("en") and titles["en"] != values["title"]:
        values["title_en"] = titles["en"]
    theme = graph.value(name, DCAT.theme)
    values["shelf"] = str(graph.value(theme, SKOS.prefLabel) or theme or "")
    resources = list(_distributions(graph, name))[:MOST_RESOURCES]
    endpoint = graph.value(name, DCAT.endpointURL)
    resources += [(str(endpoint), "API")] if endpoint else []
    values["form"] = resources[0][1] if resources else ""
    return Given(number, values, {key: f"<{name}> {key}" for key in ("", *values)}, resources)


def _distributions(graph: Graph, name: Any) -> Iterator[tuple[str, str]]:
    for each in sorted(graph.objects(name, DCAT.distribution), key=str):
        address = graph.value(each, DCAT.downloadURL) or graph.value(each, DCAT.accessURL)
        form = graph.value(each, DCTERMS["format"]) or graph.value(each, DCAT.mediaType)
        yield str(address or ""), str(form or "").rstrip("/").rsplit("/", 1)[-1][:40]


def _texts(graph: Graph, name: Any, predicate: URIRef) -> dict[str, str]:
    """The texts of a property by language; what has none counts as the city's."""
    found: dict[str, str] = {}
    for each in sorted(graph.objects(name, predicate), key=str):
        spoken = (each.language or "zh-hans") if isinstance(each, Literal) else "zh-hans"
        found.setdefault("zh-hans" if spoken.startswith("zh") else spoken, str(each))
    return found


def _refuse_remote(document: Any) -> None:
    """Refuse contexts named by an address: nothing is fetched.

    Raises:
        DocumentRefused: naming the address.
    """
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            for key in ("@context", "@import"):
                named = each.get(key)
                for text in named if isinstance(named, list) else [named]:
                    if isinstance(text, str):
                        raise DocumentRefused(f"{key}: {text[:120]}")
            waiting += list(each.values())
        elif isinstance(each, list):
            waiting += each


def _names(value: Any) -> list[str]:
    found = [
        str(each.get("display_name") or each.get("title") or each.get("name") or "")
        if isinstance(each, Mapping) else str(each) for each in _list(value)
    ]  # fmt: skip
    return [each for each in found if each]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
