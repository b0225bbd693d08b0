import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from pydantic import BaseModel

from groundplan.kernel.events import actions, logic, queries, registry
from groundplan.kernel.events.errors import EventDataInvalid, EventTypeUnknown, PublishedOutsideTransaction
from groundplan.kernel.events.models import Consumed, Consumer, Letter, Outgoing, StoredEvent
from groundplan.lib import clock

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)


class Happened(BaseModel):
    number: int


@pytest.fixture(autouse=True)
def house(monkeypatch):
    """An empty registry with one type."""
    monkeypatch.setattr(registry, "types", {"test.happened.v1": Happened})
    monkeypatch.setattr(registry, "subscriptions", {})


def publish(number=1, subject="case:1", **more):
    with transaction.atomic():
        data = {"number": number}
        return actions.publish(type="test.happened.v1", subject=subject, data=data, actor="officer", **more)


def run_in_threads(*works):
    failures = []

    def run(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


@pytest.mark.django_db
def test_an_event_gets_a_position_and_reaches_its_consumer_once():
    seen = []
    registry.subscribe("reader", types=["test.*"], handler=seen.append)
    ids = [publish(number) for number in range(3)]
    assert actions.dispatch(batch=2) == actions.DispatchCount(2, 2, 0)
    assert actions.dispatch(batch=2) == actions.DispatchCount(1, 1, 0)
    assert actions.dispatch() == actions.DispatchCount(0, 0, 0)
    assert [event.id for event in seen] == ids
    assert [event.data for event in seen] == [{"number": number} for number in range(3)]
    assert list(StoredEvent.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3]


@pytest.mark.django_db
def test_a_consumer_gets_only_the_types_it_asked_for():
    seen = []
    registry.subscribe("other", types=["case.*", "test.missed.*"], handler=seen.append)
    publish()
    assert actions.dispatch() == actions.DispatchCount(1, 0, 0)
    assert seen == []
    assert queries.lag() == queries.Lag(0, 0, 0.0)


@pytest.mark.django_db
def test_an_unregistered_type_and_ill_shaped_data_are_refused():
    with pytest.raises(EventTypeUnknown):
        actions.publish(type="test.other.v1", subject="case:1", data={}, actor="officer")
    with pytest.raises(EventDataInvalid, match="number"):
        actions.publish(type="test.happened.v1", subject="case:1", data={"number": "many"}, actor="officer")


@pytest.mark.parametrize("name", ["case.opened", "Case.opened.v1", "case", "case.opened.v0"])
def test_a_type_without_a_version_is_refused(name):
    with pytest.raises(ValueError, match=r"case\.opened\.v1"):
        registry.event_type(name, Happened)


def test_publishing_outside_a_transaction_is_refused(fresh_database):
    with pytest.raises(PublishedOutsideTransaction):
        actions.publish(type="test.happened.v1", subject="case:1", data={"number": 1}, actor="officer")


def test_a_transaction_held_open_across_rounds_loses_nothing_and_doubles_nothing(fresh_database):
    seen = []
    registry.subscribe("reader", types=["*"], handler=lambda event: seen.append(event.id))
    opened, go_on, later, held = threading.Event(), threading.Event(), [], []

    def hold():
        with transaction.atomic():
            held.append(publish(0))
            opened.set()
            assert go_on.wait(30)

    def others():
        assert opened.wait(30)
        for number in range(1, 4):
            later.append(publish(number))
            assert actions.dispatch().sequenced == 1
        assert seen == later
        go_on.set()

    run_in_threads(hold, others)
    assert actions.dispatch() == actions.DispatchCount(1, 1, 0)
    assert seen == [*later, *held]
    assert list(StoredEvent.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4]


def test_two_dispatchers_at_once_deliver_each_event_once_to_each_consumer(fresh_database):
    seen: dict[str, list] = {"first": [], "second": []}
    for name, events in seen.items():
        registry.subscribe(name, types=["*"], handler=lambda event, events=events: events.append(event.position))
    written = threading.Event()

    def write():
        for number in range(80):
            publish(number, f"case:{number % 5}")
        written.set()

    def run_dispatcher():
        while not written.is_set() or queries.lag().waiting or queries.lag().undelivered:
            actions.dispatch(batch=9)

    run_in_threads(write, run_dispatcher, run_dispatcher)
    assert sorted(seen["first"]) == sorted(seen["second"]) == list(range(1, 81))
    assert Outgoing.objects.count() == 0
    assert Letter.objects.count() == 0


@pytest.mark.django_db
def test_a_failing_consumer_undoes_its_work_and_holds_up_neither_others_nor_other_subjects():
    good, bad, broken = [], [], [True]

    def fragile(event):
        Consumer.objects.create(name=f"made-{event.data['number']}")
        if broken[0] and event.subject == "case:1":
            raise ZeroDivisionError("Zhang San, 110101199003078515")
        bad.append(event.data["number"])

    registry.subscribe("fragile", types=["*"], handler=fragile)
    registry.subscribe("sound", types=["*"], handler=lambda event: good.append(event.data["number"]))
    with clock.standing_at(NOON):
        for number, subject in enumerate(["case:1", "case:2", "case:1"]):
            publish(number, subject)
        actions.dispatch()
    assert good == [0, 1, 2]
    assert bad == [1], "the later event of the same subject waits behind the failed one"
    assert [row.name for row in Consumer.objects.filter(name__startswith="made")] == ["made-1"]
    reasons = list(Letter.objects.order_by("event_id").values_list("state", "reason"))
    assert reasons == [("waiting", "ZeroDivisionError"), ("waiting", "waits-for-an-earlier-one")]
    broken[0] = False
    for minutes in (5, 10):
        with clock.standing_at(NOON + timedelta(minutes=minutes)):
            actions.dispatch()
    assert bad == [1, 0, 2]
    assert Letter.objects.count() == 0


@pytest.mark.django_db
def test_what_never_succeeds_becomes_a_dead_letter_and_can_be_replayed():
    seen, broken = [], [True]

    def handler(event):
        if broken[0]:
            raise KeyError(event)
        seen.append(event.data["number"])

    registry.subscribe("reader", types=["*"], handler=handler)
    publish(7)
    for hour in range(logic.MOST_ATTEMPTS + 1):
        with clock.standing_at(NOON + timedelta(days=100, hours=2 * hour)):
            actions.dispatch()
    letter = queries.dead_letters().get()
    assert (letter.target, letter.attempts, letter.reason) == ("reader", logic.MOST_ATTEMPTS, "KeyError")
    broken[0] = False
    with clock.standing_at(NOON + timedelta(days=200)):
        assert actions.dispatch() == actions.DispatchCount(0, 0, 0), "a dead letter rests"
        assert actions.replay_dead_letters(letters=[letter.public_id]) == 1
        assert actions.dispatch() == actions.DispatchCount(0, 1, 0)
    assert seen == [7]


@pytest.mark.django_db
def test_a_consumer_is_idempotent_by_the_id_of_the_event():
    seen = []
    registry.subscribe("reader", types=["*"], handler=seen.append)
    event_id = publish()
    Consumed.objects.create(consumer="reader", event_id=event_id)
    assert actions.dispatch() == actions.DispatchCount(1, 1, 0)
    assert seen == []


@pytest.mark.django_db
def test_lag_counts_what_waits_and_how_long():
    registry.subscribe("reader", types=["*"], handler=lambda event: None)
    with clock.standing_at(NOON):
        publish()
        publish()
    with clock.standing_at(NOON + timedelta(seconds=30)):
        assert queries.lag() == queries.Lag(2, 0, 30.0)
        actions.integrate()
        assert queries.lag() == queries.Lag(0, 2, 30.0)
        actions.dispatch()
        assert queries.lag() == queries.Lag(0, 0, 0.0)


@pytest.mark.django_db
def test_only_old_events_that_everybody_has_had_are_pruned_and_positions_go_on():
    registry.subscribe("reader", types=["*"], handler=lambda event: None)
    with clock.standing_at(NOON):
        publish(1)
        publish(2)
        actions.dispatch()
    with clock.standing_at(NOON + timedelta(days=80)):
        publish(3)
        actions.integrate()
    with clock.standing_at(NOON + timedelta(days=100)):
        assert actions.prune_events() == 2
        assert actions.prune_events(keep_days=1) == 0, "the consumer has not had the third"
        actions.dispatch()
        assert actions.prune_events(keep_days=1) == 1
        publish(4)
        actions.integrate()
    assert StoredEvent.objects.get().position == 4


@pytest.mark.django_db
def test_the_envelope_is_a_cloud_event():
    with clock.standing_at(NOON):
        event_id = publish(5)
    actions.integrate()
    assert queries.envelope(StoredEvent.objects.get()) == {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/groundplan",
        "type": "test.happened.v1",
        "subject": "case:1",
        "time": "2026-07-01T04:00:00.000000Z",
        "datacontenttype": "application/json",
        "dataschema": "/api/v1/events/schemas/test.happened.v1",
        "sequence": "00000000000000000001",
        "actor": "officer",
        "data": {"number": 5},
    }


def test_schemas_are_published(client):
    assert {"type": "test.happened.v1", "schema": "/api/v1/events/schemas/test.happened.v1"} in client.get(
        "/api/v1/events/schemas"
    ).json()["items"]
    schema = client.get("/api/v1/events/schemas/test.happened.v1").json()
    assert schema["properties"] == {"number": {"title": "Number", "type": "integer"}}
    assert client.get("/api/v1/events/schemas/none.such.v1").status_code == 404
