"""A really served sample city and a browser: one city a run, one server and one browser a worker."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "groundplan_browser"
HOUR = 11
SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
LANGUAGES = ("zh-hans", "en")


def chromium() -> str:
    """The browser of the machine; without one these tests are skipped, or fail where the run requires it."""
    found = os.environ.get("GROUNDPLAN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    if os.environ.get("GROUNDPLAN_REQUIRE_BROWSER"):
        pytest.fail("no Chromium on this machine, and this run requires one: apt-get install chromium")
    pytest.skip("no Chromium on this machine: apt-get install chromium")


@dataclass(frozen=True)
class Town:
    """A served city."""

    address: str
    samples: dict[str, str]


@pytest.fixture(scope="session")
def city_samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build the city once for all workers; the first that asks builds it."""
    chromium()
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if os.environ.get("PYTEST_XDIST_WORKER") else shared
    with (shared / "city.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = shared / "city.json"
        if not answer.exists():
            answer.write_text(build(), encoding="utf-8")
        return json.loads(answer.read_text(encoding="utf-8"))


def build() -> str:
    """Make the database and build the city in it; the samples as JSON."""
    import psycopg

    with psycopg.connect(server_url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {os.environ['GROUNDPLAN_TEST_TEMPLATE']}")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "browser" / "build_city.py"), str(HOUR)],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"the sample city could not be built:\n{done.stderr[-4000:]}")
    return done.stdout


def server_url(database: str) -> str:
    """The test server's address of a database."""
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + database


def environment(now: str = "") -> dict[str, str]:
    """Of the processes that serve the city; with a moment, their clock stands there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUNDPLAN_TEST", "PYTEST"))}
    kept |= {"DATABASE_URL": server_url(DATABASE), "GROUNDPLAN_MODE": "demo", "PYTHONPATH": str(ROOT / "src")}
    kept["GROUNDPLAN_CITY"] = "兰汀市|Lanting"
    if now:
        kept["GROUNDPLAN_CLOCK"] = f"{now}|2026-01-01T00:00:00+00:00|0"
    return kept


@pytest.fixture(scope="session")
def town(city_samples: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A server of this worker's own."""
    from groundplan.cli.postgres import free_port

    port = free_port()
    log = (tmp_path_factory.mktemp("server") / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "groundplan.config.asgi:application", "--port", str(port),
         "--log-level", "warning", "--timeout-graceful-shutdown", "2"],
        env=environment(city_samples["now"]), stdout=log, stderr=log,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address + "/healthz", timeout=5).close()
            break
        except (OSError, urllib.error.URLError):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the server does not answer:\n{Path(log.name).read_text()[-4000:]}")
            time.sleep(0.1)
    yield Town(address, city_samples)
    process.terminate()
    process.wait(20)
    log.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser a worker."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium())
        yield opened
        opened.close()


class Visitor:
    """Opens pages as somebody, in a language, at a size; remembers what the browser complains about."""

    def __init__(self, browser: Any, town: Town) -> None:
        self.browser = browser
        self.town = town
        self.states: dict[str, Any] = {}
        self.complaints: list[str] = []
        self.contexts: list[Any] = []

    def page(self, user: str = "", language: str = "zh-hans", size: str = "wide", **options: Any) -> Any:
        """A page of a new context with the session of the user."""
        state = self.states.get(user) or self.sign_in(user)
        cookie = {"name": "language", "value": language, "url": self.town.address}
        context = self.browser.new_context(
            viewport=SIZES[size], storage_state=state, base_url=self.town.address, reduced_motion="reduce",
            locale="zh-CN" if language == "zh-hans" else "en-GB", timezone_id="Asia/Shanghai", **options,
        )  # fmt: skip
        context.add_cookies([cookie])
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def hear(self, kind: str, text: str) -> None:
        """Keep what matters: violated policies and errors of scripts; refused pages are asked for on purpose."""
        if "Content Security Policy" in text or (kind == "error" and "Failed to load resource" not in text):
            self.complaints.append(text)

    def sign_in(self, user: str) -> Any:
        """The session of a user, signed in once through the form."""
        context = self.browser.new_context(base_url=self.town.address)
        if user:
            from groundplan.demo.units import PASSWORD

            page = context.new_page()
            page.goto("/sign-in")
            page.fill("input[name=username]", user)
            page.fill("input[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(lambda url: "/sign-in" not in url)
        self.states[user] = context.storage_state()
        context.close()
        return self.states[user]

    def close(self) -> None:
        """Close what was opened."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


@pytest.fixture(scope="session")
def signed_in_states() -> dict[str, Any]:
    return {}


@pytest.fixture
def visitor(browser: Any, town: Town, signed_in_states: dict[str, Any]) -> Iterator[Visitor]:
    """Somebody with a browser."""
    made = Visitor(browser, town)
    made.states = signed_in_states
    yield made
    made.close()


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where pictures go, if they are wanted."""
    folder = request.config.getoption("--pictures")
    return Path(folder) if folder else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is here needs a browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
