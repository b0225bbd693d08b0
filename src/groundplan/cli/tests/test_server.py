"""A really started installation: processes, health, figures, logs, many browsers at once."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from groundplan.cli.postgres import guardian
from groundplan.cli.postgres.locks import is_held

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server"), pytest.mark.timeout(240)]
BROWSERS = 256
ADMINISTRATORS = {
    "GROUNDPLAN_SYSTEM_ADMIN": "li-wei:lantern-7-harbour",
    "GROUNDPLAN_SECURITY_ADMIN": "wang-fang:lantern-8-harbour",
    "GROUNDPLAN_AUDIT_ADMIN": "zhang-min:lantern-9-harbour",
}


def environment(state, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDPLAN_", "DATABASE_URL"))}
    return {**kept, "GROUNDPLAN_STATE": str(state), "PYTHONPATH": str(Path(guardian.__file__).parents[3]), **more}


def command(state, *words, **more):
    return subprocess.run(
        [sys.executable, "-m", "groundplan.cli", *words],
        env=environment(state, **more),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


class Installation:
    """``groundplan up`` in a state folder."""

    def __init__(self, state, *words, **more):
        self.state = state
        self.log = state / "out.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "groundplan.cli", "up", "--port", "0", *words],
                env=environment(state, **ADMINISTRATORS, **more),
                stdout=log,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                break
        else:
            pytest.fail("".join(said))
        self.wait_until_ready()

    def wait_until_ready(self, seconds=60):
        wait_until(lambda: self.get("readyz") == 200, seconds)

    def get(self, path):
        try:
            return httpx.get(self.address + path, timeout=30).status_code
        except httpx.HTTPError:
            return 0

    def children(self, name):
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_text()
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if name in words and parent == str(self.process.pid):
                found.append(int(entry.name))
        return found

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        return self.process.returncode


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def state():
    folder = Path(tempfile.mkdtemp(prefix="groundplan-up-"))
    folder.chmod(0o755)
    yield folder
    wait_until(lambda: not is_held(folder / "postgres" / "guardian.lock"), 30)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def installation(state):
    made = Installation(state, "--workers", "2")
    yield made
    assert made.stop() == 0
    assert made.children("groundplan.cli") == []


def test_it_says_that_it_lives_and_is_ready(installation):
    assert httpx.get(installation.address + "healthz").json() == {"status": "ok"}
    assert httpx.get(installation.address + "readyz").json() == {"database": True, "migrations": True, "worker": True}


def test_256_browsers_at_once_meet_no_error(installation):
    async def browse(paths):
        async with httpx.AsyncClient(base_url=installation.address, timeout=120, verify=False) as browser:
            return [(await browser.get(path)).status_code for path in paths]

    async def all_of_them():
        paths = ["/", "/sign-in", "/healthz", "/sign-in"]
        return await asyncio.gather(*(browse(paths) for _ in range(BROWSERS)))

    answers = asyncio.run(all_of_them())
    assert len(answers) == BROWSERS
    assert {status for statuses in answers for status in statuses} == {200}


def test_figures_are_for_this_machine_only(installation):
    assert httpx.get(installation.address).status_code == 200
    figures = httpx.get(installation.address + "metrics")
    assert re.search(r'groundplan_requests_total\{kind="pages",method="GET",status="200"\} [1-9]', figures.text)
    assert "groundplan_request_seconds_bucket" in figures.text
    through_proxy = httpx.get(installation.address + "metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert through_proxy.status_code == 404


def test_the_access_log_names_no_person(installation):
    sent = "cases/01890f7c-2aaa-7bbb-8ccc-000000000000?phone=13800001234&name=张三"
    httpx.get(installation.address + sent)
    wait_until(lambda: '"path": "/cases/*"' in installation.log.read_text(), 10)
    text = installation.log.read_text()
    assert "13800001234" not in text
    assert "张三" not in text
    assert "01890f7c" not in text
    assert not any(name.split(":")[0] in text for name in ADMINISTRATORS.values())
    line = json.loads(next(line for line in text.splitlines() if '"/cases/*"' in line))
    assert {"id", "method", "path", "status", "ms", "event", "level", "timestamp"} == set(line)


def test_every_answer_carries_the_id_of_its_log_line(installation):
    answer = httpx.get(installation.address)
    wait_until(lambda: answer.headers["x-request-id"] in installation.log.read_text(), 10)


def test_the_stream_of_events_is_open_to_anybody_and_says_so(installation):
    with httpx.stream("GET", installation.address + "streams/events", timeout=20) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert next(answer.iter_lines()).startswith("retry:")
    assert installation.get("streams/other") == 404


def test_killed_children_are_started_again(installation):
    [worker] = installation.children("groundplan.cli.worker")
    web = installation.children("groundplan.cli.web")
    assert len(web) == 2
    for pid in (worker, *web):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(installation.children("groundplan.cli.web")) == 2, 20)
    installation.wait_until_ready()
    assert not {worker, *web} & {*installation.children("groundplan.cli.web")}


def test_status_tells_the_figures(installation):
    done = command(installation.state, "status", "--json")
    found = json.loads(done.stdout)
    assert {"version", "database", "workers", "queue", "lag_s", "acknowledged", "stored"} <= set(found)
    assert found["workers"] >= 1
    assert found["acknowledged"] == found["stored"]


def test_a_taken_port_is_named(installation):
    port = installation.address.rsplit(":", 1)[1].strip("/")
    done = command(installation.state, "up", "--port", port)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr


def test_a_killed_guardian_is_replaced_and_pages_come_back(installation):
    running = json.loads((installation.state / "postgres" / "running.json").read_text())
    os.kill(running["guardian"], signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{running['postmaster']}").exists(), 10)
    installation.wait_until_ready()
    assert installation.get("sign-in") == 200
    # Whoever joined the server before finds it where it was.
    assert json.loads((installation.state / "postgres" / "running.json").read_text())["port"] == running["port"]


def test_after_kill_9_of_everything_the_next_start_has_every_committed_row(tmp_path_factory):
    folder = Path(tempfile.mkdtemp(prefix="groundplan-up-"))
    folder.chmod(0o755)
    first = Installation(folder)
    running = json.loads((folder / "postgres" / "running.json").read_text())
    children = first.children("groundplan.cli")
    for pid in (first.process.pid, *children, running["guardian"], running["postmaster"]):
        os.kill(pid, signal.SIGKILL)
    first.process.communicate()
    second = Installation(folder)
    try:
        passwords = json.loads((folder / "keys" / "postgres.json").read_text())
        port = json.loads((folder / "postgres" / "running.json").read_text())["port"]
        address = f"postgresql://groundplan_app:{passwords['app']}@127.0.0.1:{port}/groundplan"
        with psycopg.connect(address) as connection:
            [(count,)] = connection.execute("SELECT count(*) FROM parties_user").fetchall()
        assert count == 3
    finally:
        assert second.stop() == 0
        wait_until(lambda: not is_held(folder / "postgres" / "guardian.lock"), 30)
        shutil.rmtree(folder)


def test_the_first_start_wants_three_different_administrators():
    folder = Path(tempfile.mkdtemp(prefix="groundplan-up-"))
    folder.chmod(0o755)
    try:
        none = command(folder, "up", "--port", "0")
        assert none.returncode == 1
        assert "GROUNDPLAN_SYSTEM_ADMIN" in none.stderr
        same = command(folder, "up", "--port", "0", **dict.fromkeys(ADMINISTRATORS, "li-wei:lantern-7-harbour"))
        assert same.returncode == 1
        assert "three different people" in same.stderr
    finally:
        wait_until(lambda: not is_held(folder / "postgres" / "guardian.lock"), 30)
        shutil.rmtree(folder)
