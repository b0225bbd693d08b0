"""Pages of help: of one page, the list with search, the handbook of a role."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.views.decorators.http import require_GET

from groundplan.lib import clock
from groundplan.lib.errors import NotFound
from groundplan.portal.help import texts
from groundplan.portal.help.registry import Labels, registry

LONGEST = 60


@dataclass(frozen=True)
class Section:
    """The pages of one app."""

    app: str
    pages: list[texts.Help]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The pages whose help concerns this reader, or those in which the words of a search stand."""
    held = registry.held(request)
    known = [each for each in texts.pages().values() if held or each.public]
    text = request.GET.get("text", "").strip()[:LONGEST]
    own = [each for each in known if any(each.for_reader(role) for role in held or {"resident"})]
    others = [each for each in known if each not in own]
    context = {
        "text": text,
        "found": texts.search(text, known),
        "parts": [("own", own), ("others", others)],
        "books": [(role, label, role in held) for role, label in registry.roles.items() if held or role == "resident"],
    }
    return render(request, "portal/help/index.html", context)


@require_GET
def page(request: HttpRequest, name: str) -> HttpResponse:
    """The help of one page; as a part of a page for the dialog."""
    found = texts.pages().get(texts.addresses().get(name, ""))
    if found is None:
        raise NotFound
    template = "portal/help/entry.html" if request.GET.get("part") else "portal/help/page.html"
    return render(request, template, {"help": found, "contacts": contacts(found), "address": address(found.name)})


@require_GET
def handbook(request: HttpRequest, role: str) -> HttpResponse:
    """Everything that somebody with a role should read, for paper."""
    if role not in registry.roles:
        raise NotFound
    chosen = [each for each in texts.pages().values() if each.for_reader(role)]
    words = {word.term.chinese: word for each in chosen for word in each.words}
    context = {
        "role": registry.roles[role],
        "chapters": [(each, contacts(each)) for each in chosen],
        "words": sorted(words.values(), key=lambda word: word.term.english.casefold()),
        "printed_at": clock.now(),
    }
    return render(request, "portal/help/handbook.html", context)


def contacts(found: texts.Help) -> list[tuple[Labels, str]]:
    """Whom to ask, with the address of a page that leads there."""
    return [(each.who.labels, address(each.page)) for each in found.contacts]


def address(name: str) -> str:
    """The address of a page by its name; empty for one that needs to be told which."""
    try:
        return reverse(name) if name else ""
    except NoReverseMatch:
        return ""


urlpatterns: list[URLPattern] = [
    path("help", index, name="help"),
    path("help/pages/<slug:name>", page, name="help-page"),
    path("help/handbook/<slug:role>", handbook, name="handbook"),
]
