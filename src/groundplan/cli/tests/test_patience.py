"""When a child that ended is started again, and what a benchmark is asked."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from groundplan.cli import supervisor
from groundplan.cli.developing import bench


@pytest.fixture
def child(monkeypatch):
    made = supervisor.Child("web", ["never"])
    made.starts = []
    clock = SimpleNamespace(now=1.0)
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: clock.now)

    def start(self):
        self.starts.append(clock.now)
        self.started, self.ended = clock.now, 0.0
        self.process = SimpleNamespace(returncode=-9, poll=lambda: -9)

    monkeypatch.setattr(supervisor.Child, "start", start)
    made.clock = clock
    made.start()
    return made


def test_who_worked_before_it_was_killed_is_started_again_at_once(child):
    for _kill in range(20):
        child.clock.now += supervisor.LONG_ENOUGH_S + 1
        child.look_after()
        assert child.starts[-1] == child.clock.now


def test_who_cannot_start_is_tried_more_and_more_seldom(child):
    for tick in range(6000):
        child.clock.now = 1 + tick / 10
        child.look_after()
    pauses = [after - before for before, after in pairwise(child.starts)]
    assert pauses[:5] == pytest.approx([0.2, 0.5, 1.0, 2.0, 5.0], abs=0.11)
    assert max(pauses) == pytest.approx(supervisor.PATIENCE_S[-1], abs=0.2)


def run_bench(monkeypatch, found, *words):
    asked = {}

    def run(*, quick, minutes=None):
        asked.update(quick=quick, minutes=minutes)
        return {**dict.fromkeys(bench.KEYS, 1), "ratio": 1.0, **found}

    monkeypatch.setattr(bench, "loaded", lambda _name, _path: SimpleNamespace(run=run))
    monkeypatch.setattr(bench, "benchmarks", lambda: {"soak": None})
    return CliRunner().invoke(bench.bench, ["soak", "--json", *words]), asked


def test_the_minutes_reach_the_benchmark(monkeypatch):
    done, asked = run_bench(monkeypatch, {"equal": True}, "--minutes", "2")
    assert (done.exit_code, asked["minutes"]) == (0, 2.0)


def test_a_run_that_lost_something_prints_its_figures_and_fails(monkeypatch):
    done, _asked = run_bench(monkeypatch, {"equal": False, "events.lost": 3})
    assert done.exit_code == 1
    assert '"events.lost": 3' in done.output
    assert "differ" in done.output
