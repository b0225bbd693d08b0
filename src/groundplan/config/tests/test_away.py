"""What pages and API answer while the database is away."""

import pytest
from django.db import InterfaceError, OperationalError

from groundplan.kernel.parties import queries
from groundplan.kernel.parties.tests.factories import make_cast
from groundplan.systems.incidents import actions

pytestmark = pytest.mark.django_db


def gone(kind):
    def call(*_arguments, **_fields):
        raise kind("server closed the connection: password=secret")

    return call


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_the_api_says_when_to_ask_again_and_nothing_of_the_server(client, monkeypatch, kind):
    monkeypatch.setattr(actions, "report_incident", gone(kind))
    answer = client.post("/api/v1/incidents/reports", {"text": "路灯不亮"}, content_type="application/json")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:groundplan:error:database-away"
    assert "secret" not in answer.content.decode()


def test_a_page_says_so_in_the_readers_language(monkeypatch):
    reader = make_cast().officer.client
    monkeypatch.setattr(queries, "directory", gone(OperationalError))
    answer = reader.get("/organisation?q=x")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert "系统正在恢复" in answer.content.decode()


def test_a_failure_before_the_view_is_answered_the_same_way(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("groundplan.kernel.parties.access.doors.Actors.__call__", gone(OperationalError))
    answer = client.get("/organisation?q=x")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert "secret" not in answer.content.decode()


def test_any_other_failure_stays_one(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr(queries, "directory", gone(RuntimeError))
    assert client.get("/organisation?q=x").status_code == 500
