"""The page for phones: a shell without anybody's data, its manifest and the worker that keeps it for offline use."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groundplan import __version__

# What the shell consists of besides its page; all of it is the same for everybody.
SHELL = ("dist/portal.css", "dist/field.js", "portal/mark.svg", "incidents/field-192.png", "incidents/field-512.png")
LOOK = {"display": "standalone", "background_color": "#f3f5f7", "theme_color": "#10263f"}
WORKER = "dist/field-worker.js"


@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    """The empty page; what belongs to the worker is fetched by the page and kept by account on the phone."""
    answer = render(request, "incidents/field/shell.html")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_safe
def worker(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature.
    """The service worker, with the list of what it keeps and a version that changes when any of it does."""
    source, version = _worker_source()
    head = f"self.FIELD_SHELL={json.dumps({'version': version, 'page': reverse('field'), 'files': _files()})};\n"
    answer = HttpResponse(head + source, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    answer["Service-Worker-Allowed"] = reverse("field")
    return answer


@require_safe
@never_cache
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone shows of the installed page, in the reader's language."""
    address = reverse("field")
    names = {"name": _("城基外勤"), "short_name": _("外勤"), "lang": request.LANGUAGE_CODE}
    places = {"id": address, "start_url": address, "scope": address}
    return JsonResponse(names | places | LOOK | {"icons": _icons()}, content_type="application/manifest+json")


def _icons() -> list[dict[str, str]]:
    usual = {"src": static("incidents/field-192.png"), "sizes": "192x192", "type": "image/png"}
    large = {"src": static("incidents/field-512.png"), "sizes": "512x512", "type": "image/png"}
    return [usual, large | {"purpose": "any maskable"}]


def _files() -> list[str]:
    return [static(name) for name in SHELL]


@lru_cache(maxsize=1)
def _worker_source() -> tuple[str, str]:
    """The built worker, and a version over it, the program and every file of the shell."""
    found = {name: finders.find(name) for name in (WORKER, *SHELL)}
    contents = {name: Path(str(where)).read_bytes() for name, where in found.items() if where}
    digest = hashlib.sha256(__version__.encode())
    for name in sorted(contents):
        digest.update(name.encode() + b"\0" + contents[name])
    return contents.get(WORKER, b"").decode(), digest.hexdigest()[:16]


urlpatterns: list[URLPattern] = [
    path("field", shell, name="field"),
    path("field/worker.js", worker, name="field-worker"),
    path("field/manifest.webmanifest", manifest, name="field-manifest"),
]
