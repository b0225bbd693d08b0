"""Who is let in: places, rushes, standing queues and quick askers, with a clock that the test turns."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.config import admission, entrance
from groundplan.config.admission import LEAST, RUSH_S, WINDOW, Buckets, Gate, Usual


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def learn(gate, seconds=0.05, times=200):
    for _ in range(times):
        gate.usual.add(seconds)


def answers(gate, seconds, times=WINDOW):
    """So many answers that took so long."""
    for _ in range(times):
        gate.working += 1
        gate.leave(seconds)


def crowd(gate, clock):
    """Let answers take too long for more than a rush."""
    answers(gate, 1.0)
    clock.now += RUSH_S + 0.1
    answers(gate, 1.0)


def test_usual_is_the_95th_percentile_of_quiet_answers_within_bounds():
    usual = Usual()
    assert usual.p95_s == admission.MOST_USUAL_S
    for hundredth in range(100):
        usual.add(hundredth / 100)
    assert usual.p95_s == pytest.approx(0.95)
    for _ in range(1000):
        usual.add(0.0001)
    assert usual.p95_s == admission.LEAST_USUAL_S


def test_a_rush_waits_and_is_served_in_order(clock):
    async def rush():
        gate, served = Gate(2, 100, 10, clock), []

        async def visitor(number):
            assert await gate.enter() is None
            served.append(number)
            await asyncio.sleep(0)
            gate.leave(0.01)

        await asyncio.gather(*(visitor(number) for number in range(60)))
        assert served == sorted(served)
        assert (gate.working, len(gate.waiting)) == (0, 0)

    asyncio.run(rush())


def test_no_more_work_at_once_than_there_are_places(clock):
    async def all_at_once():
        gate, most = Gate(3, 50, 10, clock), 0

        async def visitor():
            nonlocal most
            await gate.enter()
            most = max(most, gate.working)
            await asyncio.sleep(0.001)
            gate.leave(0.01)

        await asyncio.gather(*(visitor() for _ in range(40)))
        return most

    assert asyncio.run(all_at_once()) == 3


def test_a_full_queue_is_refused_with_the_time_to_come_back(clock):
    async def fill():
        gate = Gate(4, 2, 10, clock)
        turns = [asyncio.ensure_future(gate.enter()) for _ in range(6)]
        await asyncio.sleep(0)
        refused = await gate.enter()
        assert (refused.status, refused.code, refused.retry_after_s) == (503, "overloaded", admission.AGAIN_S)
        for turn in turns:
            turn.cancel()

    asyncio.run(fill())


def test_whoever_waits_longer_than_patience_is_refused_and_leaves_the_queue(clock):
    async def wait():
        gate = Gate(1, 10, 0.01, clock)
        assert await gate.enter() is None
        assert (await gate.enter()).status == 503
        assert not gate.waiting
        gate.leave(1.0)
        assert await gate.enter() is None

    asyncio.run(wait())


def test_a_visitor_who_goes_gives_the_place_on(clock):
    async def go():
        gate = Gate(1, 10, 10, clock)
        await gate.enter()
        first, second = (asyncio.ensure_future(gate.enter()) for _ in range(2))
        await asyncio.sleep(0)
        gate.free()
        first.cancel()
        # Cancelled at the very moment of its turn: it either goes or has the place, as the version of Python decides.
        if await asyncio.gather(first, return_exceptions=True) == [None]:
            gate.free()
        assert await asyncio.wait_for(second, 1) is None
        gate.free()
        assert gate.working == 0

    asyncio.run(go())


def test_a_visitor_who_goes_while_waiting_leaves_no_gap(clock):
    async def go():
        gate = Gate(1, 10, 10, clock)
        await gate.enter()
        first, second = (asyncio.ensure_future(gate.enter()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert len(gate.waiting) == 1
        gate.free()
        assert await asyncio.wait_for(second, 1) is None
        gate.free()
        assert gate.working == 0

    asyncio.run(go())


def test_slow_answers_are_no_crowd_until_a_rush_would_be_over(clock):
    gate = Gate(16, 100, 10, clock)
    learn(gate)
    answers(gate, 1.0)
    clock.now += RUSH_S / 2
    answers(gate, 1.0)
    assert not gate.shedding
    assert gate.limit == 116
    answers(gate, 0.05)
    clock.now += RUSH_S
    answers(gate, 1.0)
    assert not gate.shedding


def test_a_standing_crowd_lowers_the_limit_and_the_end_of_it_opens_again(clock):
    gate = Gate(16, 100, 10, clock)
    learn(gate)
    gate.working = 16
    crowd(gate, clock)
    assert gate.shedding
    assert gate.refusal().status == 503
    at_first = gate.limit
    answers(gate, 1.0)
    assert gate.limit < at_first
    for _ in range(20):
        answers(gate, 1.0)
    assert gate.limit == LEAST
    gate.working = 0
    for _ in range(20):
        clock.now += 0.5
        answers(gate, 0.05)
    assert not gate.shedding
    assert gate.limit == 116


def test_times_under_a_crowd_never_count_as_usual(clock):
    gate = Gate(16, 100, 10, clock)
    learn(gate)
    crowd(gate, clock)
    assert gate.shedding
    before = gate.usual.p95_s
    for _ in range(1000):
        gate.working += 1
        gate.leave(0.9, quiet=True)
    assert gate.usual.p95_s == before
    assert not gate.is_quiet


@given(st.lists(st.floats(0.0001, 5.0), min_size=20, max_size=400))
def test_some_are_always_let_in_and_never_more_than_places_and_queue(times):
    clock = Clock()
    gate = Gate(8, 20, 10, clock)
    for seconds in times:
        clock.now += seconds
        gate.working += 1
        gate.leave(seconds, quiet=gate.is_quiet)
        assert LEAST <= gate.limit <= 28


def test_an_asker_gets_a_sixth_at_once_and_then_the_steady_rate(clock):
    buckets = Buckets(60, clock)
    assert [buckets.take(b"a") is None for _ in range(12)] == [True] * 10 + [False] * 2
    refused = buckets.take(b"a")
    assert (refused.status, refused.code, refused.retry_after_s) == (429, "too-many-requests", 1)
    assert buckets.take(b"b") is None
    clock.now += refused.retry_after_s
    assert buckets.take(b"a") is None
    assert buckets.take(b"a").status == 429


def test_zero_is_no_limit(clock):
    buckets = Buckets(0, clock)
    assert all(buckets.take(b"a") is None for _ in range(1000))
    assert not buckets.kept


def test_buckets_of_strangers_do_not_fill_the_memory(clock, monkeypatch):
    monkeypatch.setattr(admission, "BUCKETS", 10)
    buckets = Buckets(60, clock)
    for number in range(100):
        buckets.take(str(number).encode())
    assert list(buckets.kept) == [str(number).encode() for number in range(90, 100)]


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_nobody_gets_more_than_the_bucket_and_the_rate_allow(pauses):
    clock = Clock()
    buckets, begun, granted = Buckets(120, clock), clock.now, 0
    for pause in pauses:
        clock.now += pause
        granted += buckets.take(b"a") is None
    assert granted <= 20 + (clock.now - begun) * 2 + 1e-6


def test_a_report_queues_where_pages_are_sent_away_and_is_refused_only_when_there_is_no_room(clock):
    async def standing_queue():
        gate = Gate(2, 4, 10, clock)
        learn(gate)
        crowd(gate, clock)
        turns = [asyncio.ensure_future(gate.enter(vital=True)) for _ in range(6)]
        await asyncio.sleep(0)
        assert (gate.working, len(gate.waiting)) == (2, 4)
        assert gate.refusal().status == 503
        assert (await gate.enter(vital=True)).status == 503
        for _ in range(6):
            gate.free()
        assert await asyncio.gather(*turns) == [None] * 6

    asyncio.run(standing_queue())


@pytest.mark.parametrize(
    ("method", "path", "vital"),
    [
        ("POST", "/api/v1/incidents/reports", True),
        ("POST", "/report", True),
        ("GET", "/report", False),
        ("POST", "/sign-in", False),
        ("POST", "/report/receipt", False),
    ],
)
def test_what_residents_tell_the_city_is_vital(method, path, vital):
    assert entrance.is_vital({"method": method, "path": path}) is vital
