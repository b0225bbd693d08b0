"""One port: streams and hot paths go to raw handlers, all other pages to Django in a bounded thread pool."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

pages = WSGIMiddleware(get_wsgi_application(), workers=16)


async def application(scope, receive, send):  # noqa: ANN001, ANN201
    """Dispatch one connection."""
    if scope["type"] == "http":
        await pages(scope, receive, send)
