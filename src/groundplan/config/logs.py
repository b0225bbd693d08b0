"""Logs as JSON lines on standard output, without personal data: no query strings, bodies, names or error messages."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

# A segment with a digit in it may be the id of a case or a receipt number.
IDENTIFIER = re.compile(r"(?<=/)(?!v\d+(?:/|$))[^/\s]*\d[^/\s]*")
ARGUMENTS = re.compile(r"\(.*\)", re.DOTALL)


def without_ids(path: str) -> str:
    """A path with the segments that identify something replaced.

    Example:
        >>> without_ids("/api/v1/cases/0190f7c2-aaaa")
        '/api/v1/cases/*'
    """
    return IDENTIFIER.sub("*", path)


def error_frames(error: BaseException) -> dict[str, Any]:
    """What may be logged of an error: its type and where it happened, never its message, which quotes values."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    cause = error.__cause__
    found: dict[str, Any] = {
        "error": type(error).__qualname__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    return found if cause is None else {**found, "cause": error_frames(cause)}


def impersonal(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strip a log event of what people wrote."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event.update(error_frames(error))
    record = event.pop("_record", None)
    event.pop("_from_structlog", None)
    if record is not None:
        event["logger"] = record.name
        if record.name.startswith(("django", "groundplan")):
            event["event"] = without_ids(str(event["event"]))
        else:
            # Libraries print their arguments: jobs, SQL, requests.
            event["event"] = ARGUMENTS.sub("()", str(event["event"]))
    return event


SHARED: list[Any] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[*SHARED, impersonal, structlog.processors.JSONRenderer(ensure_ascii=False)],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    logger_factory=structlog.PrintLoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": SHARED,
            "processors": [impersonal, structlog.processors.JSONRenderer(ensure_ascii=False)],
        }
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["out"], "level": "WARNING"},
    "loggers": {
        # It logs names and addresses of those who sign in; the log of records has what is needed.
        "axes": {"level": "CRITICAL"},
        "uvicorn.access": {"level": "CRITICAL"},
        "uvicorn.error": {"level": "WARNING"},
        # Each refused or missing page: the access line says it already.
        "django.request": {"level": "ERROR"},
    },
}
