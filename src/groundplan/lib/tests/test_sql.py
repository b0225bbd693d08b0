"""The compatibility table of docs/database.md: each row is a test that can be run against another server."""

import threading
import time

import pytest
from django.db import IntegrityError, connection, transaction

from groundplan.lib import sql


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE sample (id int8 PRIMARY KEY, name text, hash bytea)")
        yield cursor


@pytest.mark.django_db
def test_a_named_statement_is_read_from_the_app_that_owns_it():
    assert "ledger_pending" in sql.named("groundplan.kernel.ledger", "integrate")
    with pytest.raises(FileNotFoundError):
        sql.named("groundplan.kernel.ledger", "no_such_statement")


def test_a_notification_arrives_when_its_transaction_commits(fresh_database):
    stop, heard = threading.Event(), []

    def hear():
        notes = sql.listen(["test_channel"], stop=stop, poll_s=0.2)
        heard.extend((payload, committed.is_set()) for payload in notes)

    committed = threading.Event()
    thread = threading.Thread(target=hear)
    thread.start()
    try:
        time.sleep(0.3)
        with transaction.atomic():
            sql.notify("test_channel", "hello")
            time.sleep(0.3)
            committed.set()
        end = time.monotonic() + 5
        while ("hello", True) not in heard and time.monotonic() < end:
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join(5)
    assert [entry for entry in heard if entry[0] == "hello"] == [("hello", True)]
    assert heard[0] == (None, False), "the first look comes at once"


@pytest.mark.django_db
def test_listening_goes_on_by_polling_where_the_server_cannot_be_listened_to(monkeypatch):
    def refuse():
        raise sql.psycopg.OperationalError

    monkeypatch.setattr(sql, "own_connection", refuse)
    stop, looks = threading.Event(), 0
    for payload in sql.listen(["test_channel"], stop=stop, poll_s=0.01):
        assert payload is None
        looks += 1
        if looks == 4:
            stop.set()
    assert looks >= 4


def test_a_lock_is_held_by_one_transaction_and_ends_with_it(fresh_database):
    def attempt(results):
        with transaction.atomic(), connection.cursor() as cursor:
            results.append(sql.try_advisory_lock(cursor, "test"))
        connection.close()

    results: list[bool] = []
    with transaction.atomic(), connection.cursor() as cursor:
        assert sql.try_advisory_lock(cursor, "test")
        thread = threading.Thread(target=attempt, args=(results,))
        thread.start()
        thread.join(10)
    with transaction.atomic(), connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, "test")
        assert results == [False]
        assert sql.try_advisory_lock(cursor, "test")


def test_lock_names_become_numbers_that_the_server_takes():
    numbers = {sql.lock_number(f"name {number}") for number in range(1000)}
    assert len(numbers) == 1000
    assert all(-(2**63) <= number < 2**63 for number in numbers)


def test_a_row_is_inserted_unless_its_key_exists(table):
    assert sql.insert_new(table, "sample", {"id": 1, "name": "first"})
    assert not sql.insert_new(table, "sample", {"id": 1, "name": "second"})
    table.execute("SELECT name FROM sample")
    assert table.fetchall() == [("first",)]


def test_rows_are_copied_with_their_types(table):
    rows = [(number, f"name 市 {number}", bytes([number])) for number in range(200)]
    sql.copy_rows(table, "sample", ("id", "name", "hash"), ("int8", "text", "bytea"), rows)
    table.execute("SELECT id, name, hash FROM sample ORDER BY id")
    assert [(number, name, bytes(value)) for number, name, value in table.fetchall()] == rows


@pytest.mark.parametrize("change", ["UPDATE sample SET id = 2", "DELETE FROM sample", "TRUNCATE sample"])
def test_a_guarded_table_refuses_changes_until_it_is_unguarded(table, change):
    table.execute("INSERT INTO sample (id) VALUES (1)")
    table.execute(sql.guard_sql("sample"))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        table.execute(change)
    table.execute(sql.unguard_sql("sample"))
    table.execute(change)


def test_data_changing_statements_feed_one_another(table):
    table.execute("INSERT INTO sample (id, name) VALUES (1, 'a'), (2, 'b')")
    table.execute("WITH gone AS (DELETE FROM sample WHERE id = 1 RETURNING name) SELECT name FROM gone")
    assert table.fetchall() == [("a",)]


@pytest.mark.django_db
def test_arrays_are_unnested_side_by_side():
    with connection.cursor() as cursor:
        cursor.execute("SELECT a, b FROM unnest(%s::int2[], %s::int8[]) AS wanted (a, b)", [[1, 2], [30, 40]])
        assert cursor.fetchall() == [(1, 30), (2, 40)]
        cursor.execute("SELECT encode(sha256('abc'::bytea), 'hex')")
        assert cursor.fetchone()[0].startswith("ba7816bf8f01cfea")


def test_notifications_are_left_out_for_a_while_after_one():
    quiet = sql.Quiet(every_s=0.05)
    assert [quiet.may_notify(), quiet.may_notify()] == [True, False]
    time.sleep(0.06)
    assert quiet.may_notify()
