"""Requests with an Idempotency-Key."""

import json
import threading

import pytest
from django.db import connections, transaction
from django.test import Client, RequestFactory
from django.urls import path
from ninja import NinjaAPI, Schema, Status

from groundplan.kernel.parties import access, actions, queries
from groundplan.kernel.parties.access.answers import _fingerprint
from groundplan.kernel.parties.models import IdempotencyKey, Party
from groundplan.kernel.parties.tests.factories import make_player, make_unit
from groundplan.lib import clock
from groundplan.lib.errors import Invalid
from groundplan.portal.problems import install_handlers


class Unit(Schema):
    code: str


def make_api():
    api = NinjaAPI(urls_namespace=f"test-{make_api.number}")
    make_api.number += 1
    install_handlers(api)

    @api.post("/units", auth=access.signed_in, response={201: Unit})
    @access.idempotent
    def create(request, unit: Unit):
        made = actions.create_party(
            actor=queries.SYSTEM, kind="firm", code=unit.code, name={"en": f"Firm {Party.objects.count()}"}
        )
        if unit.code == "refused":
            raise Invalid("refused after it was written")
        return Status(201, {"code": made.code})

    class Addresses:
        urlpatterns = [path("api/", api.urls)]

    return Addresses


make_api.number = 0


def send(code, key="k-1", token=""):
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return Client().post("/api/units", {"code": code}, content_type="application/json", headers=headers)


@pytest.fixture
def post(db, settings):
    settings.ROOT_URLCONF = make_api()
    player = make_player(make_unit())
    return lambda code, key="k-1", token=player.token: send(code, key, token)


def test_a_request_sent_again_gets_the_same_answer_and_is_done_once(post):
    first, again = post("one"), post("one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert json.loads(again.content) == json.loads(first.content) == {"code": "one"}
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Party.objects.filter(code="one").count() == 1


def test_the_same_key_with_another_request_is_refused(post):
    post("one")
    answer = post("two")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:groundplan:error:idempotency-key-reused"
    assert not Party.objects.filter(code="two").exists()


def test_the_key_of_another_actor_is_another_key(post):
    post("one")
    other = make_player(make_unit())
    assert post("two", token=other.token).status_code == 201


def test_a_refused_request_leaves_nothing_and_may_be_sent_again(post):
    assert post("refused").status_code == 422
    assert not Party.objects.filter(code="refused").exists()
    assert post("accepted").status_code == 201


def test_without_a_token_there_is_no_answer(post):
    assert post("one", token="wrong").status_code == 401


def test_the_kept_answer_is_encrypted_and_forgotten_after_three_days(post):
    post("secret-code")
    row = IdempotencyKey.objects.get()
    assert b"secret-code" not in bytes(row.sealed)
    assert actions.forget_answers() == 0
    with clock.standing_at(row.created_at.replace(year=row.created_at.year + 1)):
        assert actions.forget_answers() == 1


def test_a_form_with_another_boundary_is_the_same_request():
    def form(boundary, value):
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n{value}\r\n--{boundary}--\r\n'
        return RequestFactory().post("/x", body, content_type=f"multipart/form-data; boundary={boundary}")

    assert _fingerprint(form("aaaa1111", "1")) == _fingerprint(form("bbbb2222", "1"))
    assert _fingerprint(form("aaaa1111", "1")) != _fingerprint(form("aaaa1111", "2"))


def test_a_second_request_during_the_first_is_told_to_wait(fresh_database, settings):
    settings.ROOT_URLCONF = make_api()
    player = make_player(make_unit())
    token, actor_id = player.token, player.actor.actor_id
    started, finish = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            assert queries.take_answer(actor_id, "k-1")
            started.set()
            finish.wait(10)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    started.wait(10)
    answer = send("one", token=token)
    finish.set()
    thread.join()
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:groundplan:error:request-in-progress"
