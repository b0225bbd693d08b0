"""A sequencer that is killed in the middle of a batch leaves the log as it was, and the next one goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from groundplan.kernel.ledger import actions, queries
from groundplan.kernel.ledger.models import Entry, Head, Node, Pending

SOURCE = Path(__file__).resolve().parents[4]
PROGRAM = """
import sys, time, django
django.setup()
from groundplan.kernel.ledger import actions
def stop(*arguments, **named):
    print("here", flush=True)
    time.sleep(60)
POINT = sys.argv[1]
if POINT.startswith("statement-"):
    from django.db import connection
    left = [int(POINT.partition("-")[2])]
    def count(execute, *arguments):
        answer = execute(*arguments)
        left[0] -= 1
        if left[0] == 0:
            stop()
        return answer
    connection.ensure_connection()
    connection.execute_wrappers.append(count)
elif POINT == "entries-moved":
    actions.logic.grow = stop
elif POINT == "nodes-written":
    actions._sign_head = stop
else:
    sign = actions._sign_head
    actions._sign_head = lambda *arguments: (sign(*arguments), stop())
actions.sequence()
"""


def address():
    own = connection.settings_dict
    password = quote(own["PASSWORD"] or "x", safe="")
    return f"postgresql://{own['USER']}:{password}@{own['HOST']}:{own['PORT']}/{own['NAME']}"


@pytest.mark.parametrize(
    "point", ["entries-moved", "nodes-written", "head-signed", *(f"statement-{number}" for number in range(2, 7))]
)
def test_a_killed_sequencer_loses_nothing_and_doubles_nothing(fresh_database, point):
    with transaction.atomic():
        first = [actions.record(actor="a", action="b.c", subject="d") for _ in range(3)]
    actions.sequence()
    with transaction.atomic():
        second = [actions.record(actor="a", action="b.c", subject="d") for _ in range(9)]
    environment = {**os.environ, "DATABASE_URL": address(), "PYTHONPATH": str(SOURCE)}
    victim = subprocess.Popen([sys.executable, "-c", PROGRAM, point], stdout=subprocess.PIPE, env=environment)
    try:
        assert victim.stdout.readline() == b"here\n"
        assert actions.sequence() == 0, "another sequencer finds the lock taken"
        assert (Entry.objects.count(), Pending.objects.count()) == (3, 9), "nothing half-done is seen"
    finally:
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
        victim.stdout.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [actions.sql.lock_number(actions.SEQUENCER_LOCK)])
        cursor.execute("SELECT pg_advisory_unlock(%s)", [actions.sql.lock_number(actions.SEQUENCER_LOCK)])
    assert actions.sequence() == 9
    assert list(Entry.objects.order_by("leaf_index").values_list("entry_id", flat=True)) == first + second
    assert (Head.objects.count(), Node.objects.filter(level=0).count(), Pending.objects.count()) == (2, 12, 0)
    assert queries.verify().ok
