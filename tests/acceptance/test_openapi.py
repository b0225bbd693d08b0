"""Schemathesis over the whole OpenAPI: whatever is sent, no operation fails with 5xx and none leaks."""

import itertools
import os

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis.generation.meta import TestPhase

from groundplan.systems.incidents import actions
from groundplan.systems.incidents.tests.factories import WEST_POINT, make_town

SECRET = "绝密井盖编号七七八八"
READERS = ("anonymous", "resident", "outsider", "officer")
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture(scope="module")
def town(database_of_the_module):
    """The town with one case of the hotline office, and headers of each reader: made once, all look at the same."""
    made = make_town()
    actions.report_incident(actor=made["operator"], channel="phone", type="complaint", text=SECRET, point=WEST_POINT)
    people = {"resident": "resident", "outsider": "outsider", "officer": "operator"}
    bearer = {name: {"Authorization": f"Bearer {made.people[who].token}"} for name, who in people.items()}
    return {"anonymous": {}, **bearer}


@pytest.fixture
def city(town):
    """The town as it was made: what the operations do is undone after each test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # A request must not close the connection that holds the transaction.
    with transaction.atomic():
        yield town
        transaction.set_rollback(True)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# The same operations run on a second server too; there one example each is enough, and no border of each schema.
SECOND = bool(os.environ.get("GROUNDPLAN_TEST_DATABASE_URL"))
EXAMPLES = 1 if SECOND else 2
schema.config.phases.coverage.enabled = not SECOND
turns = itertools.cycle(READERS)


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_no_operation_fails_or_leaks(case, city):
    # The hundreds of cases at the borders of a schema are read by one reader each in turn, the others by all.
    for reader in [next(turns)] if case.meta.phase.name == TestPhase.COVERAGE else READERS:
        answer = case.call(headers=city[reader])
        assert answer.status_code < 500, (reader, answer.text[:300])
        if reader != "officer":
            assert SECRET not in answer.text, (reader, case.operation.label)
