"""All addresses: each app brings ``pages.urlpatterns`` and, for the API, ``api.router``."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.urls import include, path
from ninja import NinjaAPI

from groundplan import __version__
from groundplan.portal.parsing import TextParser
from groundplan.portal.problems import install_handlers

api = NinjaAPI(
    title="Groundplan",
    version=__version__,
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api-v1",
    parser=TextParser(),
)
install_handlers(api)

urlpatterns = []
for app in apps.get_app_configs():
    if not app.name.startswith("groundplan."):
        continue
    if find_spec(f"{app.name}.api"):
        api.add_router(f"/{app.label}", import_module(f"{app.name}.api").router, tags=[app.label])
    if find_spec(f"{app.name}.pages"):
        urlpatterns.append(path("", include(f"{app.name}.pages")))

urlpatterns += [
    path("api/v1/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]

handler400 = "groundplan.portal.problems.bad_request"
handler403 = "groundplan.portal.problems.forbidden"
handler404 = "groundplan.portal.problems.not_found"
handler500 = "groundplan.portal.problems.server_error"
