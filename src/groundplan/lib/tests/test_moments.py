"""What is a moment, and what is not."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from groundplan.lib.moments import Moment

moment = TypeAdapter(Moment)


@pytest.mark.parametrize("text", ["2026-03-02T09:00:00+08:00", "2026-03-02T21:45:00+20:45", "2026-03-02T01:00:00Z"])
def test_a_moment_is_the_same_in_every_zone(text):
    assert moment.validate_python(text) == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert moment.validate_python(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T09:00:00",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "0395-07-11T12:58:38Z",
        "gestern",
    ],
)
def test_no_zone_and_no_year_of_ours_is_no_moment(text):
    with pytest.raises(ValidationError):
        moment.validate_python(text)
