"""Units' own work calendars: read from a spreadsheet, all or nothing, dated, never guessed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties import actions, queries
from groundplan.kernel.parties.logic import worktimes
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_player, make_unit
from groundplan.lib.dated_worktime import DatedCalendar, Piece
from groundplan.lib.errors import Conflict, NotAllowed
from groundplan.lib.tabular import write_xlsx
from groundplan.lib.worktime import CalendarMissing, Span, calendar_for

CITY = calendar_for("cn")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(*parts):
    return datetime(*parts, tzinfo=SHANGHAI)


def sheet(*rows):
    return write_xlsx(worktimes.HEADERS, rows)


def test_a_unit_on_duty_round_the_clock_counts_every_hour():
    calendar = DatedCalendar.over(CITY, [Piece(date(2026, 1, 1), None, ((0, 1440),), "daily")])
    # The National Day holiday of 2026 begins on 1 October: five days of 24 hours end inside it, to the microsecond.
    assert calendar.due(at(2026, 9, 30, 17, 30), Span.parse("5 work_days")) == at(2026, 10, 5, 17, 30)
    assert calendar.elapsed(at(2026, 9, 30, 17), at(2026, 10, 8, 9)) == timedelta(days=7, hours=16)
    assert CITY.elapsed(at(2026, 10, 1, 0), at(2026, 10, 7, 23)) == timedelta(0)


def test_a_calendar_ends_and_nothing_behind_it_is_guessed():
    piece = Piece(date(2026, 6, 1), date(2026, 12, 31), ((540, 1020),), "week", frozenset({1, 2, 3, 4, 5, 6}))
    calendar = DatedCalendar.over(CITY, [piece])
    assert calendar.due(at(2026, 12, 30, 9), Span.parse("2 work_days")) == at(2026, 12, 31, 17)
    with pytest.raises(CalendarMissing) as missing:
        calendar.due(at(2026, 12, 30, 9), Span.parse("3 work_days"))
    assert missing.value.year == 2027
    # Before its first day the unit kept the city's calendar.
    assert calendar.due(at(2026, 5, 11, 9), Span.parse("1 work_days")) == CITY.due(at(2026, 5, 11, 9), Span.parse("1 work_days"))  # fmt: skip  # noqa: E501


def test_a_gap_between_two_pieces_is_a_missing_calendar():
    pieces = [
        Piece(date(2026, 1, 1), date(2026, 3, 31), ((540, 1020),), "daily"),
        Piece(date(2026, 4, 2), None, ((480, 720),), "daily"),
    ]
    calendar = DatedCalendar.over(CITY, pieces)
    assert calendar.due(at(2026, 4, 2, 8), Span.parse("1 work_days")) == at(2026, 4, 2, 12)
    with pytest.raises(CalendarMissing):
        calendar.due(at(2026, 3, 31, 16), Span.parse("2 work_hours"))


minutes = st.integers(0, 60 * 24 * 200).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n))


@given(minutes, st.integers(1, 300), st.sampled_from(["daily", "week"]))
def test_what_is_due_after_a_span_has_just_that_much_work_time_before_it(start, hours, rule):
    pieces = [
        Piece(date(2026, 1, 1), date(2026, 3, 31), ((0, 720), (780, 1440)), rule, frozenset({1, 2, 3, 6})),
        Piece(date(2026, 4, 1), None, ((510, 1050),), "daily", off=frozenset({date(2026, 5, 1)})),
    ]
    calendar = DatedCalendar.over(CITY, pieces)
    due = calendar.due(start, Span(Decimal(hours), "work_hours"))
    assert calendar.elapsed(start, due) == timedelta(hours=hours)
    assert due >= start


@pytest.mark.parametrize("text", ["", "9-17", "08:00-08:00", "12:00-09:00", "08:60-09:00", "23:00-25:00",
                                  "09:00-12:00,11:00-14:00", "22:00-06:00", "08:00", "9" * 5000])  # fmt: skip
def test_hours_that_cannot_be_are_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        worktimes.hours(text)


@pytest.mark.parametrize("text", ["", "周八", "周六至周一", "有时", "周一至周三至周五", "一" * 3000])
def test_days_that_cannot_be_are_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        worktimes.days(text)


@pytest.fixture
def city(db):
    hall = make_unit("hall", "city")
    duty, counter = make_unit("duty", parent=hall), make_unit("counter", parent=hall)
    return {
        "hall": hall, "duty": duty, "counter": counter,
        "data": make_player(hall, "data_office", "data"),
        "below": make_player(counter, "data_office", "below"),
        "outsider": make_player(duty, "handler", "outsider"),
    }  # fmt: skip


def test_a_file_is_taken_whole_and_leaves_one_record(city):
    before = Pending.objects.count()
    content = sheet(
        ("duty", "2026-01-01", "", "24小时", "每日", "", ""),
        ("counter", "2026-01-01", "2026-12-31", "08:30-17:30", "周一至周六", "2026-10-01至2026-10-03", ""),
    )
    trial = actions.import_calendars(actor=city["data"].actor, content=content, filename="a.xlsx", dry_run=True)
    assert (trial.units, trial.taken, Party.objects.exclude(calendar=None).count()) == (2, False, 0)
    done = actions.import_calendars(actor=city["data"].actor, content=content, filename="a.xlsx")
    assert (done.units, done.taken, Pending.objects.count()) == (2, True, before + 1)
    again = actions.import_calendars(actor=city["data"].actor, content=content, filename="a.xlsx")
    assert (again.units, again.unchanged) == (0, 2)
    counter = Party.objects.get(code="counter")
    calendar = queries.calendar_of(counter, CITY)
    assert calendar.due(at(2026, 9, 30, 16, 30), Span.parse("2 work_hours")) == at(2026, 10, 5, 9, 30)
    old = counter.calendar_id
    newer = sheet(("counter", "2026-01-01", "", "09:00-10:00", "法定工作日", "", "2026-10-04"))
    actions.import_calendars(actor=city["below"].actor, content=newer, filename="b.xlsx")
    counter.refresh_from_db()
    assert (counter.calendar_id != old, counter.calendars.count()) == (True, 2)
    assert queries.calendar_of(counter, CITY).elapsed(at(2026, 10, 4, 0), at(2026, 10, 5, 0)) == timedelta(hours=1)
    # A statutory year that the city does not have is not had by the unit either.
    with pytest.raises(CalendarMissing):
        queries.calendar_of(counter, CITY).due(at(2026, 12, 31, 9, 30), Span.parse("2 work_days"))
    actions.drop_calendar(actor=city["data"].actor, party=counter)
    assert queries.calendar_of(Party.objects.get(code="counter"), CITY) is CITY
    with pytest.raises(Conflict):
        actions.drop_calendar(actor=city["data"].actor, party=counter)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("nobody", "2026-01-01", "", "24小时", "每日", "", ""), "A"),
        (("duty", "", "", "24小时", "每日", "", ""), "B"),
        (("duty", "2026-02-30", "", "24小时", "每日", "", ""), "B"),
        (("duty", "2026-02-01", "2026-01-01", "24小时", "每日", "", ""), "C"),
        (("duty", "2026-02-01", "", "24小时", "周一至周五", "", ""), "C"),
        (("duty", "2026-02-01", "", "9点到5点", "每日", "", ""), "D"),
        (("duty", "2026-02-01", "", "24小时", "随时", "", ""), "E"),
        (("duty", "2026-02-01", "", "24小时", "每日", "2025-01-01", ""), "F"),
        (("duty", "2026-02-01", "", "24小时", "每日", "2026-03-01", "2026-03-01"), "F"),
        (("duty", "2026-02-01", "", "24小时", "每日", "0001-01-01至9999-12-31", ""), "F"),
        (("duty", "2026-02-01", "", "24小时", "每日", "", "x"), "G"),
    ],
)
def test_a_cell_at_fault_is_named_and_nothing_is_taken(city, row, column):
    content = sheet(("counter", "2026-01-01", "", "24小时", "每日", "", ""), row)
    done = actions.import_calendars(actor=SYSTEM, content=content, filename="a.xlsx")
    assert [fault.cell.rsplit("!", 1)[-1] for fault in done.errors] == [f"{column}3"]
    assert set(done.errors[0].reason) == {"zh-hans", "en"}
    assert not Party.objects.exclude(calendar=None).exists()


def test_dates_of_one_unit_do_not_overlap(city):
    content = sheet(
        ("duty", "2026-01-01", "", "24小时", "每日", "", ""), ("duty", "2026-06-01", "", "24小时", "每日", "", "")
    )
    done = actions.import_calendars(actor=SYSTEM, content=content, filename="a.xlsx")
    assert (len(done.errors), done.taken) == (1, False)


def test_only_the_data_office_of_a_unit_imports_its_calendar(city):
    content = sheet(("duty", "2026-01-01", "", "24小时", "每日", "", ""))
    with pytest.raises(NotAllowed):
        actions.import_calendars(actor=city["outsider"].actor, content=content, filename="a.xlsx")
    done = actions.import_calendars(actor=city["below"].actor, content=content, filename="a.xlsx")
    assert (len(done.errors), done.taken) == (1, False)
    with pytest.raises(NotAllowed):
        actions.drop_calendar(actor=city["below"].actor, party=city["duty"])


def test_the_page_tries_imports_and_drops(city):
    client = city["data"].client
    content = sheet(("duty", "2026-01-01", "", "24小时", "每日", "", ""))
    page = client.post("/organisation/calendars", {"file": SimpleUploadedFile("a.xlsx", content)}).content.decode()
    assert "预检通过" in page
    carried = page.split('name="carried" value="')[1].split('"')[0]
    page = client.post("/organisation/calendars", {"step": "import", "name": "a.xlsx", "carried": carried})
    assert "导入完成" in page.content.decode()
    assert "00:00–24:00" in client.get("/organisation/calendars").content.decode()
    outsider = city["outsider"].client
    assert "选择文件" not in outsider.get("/organisation/calendars").content.decode()
    refused = outsider.post("/organisation/calendars", {"file": SimpleUploadedFile("a.xlsx", content)})
    assert Party.objects.exclude(calendar=None).count() == 1
    assert "导入完成" not in refused.content.decode()
    duty = city["duty"].public_id
    assert outsider.post(f"/organisation/calendars/{duty}/drop").status_code == 403
    assert client.post(f"/organisation/calendars/{duty}/drop").status_code == 302
    assert client.get("/organisation/calendars/template").content[:2] == b"PK"
    broken = client.post("/organisation/calendars", {"step": "import", "name": "x", "carried": "?"})
    assert broken.status_code == 200
    junk = client.post("/organisation/calendars", {"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04junk")})
    assert junk.status_code == 200
    assert not Party.objects.exclude(calendar=None).exists()


def test_the_api_takes_a_file(city, client):
    content = sheet(("duty", "2026-01-01", "", "24小时", "每日", "", ""))
    for player, status in (("data", 200), ("outsider", 403)):
        answer = client.post(
            "/api/v1/parties/calendars", {"file": SimpleUploadedFile("a.xlsx", content)},
            HTTP_AUTHORIZATION=f"Bearer {city[player].token}",
        )  # fmt: skip
        assert answer.status_code == status, answer.content
    assert Party.objects.get(code="duty").calendar is not None
