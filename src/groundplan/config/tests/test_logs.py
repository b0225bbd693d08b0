"""What may stand in a log."""

from __future__ import annotations

import logging

import pytest

from groundplan.config import logs


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/api/v1/cases/01890f7c-2aaa-7bbb-8ccc-000000000000/sign", "/api/v1/cases/*/sign"),
        ("/follow/RX20261122-00001", "/follow/*"),
        ("/static/dist/portal.css", "/static/dist/portal.css"),
        ("/", "/"),
    ],
)
def test_paths_lose_what_identifies(path, shown):
    assert logs.without_ids(path) == shown


def test_an_error_is_logged_by_type_and_place_never_by_message():
    error = ValueError("张三 440301199001011234")
    error.__cause__ = KeyError("13800001234")
    with pytest.raises(ValueError, match="张三") as raised:
        raise error
    event = logs.impersonal(None, "error", {"event": "failed", "exc_info": raised.value})
    assert event["error"] == "ValueError"
    assert event["cause"]["error"] == "KeyError"
    assert "test_logs.py" in event["at"][-1]
    assert "张三" not in str(event)
    assert "13800001234" not in str(event)


def test_arguments_that_libraries_print_are_dropped():
    record = logging.LogRecord("procrastinate.worker", logging.INFO, "", 1, "", (), None)
    event = logs.impersonal(None, "info", {"event": "Starting job send[1](phone='13800001234')", "_record": record})
    assert event["event"] == "Starting job send[1]()"
