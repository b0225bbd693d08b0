"""Past reports come in as sets: the same rows as the public actions make, one record a batch."""

import csv
import hashlib
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import transaction

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.errors import HistoryUnfit
from groundplan.kernel.cases.models import Case, Involvement, Step, Task
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_player, make_unit
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.profiles.loading import load_profile, load_units
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.logic.history import past_row
from groundplan.systems.incidents.models import Incident, Load, QuarantinedRow

pytestmark = pytest.mark.django_db
# Ids and keys differ by nature; a batch has one record; duplicates of past reports are not sought.
DIFFER = {
    "id", "public_id", "case_id", "task_id", "record", "reporter", "load_id", "likely", "flow_version_id", "parent_id",
    "personal",
}  # fmt: skip
BOSTON = "service_requests_311/boston_2015_open.parquet"
INVENTED = [
    # A lamp with a target that was met; a comment without target; one that the hotline itself has and left open; one
    # whose reply holds an address of mail; one of an unknown type, without place; one closed before it was opened.
    ("1", "2015-03-02 09:00:00", "2015-03-12 08:30:00", "2015-03-05 10:00:00", "Lamp out", "Street Light Outages",
     "PWDx", "Case Resolved", "1 Beacon St  Boston", "Beacon Hill", "-71.0648", "42.3574"),
    ("2", "2015-03-02 09:00:01", "", "2015-03-05 10:00:00", "", "General Comments For a Program or Policy", "INFO",
     "", "", "", "", ""),
    ("3", "2015-03-08 02:30:00", "2015-03-09 08:30:00", "", "Open matter", "Notification", "INFO", "", "x", "Allston",
     "-71.1", "42.35"),
    ("4", "2015-07-02 23:59:59", "2015-07-03 08:30:00", "2015-07-09 01:00:00", "Rats, write to ann@example.org",
     "Rodent Activity", "ISD", "told ann@example.org", "2 Main St", "Roxbury", "-71.08", "42.33"),
    ("5", "2015-11-01 01:30:00", "2015-11-09 08:30:00", "2015-11-02 01:00:00", "Strange", "No such type", "PARK",
     "done", "", "Nowhere", "0", "0"),
    ("6", "2015-03-02 09:00:00", "2015-03-12 08:30:00", "2015-03-01 10:00:00", "Early", "Graffiti Removal", "PROP",
     "Case Noted", "1 Beacon St  Boston", "South End", "-71.07", "42.34"),
]  # fmt: skip
HEADERS = (
    "CASE_ENQUIRY_ID", "OPEN_DT", "TARGET_DT", "CLOSED_DT", "CASE_TITLE", "TYPE", "Department", "CLOSURE_REASON",
    "Location", "neighborhood", "LONGITUDE", "LATITUDE",
)  # fmt: skip


@pytest.fixture
def boston(settings):
    settings.GROUNDPLAN_PROFILE = "us-boston"
    load_units()
    load_profile()
    return queries.history_mapping("service-requests")


@pytest.fixture
def invented():
    return [dict(zip(HEADERS, row, strict=True)) for row in INVENTED]


def take_over(rows, mapped, actor=SYSTEM, **more):
    return actions.import_history(actor=actor, rows=rows, mapped=mapped, file_name="x", digest="0" * 64, **more)


def report_one_by_one(rows, mapped):
    """The slow way: every report, every task through the actions that people use, each at its moment."""
    matters = queries.matters_of(mapped)
    load = Load.objects.create(file_name="x", digest="0" * 64, flow=mapped.flow, columns={}, loaded_by="system")
    for raw in rows:
        row = past_row(raw, mapped)
        with clock.standing_at(row.opened_at):
            case = actions.report_incident(
                actor=SYSTEM, channel=mapped.channel, flow=mapped.flow, load=load,
                **queries.past_report(row, mapped, matters),
            ).case  # fmt: skip
            complete(case, mapped.take.outcome, {mapped.take.field: row.unit})
        if row.closed_at:
            with clock.standing_at(row.closed_at):
                complete(case, mapped.work.outcome, queries.past_reply(row, mapped))


def complete(case, outcome, data):
    task = Task.objects.get(case=case, state="open")
    cases.complete_task(actor=SYSTEM, task=task.public_id, seen=task.version, outcome=outcome, data=data)


def everything():
    """All rows of all tables that an import writes, without what must differ."""
    found = {}
    for model, order in (
        (Case, ["incident__external_id"]), (Incident, ["external_id"]), (Task, ["case__incident__external_id", "id"]),
        (Involvement, ["case__incident__external_id", "party__code"]), (Step, ["case__incident__external_id", "id"]),
    ):  # fmt: skip
        rows = list(model.objects.order_by(*order).values())
        found[model.__name__] = [
            {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()
             if name not in DIFFER} for row in rows
        ]  # fmt: skip
    return found


def same_both_ways(rows, mapped):
    mark = transaction.savepoint()
    load = take_over(rows, mapped)
    assert load.stored == len(rows)
    fast = everything()
    transaction.savepoint_rollback(mark)
    assert not Case.objects.exists()
    report_one_by_one(rows, mapped)
    slow = everything()
    for name, expected in slow.items():
        assert len(fast[name]) == len(expected), name
        for got, wanted in zip(fast[name], expected, strict=True):
            assert got == wanted, name


def test_a_set_leaves_the_same_rows_as_the_actions_do(boston, invented):
    same_both_ways(invented, boston)


@pytest.mark.data
def test_a_sample_of_the_real_file_leaves_the_same_rows_as_the_actions_do(boston, real_data):
    rows = [row for number, row in enumerate(queries.history_rows(real_data / BOSTON)) if number % 1200 == 0]
    assert len(rows) > 80
    same_both_ways(rows, boston)


def test_a_batch_has_one_record_with_its_digest(boston, invented):
    before = set(Pending.objects.values_list("pk", flat=True))
    load = take_over(invented, boston, batch=3)
    made = [json.loads(bytes(row.body)) for row in Pending.objects.exclude(pk__in=before).order_by("pk")]
    told = [body for body in made if body["action"] == "cases.record_past_cases"]
    assert [body["data"]["cases"] for body in told] == [3, 3]
    assert len({body["data"]["sha256"] for body in told}) == len(told)
    assert [body["action"] for body in made if body not in told] == ["incidents.import_history"]
    assert (load.read, load.stored, load.repeated, load.quarantined) == (6, 6, 0, 0)


def test_importing_again_stores_nothing_twice_and_unreadable_rows_are_kept_apart(boston, invented):
    take_over(invented[:3], boston)
    faulty = [{**invented[3], "Department": "Nobody knows"}, {**invented[4], "OPEN_DT": "yesterday"}]
    load = take_over([*invented[:3], *faulty, invented[5]], boston)
    assert (load.read, load.stored, load.repeated, load.quarantined) == (6, 1, 3, 2)
    assert Case.objects.count() == 4
    reasons = list(QuarantinedRow.objects.order_by("number").values_list("number", "reason"))
    assert reasons[0] == (4, "Department: 'Nobody knows'")
    assert "yesterday" in reasons[1][1]


def test_target_times_and_time_zone_are_those_of_the_file(boston, invented):
    take_over(invented, boston)
    lamp = Incident.objects.get(external_id="1").case
    # 08:30 on 12 March in Boston is daylight time, four hours behind UTC; 09:00 on 2 March is five behind.
    assert lamp.opened_at == datetime(2015, 3, 2, 14, tzinfo=UTC)
    assert lamp.due_at == datetime(2015, 3, 12, 12, 30, tzinfo=UTC)
    assert lamp.overdue is False
    assert Incident.objects.get(external_id="4").case.overdue is True
    assert Incident.objects.get(external_id="2").case.due_at is None
    assert "ann@example.org" not in str(everything())


def test_only_the_data_office_takes_over_past_reports(boston, invented):
    outsider = make_player(make_unit("elsewhere", kind="department"), "handler", "outsider").actor
    with pytest.raises(NotAllowed):
        take_over(invented, boston, actor=outsider)
    assert not Load.objects.exists()
    assert not Case.objects.exists()


def test_a_way_that_the_flow_does_not_have_is_refused(boston, invented):
    strange = boston.model_copy(update={"work": boston.work.model_copy(update={"stage": "dispute"})})
    with pytest.raises(HistoryUnfit):
        take_over(invented, strange)
    assert not Case.objects.exists()


def test_csv_and_parquet_are_read_alike(tmp_path, boston, invented):
    file = tmp_path / "requests.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, HEADERS)
        writer.writeheader()
        writer.writerows(invented)
    pq.write_table(pa.Table.from_pylist(invented), tmp_path / "requests.parquet")
    read = [[past_row(row, boston) for row in queries.history_rows(path)]
            for path in (file, tmp_path / "requests.parquet")]  # fmt: skip
    assert read[0] == read[1]
    assert hashlib.sha256(file.read_bytes()).digest()
