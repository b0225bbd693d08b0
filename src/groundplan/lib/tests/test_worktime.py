import doctest
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.lib import worktime
from groundplan.lib.worktime import BadSpan, CalendarMissing, Span, WorkCalendar, calendar_for

CN = calendar_for("cn")
ZONE = ZoneInfo("Asia/Shanghai")
moments = st.datetimes(
    datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2026-05-01"), timezones=st.just(ZONE)
)
units = st.sampled_from(["work_days", "work_hours", "days", "hours", "minutes"])
amounts = st.decimals(0, 40, places=2)
lengths = st.integers(0, 40 * 3600).map(lambda seconds: timedelta(seconds=seconds))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_the_examples_hold():
    assert doctest.testmod(worktime).failed == 0


@given(moments, amounts, units)
def test_the_time_elapsed_until_the_deadline_is_the_span(start, amount, unit):
    span = Span(amount, unit)
    assert CN.elapsed(start, CN.due(start, span), unit) == CN.length(span)


@given(moments, amounts, amounts, st.sampled_from(["work_days", "work_hours"]))
def test_a_longer_span_never_ends_earlier(start, one, other, unit):
    shorter, longer = sorted([one, other])
    assert CN.due(start, Span(shorter, unit)) <= CN.due(start, Span(longer, unit))


@given(moments, moments, amounts)
def test_a_later_start_never_ends_earlier(one, other, amount):
    span = Span(amount, "work_hours")
    assert CN.due(min(one, other), span) <= CN.due(max(one, other), span)


@given(st.lists(moments, min_size=3, max_size=3))
def test_work_time_adds_up_over_any_split(three):
    first, middle, last = sorted(three)
    assert CN.elapsed(first, middle) + CN.elapsed(middle, last) == CN.elapsed(first, last)


@given(moments, lengths, lengths, lengths)
def test_a_clock_paused_and_resumed_uses_exactly_its_span(start, before, after, pause):
    paused_at = CN.due(start, before)
    resumed_at = paused_at + pause
    due = CN.due(resumed_at, after)
    assert CN.elapsed(start, paused_at) + CN.elapsed(resumed_at, due) == before + after
    if not pause:
        assert due == CN.due(start, before + after)


def test_the_lunch_break_does_not_count():
    assert CN.due(at("2026-07-08T11:30"), Span.parse("1 work_hours")) == at("2026-07-08T14:00")


def test_a_deadline_falls_on_closing_time_and_not_on_the_next_morning():
    assert CN.due(at("2026-07-08T13:30"), Span.parse("4 work_hours")) == at("2026-07-08T17:30")


def test_a_swapped_saturday_is_a_work_day_and_a_holiday_monday_is_none():
    # The General Office's notice for 2026: 10 October (Saturday) is worked, 1 to 7 October are free.
    assert CN.is_working(at("2026-10-10T10:00"))
    assert not CN.is_working(at("2026-10-05T10:00"))


def test_a_call_at_night_starts_its_clock_in_the_morning():
    assert CN.due(at("2026-07-08T22:00"), Span.parse("2 work_hours")) == at("2026-07-09T11:00")


def test_natural_hours_run_through_the_night():
    assert CN.due(at("2026-07-08T22:00"), Span.parse("4 hours")) == at("2026-07-09T02:00")


def test_emergency_hours_run_by_night_and_on_days_off_and_keep_their_name():
    saturday_night = at("2026-07-11T23:30")
    assert CN.due(saturday_night, Span.parse("2 emergency_hours")) == at("2026-07-12T01:30")
    assert CN.due(saturday_night, Span.parse("2 work_hours")) == at("2026-07-13T11:00")
    assert str(Span.parse("2 emergency_hours")) == "2 emergency_hours"


def test_a_year_without_calendar_is_never_guessed():
    with pytest.raises(CalendarMissing) as caught:
        CN.due(at("2026-12-31T16:00"), Span.parse("1 work_days"))
    assert caught.value.year == 2027
    with pytest.raises(CalendarMissing):
        CN.elapsed(at("2026-12-30T09:00"), at("2027-01-05T09:00"))


def test_a_deadline_before_the_uncovered_year_is_still_found():
    assert CN.due(at("2026-12-31T10:00"), Span.parse("2 work_hours")) == at("2026-12-31T12:00")


def test_a_year_given_by_the_profile_is_used():
    days = worktime.chinese_days({2027: {"holidays": [date(2027, 1, 1)], "workdays": []}})
    calendar = WorkCalendar(ZONE, ((time(9), time(17)),), days)
    assert calendar.due(at("2026-12-31T16:00"), Span.parse("2 work_hours")) == at("2027-01-04T10:00")


def test_remaining_turns_negative_after_the_deadline():
    due = at("2026-07-08T11:00")
    assert CN.remaining(at("2026-07-08T10:00"), due) == timedelta(hours=1)
    assert CN.remaining(at("2026-07-08T14:30"), due) == -timedelta(hours=2)


def test_summer_time_of_another_zone_does_not_stretch_the_day():
    boston = WorkCalendar(ZoneInfo("America/New_York"), ((time(9), time(17)),), lambda day: day.weekday() < 5)
    start = datetime(2026, 3, 6, 14, tzinfo=UTC)  # Friday 09:00 EST; clocks change on Sunday.
    assert boston.due(start, Span(Decimal(2), "work_days")) == datetime(2026, 3, 9, 21, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "5", "five days", "-1 days", "3 weeks", "NaN days", "Infinity hours"])
def test_a_span_of_another_form_is_refused(text):
    with pytest.raises(BadSpan):
        Span.parse(text)


def test_overlapping_periods_and_unknown_calendars_are_refused():
    with pytest.raises(BadSpan):
        WorkCalendar(ZONE, ((time(9), time(12)), (time(11), time(17))), lambda _day: True)
    with pytest.raises(BadSpan):
        calendar_for("atlantis")
