"""The clock of a task runs by the calendar of the unit that has it, the clock of the case by that of its flow."""

from datetime import UTC, datetime, timedelta

import pytest

from groundplan.kernel.cases import actions
from groundplan.kernel.cases.queries.explaining import explain
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.tests.factories import MONDAY, act, dispatched, make_city, task_of
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.logic import worktimes
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.lib import clock
from groundplan.lib.tabular import write_xlsx


def give(*rows):
    done = parties.import_calendars(actor=SYSTEM, content=write_xlsx(worktimes.HEADERS, rows), filename="a.xlsx")
    assert done.taken, done.errors


@pytest.fixture
def city(db):
    with clock.standing_at(MONDAY):
        yield make_city()


def test_a_unit_on_duty_round_the_clock_has_its_own_deadline_inside_the_total(city):
    give(("lamps", "2026-01-01", "", "24小时", "每日", "", ""))
    case, lead = dispatched(city, helpers=["parks"])
    # Five work days of 24 hours each; three until the close of Wednesday at the unit that keeps the city's calendar.
    assert lead.due_at == MONDAY + timedelta(days=5)
    assert task_of(case, key="helper").due_at == MONDAY + timedelta(days=2, hours=8, minutes=30)
    assert case.due_at == MONDAY + timedelta(days=11, hours=8, minutes=30)


def test_a_pause_leaves_what_was_left_by_the_units_own_calendar(city):
    give(("lamps", "2026-01-01", "", "24小时", "每日", "", ""))
    case, lead = dispatched(city)
    with clock.standing_at(MONDAY + timedelta(days=4)):
        actions.suspend_case(actor=city["handler"], case=case.public_id, seen=None, reason="等待备件")
    with clock.standing_at(MONDAY + timedelta(days=6)):
        actions.resume_case(actor=city["handler"], case=case.public_id, seen=None)
    lead.refresh_from_db()
    assert lead.due_at == MONDAY + timedelta(days=7)


def test_handed_over_the_clock_goes_on_by_the_receivers_calendar(city):
    give(("parks", "2026-01-01", "", "24小时", "每日", "", ""))
    case, lead = dispatched(city)
    by_city = lead.due_at
    act(actions.transfer_task, city["handler"], lead, to_party="parks", reason="在公园内")
    act(actions.accept_transfer, city["helper"], task_of(case, unit="parks"))
    assert by_city == MONDAY + timedelta(days=4, hours=8, minutes=30)
    assert task_of(case, unit="parks").due_at == MONDAY + timedelta(days=5)


def test_a_calendar_that_ends_gives_no_date_until_the_next_one_comes(city):
    december = datetime(2026, 12, 28, 1, 0, tzinfo=UTC)
    give(("lamps", "2026-01-01", "2026-12-29", "09:00-17:00", "周一至周六", "", ""))
    with clock.standing_at(december):
        case, lead = dispatched(city)
        assert (lead.due_at, lead.calendar_missing) == (None, True)
        assert actions.fill_due_dates() == 0
        give(
            ("lamps", "2026-01-01", "2026-12-31", "09:00-17:00", "周一至周六", "", ""),
            ("lamps", "2027-01-01", "2027-12-31", "09:00-17:00", "周一至周六", "2027-01-01", ""),
        )
        assert actions.fill_due_dates() == 1
    lead.refresh_from_db()
    # Monday to Thursday are four days; New Year's Day is off, Saturday 2 January 2027 is worked.
    assert lead.due_at == datetime(2027, 1, 2, 9, 0, tzinfo=UTC)
    assert case.calendar_missing


def test_where_the_time_went_is_told_in_the_units_own_work_time(city):
    give(("lamps", "2026-01-01", "", "24小时", "每日", "", ""))
    case, _lead = dispatched(city)
    with clock.standing_at(MONDAY + timedelta(days=1)):
        told = explain(case, flow_of(case.flow_version_id), list(case.tasks.order_by("id")), list(case.steps.all()))
    by_unit = {each.task.party.code: each for each in told.used if each.kind == "work"}
    assert by_unit["lamps"].work_time == timedelta(days=1)
