"""The simulation of a flow agrees with what is known of queues, and is calibrated on what is recorded."""

from math import factorial

import pytest

from groundplan.kernel.cases import actions
from groundplan.kernel.cases.logic.simulation import Plan, Station, Stop, simulate
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.past import past_of, plan_of
from groundplan.kernel.cases.tests.factories import act, dispatched, make_city, open_repair, task_of


def one_queue(staff, hours, **more):
    return Plan(
        "work", {"work": Stop(("work",), (("end", 1.0),)), "end": Stop()}, {"work": Station(staff, hours, **more)}
    )


def erlang_wait(arrivals, served, staff):
    """Mean wait in an M/M/c queue: Erlang's C formula (Erlang 1917)."""
    load = arrivals / served
    last = load**staff / factorial(staff) * staff / (staff - load)
    delayed = last / (sum(load**k / factorial(k) for k in range(staff)) + last)
    return delayed / (staff * served - arrivals)


@pytest.mark.parametrize(("staff", "arrivals"), [(1, 0.5), (2, 1.5), (5, 4.0)])
def test_waiting_in_one_queue_is_that_of_erlangs_formula(staff, arrivals):
    means = [
        simulate(one_queue(staff, 1.0), arrivals_per_hour=arrivals, hours=40_000 / arrivals, seed=seed)
        .stations["work"]
        .mean_wait
        for seed in range(4)
    ]
    assert sum(means) / len(means) == pytest.approx(erlang_wait(arrivals, 1.0, staff), rel=0.08)


def test_littles_law_of_the_busy_staff_holds_and_a_seed_repeats():
    plan = one_queue(3, 2.0)
    first = simulate(plan, arrivals_per_hour=1.0, hours=20_000, seed=7, warm_up=0)
    again = simulate(plan, arrivals_per_hour=1.0, hours=20_000, seed=7, warm_up=0)
    assert first == again
    assert first.stations["work"].busy / 20_000 == pytest.approx(2.0, rel=0.05)
    assert first.opened == first.closed + first.stations["work"].left


def test_too_few_people_make_work_overdue_and_leave_it_undone():
    slow = simulate(one_queue(1, 2.0, limit=4.0), arrivals_per_hour=1.0, hours=1000, seed=1).stations["work"]
    fast = simulate(one_queue(4, 2.0, limit=24.0), arrivals_per_hour=1.0, hours=1000, seed=1).stations["work"]
    assert slow.overdue_share > 0.9
    assert slow.left > 300
    assert fast.overdue_share < 0.01


def test_tasks_at_once_are_waited_for_and_cycles_end():
    plan = Plan(
        "both",
        {"both": Stop(("a", "b"), (("both", 0.5), ("end", 0.5))), "end": Stop()},
        {"a": Station(9, 1.0, (1.0,)), "b": Station(9, 3.0, (3.0,))},
    )
    found = simulate(plan, arrivals_per_hour=0.1, hours=5000, seed=3, warm_up=0)
    assert found.closed > 400
    assert abs(found.stations["a"].done - found.stations["b"].done) < 20
    endless = Plan("a", {"a": Stop(("a",), (("a", 1.0),))}, {"a": Station(9, 0.001, (0.001,))})
    assert simulate(endless, arrivals_per_hour=1.0, hours=50, seed=3).closed > 0


@pytest.mark.parametrize(("arrivals", "hours"), [(0, 10), (-1, 10), (float("nan"), 10), (1e9, 1e9), (1, 0)])
def test_figures_out_of_range_are_refused(arrivals, hours):
    with pytest.raises(ValueError, match="at most 50000"):
        simulate(one_queue(1, 1.0), arrivals_per_hour=arrivals, hours=hours, seed=1)


@pytest.mark.django_db
def test_the_plan_follows_what_is_recorded():
    city = make_city()
    for _ in range(3):
        case, lead = dispatched(city, helpers=["parks"])
        act(actions.complete_task, city["helper"], task_of(case, key="helper"))
        act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "已修"})
        act(actions.complete_task, city["dispatcher"], task_of(case), outcome="fine")
    answered = open_repair(city)
    act(actions.complete_task, city["dispatcher"], task_of(answered), outcome="answer", data={"reply": "已答复"})
    past = past_of("repair")
    plan = plan_of(flow_of(case.flow_version_id), past, staff={"accept": 4}, hours={"accept": 0.25})
    assert dict(plan.stops["accept"].ways) == {"handle": 3.0, "closed": 1.0}
    assert dict(plan.stops["check"].ways) == {"closed": 3.0, "handle": 0.0}
    assert plan.stations["accept"].staff == 4
    assert plan.stations["accept"].limit == pytest.approx(0.5)
    assert len(plan.stations["handle.lead"].sample) == 3
    found = simulate(plan, arrivals_per_hour=0.5, hours=2000, seed=1)
    assert found.closed > 900
