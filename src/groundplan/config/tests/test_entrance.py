"""The entrance: slow bodies and slow readers hold no place; refusals are problem documents."""

import asyncio
import json

import pytest

from groundplan.config import entrance as entrances
from groundplan.config.admission import Buckets, Gate
from groundplan.config.entrance import Entrance

BIG = b"x" * 300_000


async def echo(_scope, receive, send):
    """Answer with what was sent."""
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def made(application=echo, *, places=2, queue=5, actor=0, address=0, body_max=10**6):
    return Entrance(application, Gate(places, queue, 5), Buckets(actor), Buckets(address), body_max)


def scope(path="/api/v1/parties", client="203.0.113.7", **headers):
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": path, "client": (client, 1), "headers": named}


async def ask(entrance, asked, *chunks):
    """Send a request in chunks; status, headers and body of the answer."""
    sent, left = [], list(chunks or (b"",))

    async def receive():
        body = left.pop(0)
        if callable(body):
            body = await body()
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    await entrance(asked, receive, send)
    start = next((each for each in sent if each["type"] == "http.response.start"), {"status": 0, "headers": []})
    return start["status"], dict(start["headers"]), b"".join(each.get("body", b"") for each in sent)


def test_a_request_in_pieces_comes_whole_and_so_does_its_answer():
    status, headers, body = asyncio.run(ask(made(), scope(), BIG, b"", BIG, b"end"))
    assert (status, headers[b"x-length"], body) == (200, b"600003", BIG + BIG + b"end")


def test_bodies_that_trickle_in_hold_no_place():
    async def run():
        entrance, hold = made(places=1), asyncio.Event()

        async def never():
            await hold.wait()
            return b"late"

        slow = [asyncio.ensure_future(ask(entrance, scope(), b"x", never)) for _ in range(50)]
        await asyncio.sleep(0.01)
        assert entrance.gate.inside == 0
        assert (await asyncio.wait_for(ask(entrance, scope(), b"hello"), 1))[2] == b"hello"
        hold.set()
        return await asyncio.gather(*slow)

    assert {answer[2] for answer in asyncio.run(run())} == {b"xlate"}


def test_a_body_that_takes_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(entrances, "BODY_S", 0.02)
    status, headers, body = asyncio.run(ask(made(), scope(), b"x", lambda: asyncio.sleep(5, b"")))
    assert (status, headers[b"connection"]) == (408, b"close")
    assert json.loads(body)["type"] == "urn:groundplan:error:too-slow"


def test_a_body_that_is_too_large_is_refused_before_it_is_here():
    status, _headers, body = asyncio.run(ask(made(body_max=1000), scope(), BIG, b"never read"))
    assert (status, json.loads(body)["status"]) == (413, 413)


def test_only_so_many_bodies_are_open_at_once(monkeypatch):
    monkeypatch.setattr(entrances, "OPEN_BODIES", 3)

    async def run():
        entrance, hold = made(), asyncio.Event()

        async def never():
            await hold.wait()
            return b""

        slow = [asyncio.ensure_future(ask(entrance, scope(), b"x", never)) for _ in range(3)]
        await asyncio.sleep(0.01)
        refused = await ask(entrance, scope(), b"x")
        hold.set()
        await asyncio.gather(*slow)
        assert entrance.open_bodies == 0
        return refused

    status, headers, _body = asyncio.run(run())
    assert (status, headers[b"retry-after"]) == (503, b"5")


def test_readers_that_take_their_time_hold_no_place():
    async def run():
        entrance, hold = made(places=1), asyncio.Event()

        async def receive():
            return {"type": "http.request", "body": BIG, "more_body": False}

        async def send(_message):
            await hold.wait()

        slow = [asyncio.ensure_future(entrance(scope(), receive, send)) for _ in range(20)]
        await asyncio.sleep(0.1)
        assert entrance.gate.inside == 0
        assert (await asyncio.wait_for(ask(entrance, scope(), b"hello"), 1))[2] == b"hello"
        hold.set()
        await asyncio.gather(*slow)

    asyncio.run(run())


def test_a_reader_that_takes_nothing_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(entrances, "READER_S", 0.02)

    async def run():
        async def receive():
            return {"type": "http.request", "body": BIG, "more_body": False}

        async def send(message):
            if message["type"] == "http.response.body":
                await asyncio.sleep(5)

        await made()(scope(), receive, send)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_a_client_that_hangs_up_costs_nothing():
    async def run():
        entrance, sent = made(), []

        async def receive():
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await entrance(scope(), receive, send)
        return entrance.gate.inside, entrance.open_bodies, sent

    assert asyncio.run(run()) == (0, 0, [])


def test_a_failing_application_gives_its_place_back():
    async def broken(_scope, _receive, _send):
        raise ZeroDivisionError

    entrance = made(broken)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(ask(entrance, scope()))
    assert entrance.gate.inside == 0


def test_a_crowd_is_refused_as_a_problem_with_the_time_to_come_back():
    entrance = made()
    entrance.gate.limit = 0
    status, headers, body = asyncio.run(ask(entrance, scope(accept="text/html")))
    assert (status, headers[b"content-type"]) == (503, b"application/problem+json")
    document = json.loads(body)
    assert int(headers[b"retry-after"]) == document["retry_after"] >= 1
    assert document["type"] == "urn:groundplan:error:overloaded"


def test_a_reader_is_told_in_both_languages():
    entrance = made()
    entrance.gate.limit = 0
    status, headers, body = asyncio.run(ask(entrance, scope("/work", accept="text/html,*/*")))
    assert (status, headers[b"content-type"]) == (503, b"text/html; charset=utf-8")
    assert int(headers[b"retry-after"]) >= 1
    assert "请稍后再试" in body.decode()
    assert "Please reload the page" in body.decode()


def test_a_quick_asker_is_slowed_alone():
    async def run():
        entrance = made(actor=60, address=600)
        quick = [await ask(entrance, scope(authorization="Bearer gp_quick")) for _ in range(12)]
        other = await ask(entrance, scope(authorization="Bearer gp_other"))
        return [answer[0] for answer in quick], other[0], quick[-1]

    quick, other, last = asyncio.run(run())
    assert quick == [200] * 10 + [429] * 2
    assert other == 200
    assert int(last[1][b"retry-after"]) >= 1
    assert json.loads(last[2])["type"] == "urn:groundplan:error:too-many-requests"


def test_changing_the_session_does_not_escape_the_limit_of_the_address():
    async def run(client):
        entrance = made(actor=60, address=60)
        return [(await ask(entrance, scope(client=client, cookie=f"sessionid=s{at}")))[0] for at in range(12)]

    assert asyncio.run(run("203.0.113.7")) == [200] * 10 + [429] * 2
    assert asyncio.run(run("127.0.0.1")) == [200] * 12
