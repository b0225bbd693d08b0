"""Pages of parties: signing in, my account, organisation, account administration."""

from django.urls import URLPattern

from groundplan.kernel.parties.pages import accounts, deputies, importing, mine, organisation, session, worktimes

urlpatterns: list[URLPattern] = [
    *session.urlpatterns,
    *mine.urlpatterns,
    *accounts.urlpatterns,
    *deputies.urlpatterns,
    *importing.urlpatterns,
    *worktimes.urlpatterns,
    *organisation.urlpatterns,
]
