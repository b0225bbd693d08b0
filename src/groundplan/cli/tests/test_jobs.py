"""Periodic jobs in real worker processes: at their times, and once each although there are two workers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from groundplan.cli.postgres.locks import is_held
from groundplan.cli.tests.test_server import Installation, environment, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server"), pytest.mark.timeout(400)]
TASKS = ("groundplan.kernel.cases.jobs.escalate_overdue", "groundplan.kernel.cases.jobs.carry_on_migrations")
SOON_S = 20
# Jobs that succeed are deleted, so a trigger writes down what begins.
WATCH = """
    CREATE TABLE watched (task text, due bigint, at float8);
    CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO watched
        VALUES (NEW.task_name, (NEW.args->>'timestamp')::bigint, extract(epoch FROM clock_timestamp()));
        RETURN NEW;
    END $$;
    CREATE TRIGGER watch AFTER UPDATE OF status ON procrastinate_jobs
        FOR EACH ROW WHEN (NEW.status = 'doing') EXECUTE FUNCTION watch();
"""


def address(state, role):
    passwords = json.loads((state / "keys" / "postgres.json").read_text())
    port = json.loads((state / "postgres" / "running.json").read_text())["port"]
    return f"postgresql://groundplan_{role}:{passwords[role]}@127.0.0.1:{port}/groundplan"


@pytest.fixture
def installation():
    state = Path(tempfile.mkdtemp(prefix="groundplan-jobs-"))
    state.chmod(0o755)
    made = Installation(state)
    more = environment(state, DATABASE_URL=address(state, "app"))
    second = subprocess.Popen([sys.executable, "-m", "groundplan.cli.worker"], env=more, stdout=subprocess.DEVNULL)
    yield made
    second.terminate()
    assert second.wait(60) == 0
    assert made.stop() == 0
    wait_until(lambda: not is_held(state / "postgres" / "guardian.lock"), 30)
    shutil.rmtree(state)


def test_two_workers_run_what_is_due_at_its_time_and_once(installation):
    with psycopg.connect(address(installation.state, "owner"), autocommit=True) as owner:
        alive = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'"
        wait_until(lambda: owner.execute(alive).fetchone() == (2,), 60)
        owner.execute(WATCH)
        first = (int(time.time()) // 60 + 1) * 60
        minutes = (first, first + 60)
        time.sleep(max(minutes[-1] + SOON_S - time.time(), 0))
        rows = owner.execute("SELECT task, due, at FROM watched WHERE due = ANY(%s)", [list(minutes)]).fetchall()
        waiting = owner.execute("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'failed')").fetchone()
    begun = Counter((task, due) for task, due, _at in rows)
    assert {key: begun[key] for key in begun if key[0] in TASKS} == {
        (task, due): 1 for task in TASKS for due in minutes
    }
    assert set(begun.values()) == {1}
    assert all(0 <= at - due < SOON_S for _task, due, at in rows)
    assert waiting == (0,)
