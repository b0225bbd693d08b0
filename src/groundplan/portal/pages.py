"""Pages of the portal itself: front page, theme, living page of components."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from groundplan.lib.errors import NotFound
from groundplan.portal.context import THEMES
from groundplan.portal.help.pages import urlpatterns as help_pages
from groundplan.portal.samples import samples

YEAR_S = 365 * 24 * 3600


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """What a resident came for."""
    return render(request, "portal/front.html")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the wished theme in a cookie and go back to the page."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    answer = redirect(target)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
    return answer


@require_POST
def set_face(request: HttpRequest) -> HttpResponse:
    """Keep the wished face of the pages (长者模式 or the usual one) in a cookie and go back to the page."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    answer = redirect(target)
    if request.POST.get("face") == "elders":
        answer.set_cookie("face", "elders", max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
    else:
        answer.delete_cookie("face", samesite="Lax")
    return answer


@require_GET
def components(request: HttpRequest) -> HttpResponse:
    """Every component in every state; absent in production."""
    if settings.PRODUCTION:
        raise NotFound
    return render(request, "portal/components.html", samples())


urlpatterns: list[URLPattern] = [
    path("", front, name="front"),
    path("theme", set_theme, name="set-theme"),
    path("face", set_face, name="set-face"),
    path("components", components, name="components"),
    *help_pages,
]
