import pytest
from pydantic import BaseModel

from groundplan.kernel.events import actions, registry
from groundplan.kernel.events.errors import EventDataInvalid, EventTypeUnknown
from groundplan.kernel.events.models import StoredEvent


class Happened(BaseModel):
    number: int


@pytest.fixture
def house(monkeypatch):
    """An empty registry with one type."""
    monkeypatch.setattr(registry, "types", {"test.happened.v1": Happened})
    monkeypatch.setattr(registry, "subscriptions", {})


def publish(number=1, subject="case:1"):
    return actions.publish(type="test.happened.v1", subject=subject, data={"number": number}, actor="officer")


@pytest.mark.django_db
def test_an_event_gets_a_position_and_reaches_its_consumer_once(house):
    seen = []
    registry.subscribe("reader", types=["test.*"], handler=seen.append)
    ids = [publish(number) for number in range(3)]
    assert actions.dispatch(batch=2) == actions.DispatchCount(2, 2, 0)
    assert actions.dispatch(batch=2) == actions.DispatchCount(1, 1, 0)
    assert actions.dispatch() == actions.DispatchCount(0, 0, 0)
    assert [event.id for event in seen] == ids
    assert list(StoredEvent.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3]


@pytest.mark.django_db
def test_an_unregistered_type_and_ill_shaped_data_are_refused(house):
    with pytest.raises(EventTypeUnknown):
        actions.publish(type="test.other.v1", subject="case:1", data={}, actor="officer")
    with pytest.raises(EventDataInvalid, match="number"):
        actions.publish(type="test.happened.v1", subject="case:1", data={"number": "many"}, actor="officer")
