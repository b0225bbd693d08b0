"""Moments as they come in from outside: with a zone, in a range that every part of the house can store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

FIRST_YEAR, LAST_YEAR = 1900, 2999


def in_utc(value: datetime) -> datetime:
    """A moment in UTC: PostgreSQL refuses offsets of 16 hours and more, Python the first and last hours of time.

    Raises:
        ValueError: it lies outside the years that are kept.
    """
    try:
        moment = value.astimezone(UTC)
    except OverflowError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"a moment between {FIRST_YEAR} and {LAST_YEAR}")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
