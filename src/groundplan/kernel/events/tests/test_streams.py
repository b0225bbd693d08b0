"""The stream as an ASGI server would run it."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from pydantic import BaseModel

from groundplan.kernel.events import actions, registry, streams

ACTOR = "officer"


class Happened(BaseModel):
    number: int


@pytest.fixture(autouse=True)
def house(monkeypatch):
    monkeypatch.setattr(registry, "types", {"test.happened.v1": Happened})
    monkeypatch.setattr(registry, "subscriptions", {})


def publish_now(number, audience, subject):
    with transaction.atomic():
        actions.publish(
            type="test.happened.v1", subject=subject, data={"number": number}, actor=ACTOR, audience=audience
        )
    actions.integrate()
    connection.close()


async def publish(number=1, audience=("public",), subject="case:1"):
    await sync_to_async(publish_now, thread_sensitive=False)(number, audience, subject)


class Browser:
    """A client of the stream; ``stalled`` lets it stop reading."""

    def __init__(self, audience, headers=(), query=b""):
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/streams/events",
            "headers": list(headers),
            "query_string": query,
        }
        self.audience, self.messages, self.gone = audience, asyncio.Queue(), asyncio.Event()
        self.reading = asyncio.Event()
        self.reading.set()
        self.task = asyncio.create_task(streams.stream(self.scope, self.receive, self.send, set(audience)))

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await self.reading.wait()
        await self.messages.put(message)

    async def started(self):
        message = await asyncio.wait_for(self.messages.get(), 5)
        assert message["type"] == "http.response.start"
        return message["status"]

    async def chunk(self):
        return (await asyncio.wait_for(self.messages.get(), 5))["body"].decode()

    async def hint(self):
        while True:
            fields = dict(line.split(": ", 1) for line in (await self.chunk()).strip().split("\n") if line[0] != ":")
            if "data" in fields:
                return int(fields["id"]), json.loads(fields["data"])


@asynccontextmanager
async def browser(*audience, **more):
    made = Browser(audience, **more)
    try:
        yield made
    finally:
        made.gone.set()
        await asyncio.wait_for(made.task, 5)


def test_a_reader_hears_what_is_meant_for_it_and_nothing_else(fresh_database):
    async def scene():
        async with browser("public", "party:7") as officer, browser("public", "party:8") as outsider:
            assert await officer.started() == await outsider.started() == 200
            await publish(1, ["party:7"], "case:secret")
            await publish(2, ["public"], "case:open")
            first, second = await officer.hint(), await officer.hint()
            assert (first[0], first[1]["type"], first[1]["subject"]) == (1, "test.happened.v1", "case:secret")
            assert set(first[1]) == {"type", "subject", "at"}, "a hint holds no data"
            assert second[1]["subject"] == "case:open"
            assert (await outsider.hint())[1]["subject"] == "case:open"
            assert outsider.messages.empty()

    asyncio.run(scene())


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_reader_that_comes_back_gets_what_it_missed_once(fresh_database, how):
    async def scene():
        for number in range(1, 4):
            await publish(number, subject=f"case:{number}")
        came_back = {"headers": [(b"last-event-id", b"1")]} if how == "header" else {"query": b"after=1"}
        async with browser("public", **came_back) as reader:
            assert await reader.started() == 200
            assert [(await reader.hint())[0] for _ in range(2)] == [2, 3]
            await publish(4)
            assert (await reader.hint())[0] == 4
            assert reader.messages.empty()

    asyncio.run(scene())


def test_after_too_long_an_absence_a_reader_is_told_to_look_afresh(fresh_database, monkeypatch):
    monkeypatch.setattr(streams, "RESUME_LIMIT", 3)

    async def scene():
        for number in range(5):
            await publish(number)
        async with browser("public", query=b"after=0") as reader:
            await reader.started()
            position, data = await reader.hint()
            assert (position, data["type"]) == (5, "stream.reset")

    asyncio.run(scene())


@pytest.mark.parametrize("nonsense", [b"abc", b"-1", b"9" * 30, "١٢".encode()])
def test_a_nonsense_position_is_taken_as_none(fresh_database, nonsense):
    async def scene():
        async with browser("public", headers=[(b"last-event-id", nonsense)]) as reader:
            assert await reader.started() == 200
            await publish(1)
            assert (await reader.hint())[0] == 1

    asyncio.run(scene())


def test_a_slow_reader_is_dropped_and_the_others_go_on(fresh_database, monkeypatch):
    monkeypatch.setattr(streams, "QUEUE_LIMIT", 4)

    async def scene():
        async with browser("public") as slow, browser("public") as quick:
            await slow.started()
            await quick.started()
            slow.reading.clear()
            for number in range(8):
                await publish(number)
                assert (await quick.hint())[0] == number + 1
            await asyncio.wait_for(slow.task, 5)
            assert not quick.task.done()

    asyncio.run(scene())


def test_an_idle_stream_shows_that_it_lives(fresh_database, monkeypatch):
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.05)

    async def scene():
        async with browser("public") as reader:
            await reader.started()
            assert await reader.chunk() == "retry: 3000\n\n"
            assert await reader.chunk() == ": still here\n\n"

    asyncio.run(scene())


def test_a_stream_ends_after_its_time_so_that_rights_are_looked_at_again(fresh_database, monkeypatch):
    monkeypatch.setattr(streams, "LIFE_S", 0.1)

    async def scene():
        async with browser("public") as reader:
            await asyncio.wait_for(reader.task, 5)
        last = None
        while not reader.messages.empty():
            last = reader.messages.get_nowait()
        assert last["more_body"] is False

    asyncio.run(scene())


def test_too_many_readers_are_asked_to_come_later(fresh_database, monkeypatch):
    monkeypatch.setattr(streams, "CLIENT_LIMIT", 1)

    async def scene():
        async with browser("public") as first:
            assert await first.started() == 200
            async with browser("public") as second:
                assert await second.started() == 503

    asyncio.run(scene())
