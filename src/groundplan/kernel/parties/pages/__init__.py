"""Pages of parties: signing in, my account, organisation, account administration."""

from django.urls import URLPattern

from groundplan.kernel.parties.pages import session

urlpatterns: list[URLPattern] = [*session.urlpatterns]
