"""The embedded PostgreSQL: joined, killed, refused, and its roles."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from groundplan.cli.postgres import DatabaseFailed, discard, guardian, hold
from groundplan.cli.postgres.external import check_server
from groundplan.cli.postgres.locks import is_held

HOLDER = """
import sys, time
from pathlib import Path
from groundplan.cli.postgres import hold
held = hold(Path(sys.argv[1]))
print(held.app_url, held.owner_url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state():
    # Not pytest's folder: it is closed to the user that runs PostgreSQL.
    folder = Path(tempfile.mkdtemp(prefix="groundplan-state-"))
    folder.chmod(0o755)
    yield folder
    wait_until(lambda: not is_held(folder / "postgres" / "guardian.lock"), 20)
    shutil.rmtree(folder)


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


class Holder:
    """Another process that holds the server."""

    def __init__(self, state, *, wait=True):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(guardian.__file__).parents[3])},
        )
        if wait:
            self.read()

    def read(self):
        self.app_url, self.owner_url = self.process.stdout.readline().split()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def running(state):
    return json.loads((state / "postgres" / "running.json").read_text())


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def write_row(url, value):
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def rows(url):
    with psycopg.connect(url) as connection:
        return sorted(row[0] for row in connection.execute("SELECT value FROM kept"))


def test_it_stops_within_ten_seconds_of_its_last_holder_even_if_that_was_killed(state):
    with Holder(state) as first, Holder(state) as second:
        postmaster = running(state)["postmaster"]
        kill(first.process.pid)
        time.sleep(4)
        with psycopg.connect(second.app_url):
            pass
        kill(second.process.pid)
        killed = time.monotonic()
        wait_until(lambda: not Path(f"/proc/{postmaster}").exists(), 10)
    assert time.monotonic() - killed < 10
    assert not (state / "postgres" / "data" / "postmaster.pid").exists()


def test_two_first_starts_at_once_share_one_server(state):
    with Holder(state, wait=False) as first, Holder(state, wait=False) as second:
        first.read()
        second.read()
        assert first.app_url == second.app_url
        write_row(first.owner_url, 1)
        assert rows(second.owner_url) == [1]


@pytest.mark.parametrize("victims", [("holder",), ("postmaster",), ("guardian",), ("holder", "guardian", "postmaster")])
def test_nothing_committed_is_lost_to_kill_9(state, victims):
    with Holder(state) as holder:
        write_row(holder.owner_url, 7)
        pids = {**running(state), "holder": holder.process.pid}
        # A transaction that hangs in the middle: its backend outlives the postmaster for a moment.
        open_end = psycopg.connect(holder.owner_url)
        open_end.execute("INSERT INTO kept VALUES (8)")
        for victim in victims:
            kill(pids[victim])
        with Holder(state) as next_holder:
            write_row(next_holder.owner_url, 9)
            assert rows(next_holder.owner_url) == [7, 9]
        open_end.close()


def test_a_killed_postmaster_comes_back_on_its_port_while_it_is_held(state):
    with Holder(state) as holder:
        write_row(holder.owner_url, 1)
        kill(running(state)["postmaster"])

        def answers():
            try:
                return rows(holder.owner_url) == [1]
            except psycopg.OperationalError:
                return False

        wait_until(answers, 10)


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(state):
    with Holder(state):
        pass
    wait_until(lambda: not is_held(state / "postgres" / "guardian.lock"), 15)
    data = (state / "postgres" / "data").resolve()
    stranger = subprocess.Popen(["sleep", "60"], **guardian.unprivileged())
    try:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1\n5432\n\n127.0.0.1\n0 0\nready\n")
        with Holder(state) as holder:
            write_row(holder.owner_url, 1)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_the_role_of_the_application_owns_nothing(state):
    with Holder(state) as holder:
        with psycopg.connect(holder.owner_url) as owner:
            owner.execute("CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY, text text)")
            owner.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
            owner.execute("CREATE TRIGGER guard BEFORE DELETE ON log EXECUTE FUNCTION refuse()")
        with psycopg.connect(holder.app_url, autocommit=True) as app:
            app.execute("INSERT INTO log (text) VALUES ('行')")
            assert app.execute("SELECT text FROM log").fetchall() == [("行",)]
            refused = [
                "ALTER TABLE log ADD COLUMN more int",
                "DROP TABLE log",
                "TRUNCATE log",
                "ALTER TABLE log DISABLE TRIGGER ALL",
                "DROP TRIGGER guard ON log",
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "SET session_replication_role = replica",
                "CREATE TABLE mine (id int)",
                "SET ROLE groundplan_owner",
                "ALTER ROLE groundplan_app SUPERUSER",
                "COPY log TO PROGRAM 'cat'",
            ]
            for statement in refused:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(statement)


def test_passwords_are_random_and_readable_by_their_user_alone(state):
    with Holder(state) as holder:
        keys = state / "keys"
        assert keys.stat().st_mode & 0o777 == 0o700
        assert (keys / "postgres.json").stat().st_mode & 0o777 == 0o600
        password = json.loads((keys / "postgres.json").read_text())["app"]
        assert len(password) >= 32
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(holder.app_url.replace(quote(password), "wrong"))


def test_a_discarded_state_leaves_nothing_behind():
    closed = Path(tempfile.mkdtemp(prefix="groundplan-state-"))  # Closed to the user nobody, as root's home is.
    held = hold(closed)
    data = (closed / "postgres" / "data").resolve()
    assert (data / "PG_VERSION").exists()
    held.release()
    discard(closed)
    assert not closed.exists()
    assert not data.exists()


def test_a_data_folder_of_another_major_version_is_refused_with_the_commands(state):
    with Holder(state):
        pass
    wait_until(lambda: not is_held(state / "postgres" / "guardian.lock"), 15)
    (state / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseFailed) as refused:
        hold(state)
    assert "made by PostgreSQL 16" in str(refused.value)
    assert "database dump" in str(refused.value)
    assert "database restore" in str(refused.value)


def test_a_taken_port_is_named_with_the_next_step(state, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("GROUNDPLAN_PG_PORT", str(other.getsockname()[1]))
        with pytest.raises(DatabaseFailed, match=r"taken by another program.*GROUNDPLAN_PG_PORT"):
            hold(state)


def test_a_full_disk_is_named_with_the_next_step(state):
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    small = state / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", small], check=False).returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        with pytest.raises(DatabaseFailed, match=r"disk is full.*Free some space"):
            hold(small)
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.fixture
def made_database(request, django_db_setup):
    """The address of a database made with given options on the server of the test run."""
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS strange")
        connection.execute(f"CREATE DATABASE strange TEMPLATE template0 {request.param}")
        yield address.rsplit("/", 1)[0] + "/strange"
        connection.execute("DROP DATABASE strange WITH (FORCE)")


@pytest.mark.parametrize(
    ("made_database", "reason"),
    [
        ("ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'", "stores text as SQL_ASCII.*ENCODING 'UTF8'"),
        ("ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'", "does not know Chinese characters.*C.UTF-8"),
    ],
    indirect=["made_database"],
)
@pytest.mark.xdist_group("strange")
def test_a_server_that_cannot_read_chinese_is_refused_with_the_remedy(made_database, reason):
    with pytest.raises(DatabaseFailed, match=reason):
        check_server(made_database)


def test_a_good_server_passes(django_db_setup):
    check_server(os.environ["DATABASE_URL"])


def test_a_server_that_does_not_answer_is_named():
    with pytest.raises(DatabaseFailed, match="does not answer"):
        check_server("postgresql://nobody:x@127.0.0.1:1/none")
