"""Webhooks against a real HTTP receiver on this machine."""

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection, transaction
from pydantic import BaseModel

from groundplan.kernel.events import actions, jobs, logic, queries, registry
from groundplan.kernel.events.errors import AddressRefused, WebhookStateChanged
from groundplan.kernel.events.models import Letter, Webhook
from groundplan.lib import clock

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)


class Happened(BaseModel):
    number: int


@pytest.fixture(autouse=True)
def house(monkeypatch):
    monkeypatch.setattr(registry, "types", {"test.happened.v1": Happened})
    monkeypatch.setattr(registry, "subscriptions", {})


class Receiver:
    """Keeps what it is sent; answers with ``status`` after ``delay_s``."""

    def __init__(self):
        self.status, self.delay_s, self.taken, self.refused = 204, 0.0, [], 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(outer.delay_s)
                if outer.status < 300:
                    outer.taken.append((dict(self.headers.items()), body))
                else:
                    outer.refused += 1
                try:
                    self.send_response(outer.status)
                    self.end_headers()
                except OSError:
                    pass

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def numbers(self):
        return [json.loads(body)["data"]["number"] for _, body in self.taken]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def other_receiver():
    made = Receiver()
    yield made
    made.close()


def publish(number=1, subject="case:1", audience=()):
    with transaction.atomic():
        data = {"number": number}
        return actions.publish(type="test.happened.v1", subject=subject, data=data, actor="officer", audience=audience)


def add(receiver, **more):
    return actions.add_webhook(name="partner", url=receiver.url, types=["test.*"], **more)


@pytest.mark.django_db
def test_events_arrive_in_order_signed_as_standard_webhooks_prescribes(receiver):
    webhook, secret = add(receiver)
    ids = [publish(number) for number in range(3)]
    actions.integrate()
    with clock.standing_at(NOON):
        Webhook.objects.update(next_at=NOON)
        assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(3, 0)
    assert receiver.numbers == [0, 1, 2]
    headers, body = receiver.taken[0]
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["webhook-id"] == str(ids[0])
    assert headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{ids[0]}.{int(NOON.timestamp())}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert secret.encode() not in bytes(Webhook.objects.get().secret)


@pytest.mark.django_db
def test_only_events_after_its_start_of_its_types_and_audience_are_sent(receiver):
    publish(0)
    actions.integrate()
    webhook, _ = add(receiver, audience=["party:7"])
    publish(1, audience=["party:8"])
    publish(2, audience=["party:7", "party:8"])
    actions.integrate()
    assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(1, 0)
    assert receiver.numbers == [2]
    assert queries.due_webhooks() == []


@pytest.mark.django_db
def test_a_failure_is_tried_again_later_and_later_and_keeps_the_order(receiver):
    receiver.status = 500
    with clock.standing_at(NOON):
        webhook, _ = add(receiver)
        publish(0)
        publish(1)
        actions.integrate()
        assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(0, 0)
        assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(0, 0)
    assert receiver.refused == 1, "no second attempt before its time"
    row = Webhook.objects.get()
    assert NOON + timedelta(seconds=1) <= row.next_at <= NOON + timedelta(seconds=3)
    receiver.status = 200
    with clock.standing_at(row.next_at):
        assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(2, 0)
    assert receiver.numbers == [0, 1]


def exhaust(webhook, begin, turns):
    for turn in range(turns):
        with clock.standing_at(begin + timedelta(hours=2 * turn)):
            actions.deliver_webhook(webhook=webhook)


@pytest.mark.django_db
def test_after_its_last_attempt_an_event_is_a_dead_letter_and_can_be_replayed(receiver):
    receiver.status = 500
    with clock.standing_at(NOON):
        webhook, _ = add(receiver)
        publish(0)
        actions.integrate()
    exhaust(webhook, NOON, logic.MOST_ATTEMPTS)
    assert receiver.refused == logic.MOST_ATTEMPTS
    letter = queries.dead_letters().get()
    assert (letter.target, letter.reason, letter.event.data) == (f"webhook:{webhook}", "http-500", {"number": 0})
    receiver.status = 200
    publish(1)
    actions.integrate()
    later = NOON + timedelta(days=30)
    with clock.standing_at(later):
        assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(1, 0)
        assert actions.replay_dead_letters(target=f"webhook:{webhook}") == 1
        assert queries.due_webhooks() == [webhook]
        assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(1, 0)
    assert receiver.numbers == [1, 0]
    assert Letter.objects.count() == 0


@pytest.mark.django_db
def test_an_address_that_never_answers_well_is_left_alone_until_a_person_resumes_it(receiver):
    receiver.status = 503
    with clock.standing_at(NOON):
        webhook, _ = add(receiver)
        for number in range(5):
            publish(number)
        actions.integrate()
    exhaust(webhook, NOON, 60)
    row = Webhook.objects.get()
    assert (row.state, row.paused_because) == ("paused", "http-503")
    assert queries.dead_letters().count() == 3
    assert receiver.refused == 3 * logic.MOST_ATTEMPTS
    receiver.status = 200
    with clock.standing_at(NOON + timedelta(days=30)):
        actions.resume_webhook(webhook=webhook)
        assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(2, 0)
    assert receiver.numbers == [3, 4]


@pytest.mark.django_db
def test_an_address_that_says_it_is_gone_is_paused_at_once(receiver):
    receiver.status = 410
    webhook, _ = add(receiver)
    publish()
    actions.integrate()
    actions.deliver_webhook(webhook=webhook)
    assert Webhook.objects.get().state == "paused"
    assert receiver.refused == 1


@pytest.mark.django_db
def test_a_redirect_is_not_followed(receiver):
    receiver.status = 302
    webhook, _ = add(receiver)
    publish()
    actions.integrate()
    assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(0, 0)
    assert receiver.refused == 1


@pytest.mark.django_db
def test_an_ended_webhook_is_told_nothing_and_stays_ended(receiver):
    webhook, _ = add(receiver)
    actions.end_webhook(webhook=webhook)
    publish()
    actions.integrate()
    assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(0, 0)
    with pytest.raises(WebhookStateChanged):
        actions.resume_webhook(webhook=webhook)
    with pytest.raises(WebhookStateChanged):
        actions.end_webhook(webhook=webhook)


def test_a_slow_address_holds_up_no_other(fresh_database, receiver, other_receiver):
    receiver.delay_s = 4.0
    add(receiver)
    add(other_receiver)
    for number in range(20):
        publish(number)
    stop = threading.Event()
    loop = threading.Thread(target=jobs.dispatcher_loop, args=(stop,))
    loop.start()
    try:
        end = time.monotonic() + 3
        while len(other_receiver.taken) < 20 and time.monotonic() < end:
            time.sleep(0.02)
        assert other_receiver.numbers == list(range(20))
        assert len(receiver.taken) == 0
    finally:
        receiver.delay_s = 0.0
        stop.set()
        loop.join(30)
    assert not loop.is_alive()
    connection.close()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "http:///path",
        "https://user:secret@example.org/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://[64:ff9b::a00:1]/",
        "http://0.0.0.0/",
        "http://127.0.0.1:5432/",
        "http://localhost/",
        "http://2130706433/",
        "http://no-such-host.invalid/",
        "http://[::1",
        "http://example.org:99999/",
    ],
)
@pytest.mark.django_db
def test_addresses_inside_the_network_are_refused_in_production(url, settings):
    settings.PRODUCTION = True
    with pytest.raises(AddressRefused):
        actions.add_webhook(name="x", url=url, types=["*"])
    assert Webhook.objects.count() == 0


@pytest.mark.django_db
def test_an_address_is_checked_again_before_each_delivery(receiver, settings):
    webhook, _ = add(receiver)
    publish()
    actions.integrate()
    settings.PRODUCTION = True
    assert actions.deliver_webhook(webhook=webhook) == actions.Delivery(0, 0)
    assert receiver.taken == []


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("8.8.8.8", True), ("10.1.2.3", True), ("10.2.0.1", False), ("2606:4700::1", True), ("224.0.0.1", False)],
)
def test_ranges_of_the_citys_own_network_can_be_allowed(address, allowed):
    networks = [ipaddress.ip_network("10.1.0.0/16")]
    assert logic.may_call(address, networks, loopback=False) is allowed


def test_waits_double_up_to_an_hour_and_spread():
    for attempts, whole in ((0, 2), (1, 4), (5, 64), (30, 3600), (5000, 3600)):
        waits = [logic.wait_s(attempts) for _ in range(50)]
        assert all(whole * 0.5 <= wait <= whole * 1.5 for wait in waits)
        assert len(set(waits)) > 1
