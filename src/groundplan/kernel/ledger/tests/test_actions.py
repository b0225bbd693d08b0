import threading
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from groundplan.kernel.ledger import actions, logic
from groundplan.kernel.ledger.errors import EntryInvalid, OutsideTransaction
from groundplan.kernel.ledger.models import Entry, Head, Node, Pending
from groundplan.lib.canonical import NotCanonical


def record(number=0, subject="case:1"):
    return actions.record(actor="officer", action="cases.comment", subject=subject, data={"number": number})


@contextmanager
def another_thread(work):
    """Run work in a thread with a connection of its own; its error is raised here."""
    failure = []

    def run():
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            failure.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield thread
    thread.join(60)
    assert not thread.is_alive()
    if failure:
        raise failure[0]


def test_an_entry_outside_a_transaction_is_refused(fresh_database):
    with pytest.raises(OutsideTransaction):
        record()
    assert Pending.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"actor": ""}, {"action": "x" * 101}, {"subject": "a\0b"}])
def test_a_name_that_cannot_be_stored_is_refused(wrong):
    with pytest.raises(EntryInvalid):
        actions.record(**{"actor": "a", "action": "b", "subject": "c", **wrong})


@pytest.mark.django_db
@pytest.mark.parametrize("data", [{"x": 1.5}, {"x": float("nan")}, {1: "x"}, {"x": "\ud800"}, {"x": object()}])
def test_data_without_one_spelling_are_refused(data):
    with pytest.raises(NotCanonical):
        actions.record(actor="a", action="b", subject="c", data=data)


@pytest.mark.django_db
def test_a_batch_moves_entries_into_the_log_in_the_order_of_writing_and_signs_a_head():
    ids = [record(number) for number in range(5)]
    assert actions.sequence(batch=3) == 3
    assert actions.sequence(batch=3) == 2
    assert actions.sequence(batch=3) == 0
    assert list(Entry.objects.order_by("leaf_index").values_list("entry_id", flat=True)) == ids
    assert list(Head.objects.order_by("number").values_list("number", "size")) == [(0, 3), (1, 5)]
    leaves = [logic.leaf_hash(bytes(entry.body)) for entry in Entry.objects.order_by("leaf_index")]
    assert bytes(Head.objects.get(number=0).root) == logic.root(leaves[:3])
    assert bytes(Head.objects.get(number=1).root) == logic.root(leaves)
    assert Node.objects.count() == 5 + 2 + 1
    assert Pending.objects.count() == 0


def test_what_is_rolled_back_never_reaches_the_log(fresh_database):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record()
        raise ZeroDivisionError
    assert actions.sequence() == 0
    assert Entry.objects.count() == 0


def test_a_transaction_held_open_across_batches_loses_nothing_and_doubles_nothing(fresh_database):
    opened, go_on = threading.Event(), threading.Event()
    kept = []

    def hold():
        with transaction.atomic():
            kept.append(record(0, "case:held"))
            opened.set()
            assert go_on.wait(30)

    with another_thread(hold):
        assert opened.wait(30)
        later = []
        for number in range(1, 4):
            with transaction.atomic():
                later.append(record(number))
            assert actions.sequence() == 1
        assert list(Entry.objects.order_by("leaf_index").values_list("entry_id", flat=True)) == later
        go_on.set()
    assert actions.sequence() == 1
    assert list(Entry.objects.order_by("leaf_index").values_list("entry_id", flat=True)) == [*later, *kept]
    assert later[0] > kept[0], "the held entry has the smaller id and still came in"


def test_two_sequencers_at_once_and_four_writers_give_each_entry_one_place(fresh_database):
    done = threading.Event()
    written: list = []

    def write():
        for number in range(60):
            with transaction.atomic():
                written.append(record(number))

    def run_sequencer():
        while not done.is_set():
            actions.sequence(batch=7)

    with another_thread(run_sequencer), another_thread(run_sequencer):
        with another_thread(write), another_thread(write), another_thread(write), another_thread(write):
            pass
        done.set()
    while actions.sequence():
        pass
    stored = list(Entry.objects.order_by("leaf_index").values_list("leaf_index", "entry_id"))
    assert [index for index, _ in stored] == list(range(240))
    assert sorted(entry_id for _, entry_id in stored) == sorted(written)


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["ledger_entry", "ledger_node", "ledger_head"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {}={}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_itself_refuses_changes_of_the_log(table, change):
    record()
    actions.sequence()
    column = {"ledger_entry": "leaf_index", "ledger_node": "level", "ledger_head": "number"}[table]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table, column, column))
