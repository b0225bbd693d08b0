"""Generated requests: whatever is sent to parties and notices, nobody makes the server fail."""

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from groundplan.kernel.parties.tests.factories import make_player, make_unit


@pytest.fixture
def application(db):
    # The WSGI handler closes connections after each request, and with them the transaction of the test.
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("role", ["system_admin", "handler", ""])
def test_no_request_makes_the_server_fail(application, role):
    headers = {"Authorization": f"Bearer {make_player(make_unit(), role).token}"} if role else {}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    tried = 0
    for found in schema.include(path_regex="^/api/v1/(parties|notices)").get_all_operations():
        operation = found.ok()

        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def answered(case):
            answer = case.call(headers={**(case.headers or {}), **headers})
            assert answer.status_code < 500, case.path

        answered()
        tried += 1
    assert tried >= 9
