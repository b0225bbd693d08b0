"""The same endpoint as our public one for reports, on a bare Django model: what is checked is inserted, no more."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

URL = urlsplit(os.environ["INTAKE_DATABASE_URL"])
settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": URL.path.lstrip("/"),
            "USER": unquote(URL.username or ""),
            "PASSWORD": unquote(URL.password or ""),
            "HOST": URL.hostname or "",
            "PORT": str(URL.port or ""),
            "CONN_MAX_AGE": None,
            "ATOMIC_REQUESTS": True,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[],
    # It gives answers their length, as every Django has it.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF="_intake_peer",
    SECRET_KEY="intake",  # noqa: S106 - a process of a benchmark, signs nothing.
    USE_TZ=True,
)
django.setup()

from a2wsgi import WSGIMiddleware  # noqa: E402 - after the settings.
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from ninja import NinjaAPI, Schema, Status  # noqa: E402
from pydantic import Field, StringConstraints  # noqa: E402

THREADS = 16
Text = Annotated[str, StringConstraints(max_length=200)]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class Report(models.Model):
    """One report as it came."""

    text = models.TextField()
    flow = models.CharField(max_length=20)
    type = models.CharField(max_length=20)
    place = models.CharField(max_length=300)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    reporter_name = models.CharField(max_length=80)
    reporter_phone = models.CharField(max_length=40)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "intake"


class ReportIn(Schema):
    """What our endpoint takes."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    flow: Literal["hotline", "city-management"] = "hotline"
    title: Text = ""
    type: Literal["", "consult", "help", "complaint", "report", "suggestion", "praise"] = ""
    place: Annotated[str, StringConstraints(max_length=300)] = ""
    point: tuple[Degrees, Degrees] | None = None
    reporter_name: Text = ""
    reporter_phone: Text = ""


class ReceiptOut(Schema):
    """A receipt."""

    number: str
    created: bool


api = NinjaAPI()


@api.post("/incidents/reports", response={201: ReceiptOut})
def report(request: HttpRequest, payload: ReportIn) -> Status[Any]:  # noqa: ARG001 - the name that ninja asks for.
    """Insert one row."""
    longitude, latitude = payload.point or (None, None)
    made = Report.objects.create(
        longitude=longitude, latitude=latitude,
        **payload.model_dump(include={"text", "flow", "type", "place", "reporter_name", "reporter_phone"}),
    )  # fmt: skip
    return Status(201, {"number": f"P{made.pk:010d}", "created": True})


urlpatterns = [path("api/v1/", api.urls)]
application = WSGIMiddleware(get_wsgi_application(), workers=THREADS)


def create_table() -> None:
    """Make the table, as a migration would."""
    with connection.schema_editor() as editor:
        editor.create_model(Report)
