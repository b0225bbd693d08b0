"""The catalogue as DCAT-AP 3.0: entries as datasets, series and services, resources as distributions; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from rdflib import RDF, RDFS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, PROV, SKOS

# The library knows DCAT 2 only.
DCAT = Namespace("http://www.w3.org/ns/dcat#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
RIGHTS = Namespace("http://publications.europa.eu/resource/authority/access-right/")
FREQUENCY = Namespace("http://publications.europa.eu/resource/authority/frequency/")
OPENNESS = {"open": "PUBLIC", "conditional": "RESTRICTED", "closed": "NON_PUBLIC"}
CYCLES = {
    "realtime": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "quarterly": "QUARTERLY",
    "half_yearly": "ANNUAL_2", "yearly": "ANNUAL", "irregular": "IRREG", "once": "NEVER",
}  # fmt: skip
SERVICES = ("api", "check")
LANGUAGES = {"zh-hans": "zh-Hans"}
SAFE = "/:?#[]@!$&'()*+,;=%~"
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Described:
    """An entry as it goes out."""

    id: str
    identifier: str
    provider: str
    provider_name: Labels
    shelf: str
    shelf_name: Labels
    content: Mapping[str, Any]
    number: int
    published_at: datetime | None
    changed_at: datetime
    data_at: datetime | None
    series_of: bool = False
    resources: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


@dataclass(frozen=True)
class City:
    """Whose catalogue it is."""

    base: str
    name: Labels
    publisher: Labels


def graph_of(city: City, entries: Iterable[Described]) -> Graph:
    """The catalogue with all that it holds.

    Args:
        city: address that ids begin with, name of the city, who publishes.
        entries: what it holds.
    """
    graph = Graph()
    for prefix, space in (("dcat", DCAT), ("dct", DCTERMS), ("foaf", FOAF), ("vcard", VCARD), ("prov", PROV)):
        graph.bind(prefix, space)
    catalogue, scheme = _iri(city, "catalogue"), _iri(city, "shelves")
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    _labels(graph, catalogue, DCTERMS.title, _suffixed(city.name, {"zh-hans": "数据目录", "en": "data catalogue"}))
    told = {"zh-hans": "已发布的目录条目及其数据资源。", "en": "Published entries and their resources."}
    _labels(graph, catalogue, DCTERMS.description, told)
    graph.add((catalogue, DCTERMS.publisher, _agent(graph, _iri(city, "publisher"), city.publisher)))
    graph.add((catalogue, DCAT.themeTaxonomy, scheme))
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    _labels(graph, scheme, DCTERMS.title, {"zh-hans": "目录分类", "en": "Shelves of the catalogue"})
    rows = list(entries)
    known = {row.identifier: _iri(city, f"entries/{row.id}") for row in rows}
    series = {row.content["series"] for row in rows if row.content.get("series")}
    for row in rows:
        _add(graph, city, row, known, is_series=row.identifier in series)
    return graph


def _add(graph: Graph, city: City, row: Described, known: Mapping[str, URIRef], *, is_series: bool) -> None:
    """One entry."""
    name, content = known[row.identifier], row.content
    is_service = content["kind"] in SERVICES
    # A series is a dataset as well (DCAT 3), so that the catalogue may list it.
    graph.add((name, RDF.type, DCAT.DataService if is_service and not is_series else DCAT.Dataset))
    if is_series:
        graph.add((name, RDF.type, DCAT.DatasetSeries))
    graph.add((_iri(city, "catalogue"), DCAT.service if is_service and not is_series else DCAT.dataset, name))
    _labels(graph, name, DCTERMS.title, content["title"])
    _labels(graph, name, DCTERMS.description, content.get("summary") or content["title"])
    graph.add((name, DCTERMS.publisher, _agent(graph, _iri(city, f"units/{row.provider}"), row.provider_name)))
    graph.add((name, DCTERMS.accessRights, _typed(graph, RIGHTS[OPENNESS[content["openness"]]],
                                                  DCTERMS.RightsStatement)))  # fmt: skip
    _sort(graph, city, name, row)
    if is_service and not is_series:
        _service(graph, city, name, row)
        return
    if not is_series:
        graph.add((name, DCTERMS.identifier, Literal(row.identifier)))
        graph.add((name, DCAT.version, Literal(str(row.number))))
    graph.add((name, DCTERMS.accrualPeriodicity, _typed(graph, FREQUENCY[CYCLES[content["cycle"]]], DCTERMS.Frequency)))
    if row.published_at:
        graph.add((name, DCTERMS.issued, _moment(row.published_at)))
    graph.add((name, DCTERMS.modified, _moment(row.data_at or row.changed_at)))
    if content.get("series") in known and not is_series:
        graph.add((name, DCAT.inSeries, known[content["series"]]))
    for source in content.get("derived_from", ()):
        if source in known:
            graph.add((name, PROV.wasDerivedFrom, known[source]))
    if not is_series:
        for resource in row.resources:
            graph.add((name, DCAT.distribution, _distribution(graph, city, name, resource)))


def _sort(graph: Graph, city: City, name: URIRef, row: Described) -> None:
    """Where an entry stands, by which words it is found, whom to ask."""
    content = row.content
    shelf = _iri(city, f"shelves/{row.shelf}")
    graph.add((shelf, RDF.type, SKOS.Concept))
    graph.add((shelf, SKOS.inScheme, _iri(city, "shelves")))
    _labels(graph, shelf, SKOS.prefLabel, row.shelf_name)
    graph.add((name, DCAT.theme, shelf))
    for word in content.get("keywords", ()):
        graph.add((name, DCAT.keyword, Literal(word)))
    if content.get("contact"):
        graph.add((name, DCAT.contactPoint, _contact(graph, content["contact"])))


def _service(graph: Graph, city: City, name: URIRef, row: Described) -> None:
    """What only services have: where they are called."""
    addresses = [each["address"] for each in row.resources if each["address"]]
    for address in addresses or [str(_iri(city, f"entries/{row.id}"))]:
        graph.add((name, DCAT.endpointURL, _typed(graph, URIRef(quote(address, safe=SAFE)), RDFS.Resource)))


def _distribution(graph: Graph, city: City, entry: URIRef, resource: Mapping[str, Any]) -> URIRef:
    name = _iri(city, f"resources/{resource['identifier']}")
    graph.add((name, RDF.type, DCAT.Distribution))
    _labels(graph, name, DCTERMS.title, resource["title"])
    address = URIRef(quote(resource["address"], safe=SAFE)) if resource["address"] else entry
    graph.add((name, DCAT.accessURL, _typed(graph, address, RDFS.Resource)))
    if resource["form"]:
        form = _typed(graph, _iri(city, f"formats/{resource['form']}"), DCTERMS.MediaTypeOrExtent)
        graph.add((form, RDFS.label, Literal(resource["form"])))
        graph.add((name, DCTERMS["format"], form))
    graph.add((name, DCTERMS.issued, _moment(resource["mounted_at"])))
    if resource["data_at"]:
        graph.add((name, DCTERMS.modified, _moment(resource["data_at"])))
    return name


def _contact(graph: Graph, text: str) -> BNode:
    node = BNode()
    graph.add((node, RDF.type, VCARD.Kind))
    graph.add((node, VCARD.fn, Literal(text)))
    return node


def _agent(graph: Graph, name: URIRef, labels: Labels) -> URIRef:
    graph.add((name, RDF.type, FOAF.Agent))
    _labels(graph, name, FOAF.name, labels)
    return name


def _typed(graph: Graph, name: URIRef, kind: URIRef) -> URIRef:
    graph.add((name, RDF.type, kind))
    return name


def _labels(graph: Graph, name: URIRef, predicate: URIRef, labels: Labels) -> None:
    for language, text in labels.items():
        if text:
            graph.add((name, predicate, Literal(text, lang=LANGUAGES.get(language, language))))


def _suffixed(labels: Labels, ends: Labels) -> Labels:
    return {key: f"{text}{'' if key.startswith('zh') else ' '}{ends.get(key, ends['en'])}"
            for key, text in labels.items() if text}  # fmt: skip


def _moment(moment: datetime) -> Literal:
    return Literal(moment.isoformat(), datatype=XSD.dateTime)


def _iri(city: City, path: str) -> URIRef:
    return URIRef(f"{city.base.rstrip('/')}/{quote(path, safe='/-._~')}")
