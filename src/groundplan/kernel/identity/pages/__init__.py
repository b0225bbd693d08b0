"""Pages of identity: clients, sources, one's own ties, signing in by a source, and the doors of OAuth 2.0."""

from django.urls import URLPattern

from groundplan.kernel.identity.pages import clients, door, incoming, mine, sources

urlpatterns: list[URLPattern] = [
    *clients.urlpatterns,
    *sources.urlpatterns,
    *mine.urlpatterns,
    *incoming.urlpatterns,
    *door.urlpatterns,
]
