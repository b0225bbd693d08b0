"""kill -9 between each pair of phases: afterwards a load has happened whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from groundplan.base.lake import actions
from groundplan.base.lake.engine import places
from groundplan.base.lake.errors import DiskFull
from groundplan.base.lake.models import LakeRun, LakeTable
from groundplan.base.lake.tests.factories import load, rows
from groundplan.kernel.ledger.models import Pending

CHILD = """
import os, signal, sys
from pathlib import Path
import django
django.setup()
from django.db import connections
from groundplan.base.lake import actions
from groundplan.base.lake.actions import _phases, loads
from groundplan.base.lake.engine import tables
from groundplan.kernel.parties.queries import SYSTEM

def die(*_arguments, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

WHERE = {
    "after-intent": (loads, "_write"), "before-commit": (tables, "commit"), "before-completion": (_phases, "complete"),
}
file = Path(sys.argv[1])
for name, (module, function) in WHERE.items():
    connections.close_all()
    child = os.fork()
    if not child:
        setattr(module, function, die)
        actions.load_files(actor=SYSTEM, resource=name, files=[file])
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (name, status)
"""


def beside(program, file):
    """Run a program in another process on the test's own database."""
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(Path(actions.__file__).parents[4])}
    return subprocess.run(
        [sys.executable, "-c", program, str(file)], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_load_that_is_killed_has_happened_whole_or_not_at_all(fresh_database, tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("代码,数\n" + "".join(f"K{i},{i}\n" for i in range(50)) + "Kx,x\n")
    done = beside(CHILD, file)
    assert done.returncode == 0, done.stderr
    assert set(LakeRun.objects.values_list("state", flat=True)) == {"running"}
    assert actions.reconcile_runs() == 3
    states = dict(LakeRun.objects.values_list("table__identifier", "state"))
    assert states == {"after-intent": "failed", "before-commit": "failed", "before-completion": "done"}
    came_through = LakeRun.objects.get(state="done")
    assert (came_through.rows_read, came_through.stored, came_through.quarantined) == (51, 50, 1)
    assert came_through.reconciled
    assert len(rows("before-completion")) == 50
    assert Pending.objects.filter(action="lake.load").count() == 1
    for name in ("after-intent", "before-commit"):
        table = LakeTable.objects.get(identifier=name)
        assert list(places.data_of(table.public_id).glob("*.parquet")) == []
        again = load(tmp_path, file.read_bytes(), resource=name)
        assert (again.stored, len(rows(name))) == (50, 50)
    assert load(tmp_path, file.read_bytes(), resource="before-completion").pk == came_through.pk
    assert actions.reconcile_runs() == 0


def test_an_intent_whose_process_lives_is_left_alone(fresh_database, tmp_path):
    from groundplan.lib import sql  # noqa: PLC0415

    run = load(tmp_path, "代码,数\nA,1\n")
    open_run = LakeRun.objects.create(table=run.table, begun_by="system")
    with sql.held(f"lake:{run.table_id}"):
        assert actions.reconcile_runs() == 0
    assert actions.reconcile_runs() == 1
    open_run.refresh_from_db()
    assert (open_run.state, open_run.fault["code"]) == ("failed", "interrupted")


FULL = """
import resource, signal, sys
from pathlib import Path
import django
django.setup()
from groundplan.base.lake import actions
from groundplan.base.lake.errors import DiskFull
from groundplan.kernel.parties.queries import SYSTEM
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    actions.load_files(actor=SYSTEM, resource="full", files=[Path(sys.argv[1])])
except DiskFull as error:
    print(error.code)
"""


@pytest.mark.slow
def test_a_disk_that_fills_in_the_middle_stores_nothing_and_says_so(fresh_database, tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("编号,说明\n" + "".join(f"A{i},{i * 7919 % 1_000_003}-{i * 104729}\n" for i in range(60_000)))
    done = beside(FULL, file)
    assert done.stdout.strip() == DiskFull.code, done.stderr[-2000:]
    run = LakeRun.objects.get()
    assert (run.state, run.fault["code"], run.stored) == ("failed", "lake-disk-full", 0)
    assert list(places.data_of(LakeTable.objects.get().public_id).glob("*.parquet")) == []
