"""A list as a file: the purpose is asked first."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from groundplan.kernel.cases import actions
from groundplan.kernel.cases.pages.work import filters_from
from groundplan.kernel.parties.access import officer


@require_POST
@officer()
def export(request: HttpRequest) -> HttpResponse:
    """The list with its filters as CSV or XLSX, in pieces."""
    asked = request.POST
    made = actions.export_cases(
        actor=request.actor,  # type: ignore[attr-defined]
        kind=asked.get("kind", ""),
        filters=filters_from(asked),
        purpose=asked.get("purpose", ""),
        form=asked.get("form", ""),
        language=get_language() or "zh-hans",
    )
    disposition = {"Content-Disposition": f'attachment; filename="{made.filename}"', "Cache-Control": "no-store"}
    streamed = StreamingHttpResponse(made.pieces, content_type=made.content_type, headers=disposition)
    # Django's two kinds of answers share a base that its types do not name.
    return cast("HttpResponse", streamed)
