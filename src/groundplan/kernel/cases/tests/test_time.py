from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.logic import clocks
from groundplan.kernel.cases.models import Case, Step, Task
from groundplan.kernel.cases.tests.factories import MONDAY, act, dispatched, make_city, open_repair, task_of
from groundplan.lib import clock
from groundplan.lib.worktime import Span, WorkCalendar, calendar_for, chinese_days


@pytest.fixture
def city():
    with clock.standing_at(MONDAY):
        yield make_city()


def at(**later):
    return clock.standing_at(MONDAY + timedelta(**later))


@pytest.mark.django_db
def test_an_overdue_task_climbs_the_ladder_once_for_each_interval(city):
    case, lead = dispatched(city)
    with at(days=8):
        assert actions.escalate_overdue().escalated == 1
        assert actions.escalate_overdue().escalated == 0
    lead.refresh_from_db()
    assert (lead.overdue, lead.escalation) == (True, 1)
    with at(days=12):
        assert actions.escalate_overdue().escalated == 1
    step = Step.objects.filter(case=case, kind__in=("escalate", "overdue")).order_by("id")
    # The bureau answers to the city hall; above the hall there is nobody.
    assert [each.kind for each in step] == ["escalate", "overdue"]
    assert queries.case_for(city["mayor"], case.public_id) == case


@pytest.mark.django_db
def test_escalation_does_not_refuse_the_officer_who_is_just_finishing(city):
    _case, lead = dispatched(city)
    seen = lead.version
    with at(days=8):
        actions.escalate_overdue()
        actions.complete_task(
            actor=city["handler"], task=lead.public_id, seen=seen, outcome="handled", data={"reply": "好"}
        )
    lead.refresh_from_db()
    assert (lead.state, lead.overdue) == ("done", True)


@pytest.mark.django_db
def test_a_hand_over_that_nobody_answers_goes_back(city):
    case, lead = dispatched(city)
    act(actions.transfer_task, city["handler"], lead, to_party="parks", reason="在公园内")
    with at(days=1):
        assert actions.escalate_overdue().lapsed == 1
    lead.refresh_from_db()
    assert lead.state == "open"
    assert not Task.objects.filter(case=case, kind="offer", state="offered").exists()


@pytest.mark.django_db
def test_a_suspension_with_an_end_ends(city):
    case, _lead = dispatched(city)
    actions.suspend_case(
        actor=city["handler"],
        case=case.public_id,
        seen=case.version,
        reason="等待备件",
        until=MONDAY + timedelta(days=2),
    )
    with at(days=1):
        assert actions.escalate_overdue().resumed == 0
    with at(days=2, minutes=1):
        assert actions.escalate_overdue().resumed == 1
    assert Case.objects.get(pk=case.pk).state == "open"


@pytest.mark.django_db
def test_a_case_beyond_the_calendar_opens_without_a_date_and_gets_it_when_the_calendar_comes(city, monkeypatch):
    december = datetime(2026, 12, 30, 1, 0, tzinfo=UTC)
    with clock.standing_at(december):
        case = open_repair(city)
        assert (case.calendar_missing, case.due_at, case.limit_spans) == (True, None, "10 work_days")
        assert actions.fill_due_dates() == 0
    year = {2027: {"holidays": [date(2027, 1, 1)], "workdays": []}}
    arrived = WorkCalendar(ZoneInfo("Asia/Shanghai"), calendar_for("cn").hours, chinese_days(year))
    monkeypatch.setattr(clockwork, "calendar_for", lambda name: arrived)
    with clock.standing_at(december + timedelta(days=1)):
        assert actions.fill_due_dates() == 1
        assert actions.fill_due_dates() == 0
    case.refresh_from_db()
    assert not case.calendar_missing
    # 30 and 31 December and, after New Year's Day and a weekend, eight days from 4 January.
    assert case.due_at.astimezone(ZoneInfo("Asia/Shanghai")).date() == date(2027, 1, 13)
    assert task_of(case).due_at is not None


CALENDAR = calendar_for("cn")
moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@given(moments, st.integers(1, 30), st.integers(0, 60 * 24 * 20), st.integers(0, 60 * 24 * 20))
def test_a_pause_never_takes_work_time_away(started, hours, later, length):
    span = Span.parse(f"{hours} work_hours")
    plain = clocks.due(clocks.Clock(started, (span,)), CALENDAR)
    stopped = started + timedelta(minutes=later)
    resumed = stopped + timedelta(minutes=length)
    moved = clocks.due(clocks.Clock(started, (span,), (clocks.Pause(stopped, resumed),)), CALENDAR)
    assert moved >= plain
    if stopped < plain:
        left = CALENDAR.elapsed(stopped, plain)
        assert CALENDAR.elapsed(resumed, moved) == left
    else:
        assert moved == plain


@given(moments, st.integers(1, 200), st.integers(0, 60 * 24 * 90))
def test_the_clock_bar_stays_between_nought_and_a_hundred(started, hours, later):
    ends = started + timedelta(hours=hours)
    assert 0 <= clocks.used_share(started, ends, started + timedelta(minutes=later)) <= 100


@pytest.mark.django_db
def test_done_today_counts_the_day_of_the_city(city):
    # 1:00 in Shanghai is still yesterday in UTC.
    with at(hours=-8):
        case = open_repair(city)
        act(actions.complete_task, city["dispatcher"], task_of(case), outcome="answer", data={"reply": "好"})
        assert queries.counts(city["dispatcher"]).done_today == 1
    with at(hours=14, minutes=59):
        assert queries.counts(city["dispatcher"]).done_today == 1
    with at(hours=15):
        assert queries.counts(city["dispatcher"]).done_today == 0
