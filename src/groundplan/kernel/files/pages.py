"""Downloading a file."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from groundplan.kernel.files import queries, registry
from groundplan.kernel.files.errors import FileNotFound


@require_safe
def download(request: HttpRequest, public_id: UUID) -> FileResponse:
    """The content of a file for those who may read its subject; it can run nothing in our name."""
    stored = queries.file(public_id)
    if not registry.may_read(request, stored.subject):
        raise FileNotFound
    answer = FileResponse(
        queries.open_file(stored),
        as_attachment=not stored.is_image,
        filename=stored.name,
        content_type=stored.blob.media_type,
    )
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


urlpatterns: list[URLPattern] = [path("files/<uuid:public_id>", download, name="file")]
