"""Addresses of the catalogue's pages."""

from django.urls import path

from groundplan.base.catalogue.pages import browsing, ckan, exchanging, writing

urlpatterns = [
    path("api/3/action/<slug:name>", ckan.action, name="ckan-action"),
    path("api/action/<slug:name>", ckan.action, name="ckan-action-plain"),
    path("catalogue", browsing.listing, name="catalogue"),
    path("catalogue/holders", browsing.holders, name="catalogue-holders"),
    path("catalogue/imports", exchanging.imports, name="catalogue-imports"),
    path("catalogue/imports/<uuid:public_id>", exchanging.load, name="catalogue-load"),
    path("catalogue/imports/<uuid:public_id>/problems.xlsx", exchanging.problems, name="catalogue-problems"),
    path("catalogue/export/<slug:form>", exchanging.export, name="catalogue-export"),
    path("catalogue/own", writing.own, name="catalogue-own"),
    path("catalogue/new", writing.write, name="catalogue-new"),
    path("catalogue/entries/<uuid:public_id>", browsing.entry, name="catalogue-entry"),
    path("catalogue/entries/<uuid:public_id>/edit", writing.write, name="catalogue-edit"),
    path("catalogue/entries/<uuid:public_id>/offline", writing.offline, name="catalogue-offline"),
    path("catalogue/entries/<uuid:public_id>/mount", writing.mount, name="catalogue-mount"),
    path("catalogue/versions/<uuid:public_id>/submit", writing.submit, name="catalogue-submit"),
    path("catalogue/versions/<uuid:public_id>/discard", writing.discard, name="catalogue-discard"),
    path("catalogue/resources/<str:identifier>/end", writing.end, name="catalogue-resource-end"),
]
