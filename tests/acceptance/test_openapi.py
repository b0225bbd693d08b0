"""Schemathesis over the whole OpenAPI: whatever is sent, no operation fails with 5xx and none leaks."""

import os

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from groundplan.systems.incidents import actions
from groundplan.systems.incidents.tests.factories import WEST_POINT, make_town

SECRET = "绝密井盖编号七七八八"
READERS = ("anonymous", "resident", "outsider", "officer")
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def one_connection():
    """A request must not close the connection that holds the transaction of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def city(db, one_connection):
    """The town with one case of the hotline office, and headers of each reader."""
    town = make_town()
    actions.report_incident(actor=town["operator"], channel="phone", type="complaint", text=SECRET, point=WEST_POINT)
    people = {"resident": "resident", "outsider": "outsider", "officer": "operator"}
    bearer = {name: {"Authorization": f"Bearer {town.people[who].token}"} for name, who in people.items()}
    return {"anonymous": {}, **bearer}


# The same operations run on a second server too; there one example each is enough.
EXAMPLES = 1 if os.environ.get("GROUNDPLAN_TEST_DATABASE_URL") else 2


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_no_operation_fails_or_leaks(case, city):
    for reader in READERS:
        answer = case.call(headers=city[reader])
        assert answer.status_code < 500, (reader, answer.text[:300])
        if reader != "officer":
            assert SECRET not in answer.text, (reader, case.operation.label)
