"""Tests run on a throw-away embedded PostgreSQL: one server a run, one migrated template, one clone a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# A machine under load is no reason to fail; each example still has the whole test's time limit above it.
hypothesis.settings.register_profile("groundplan", deadline=None)
hypothesis.settings.load_profile("groundplan")
os.environ["GROUNDPLAN_MODE"] = "test"
# Not in pyproject.toml: Django must read its settings after the server below has an address.
os.environ["DJANGO_SETTINGS_MODULE"] = "groundplan.config.settings"
os.environ.setdefault("GROUNDPLAN_STATE", str(Path(tempfile.gettempdir()) / f"groundplan-test-{os.getuid()}"))
ROOT = Path(__file__).parent
TEMPLATE = "groundplan_template"
_server: Any = None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The pictures of the documentation come from the visits of the browser tests."""
    parser.addoption("--pictures", default="", metavar="DIR", help="save a picture of every page visited")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server and migrate the template, once, in the controlling process."""
    if not (os.environ.get("GROUNDPLAN_TEST_TEMPLATE") or config.option.help or config.option.version):
        start_server()
    (Path(os.environ["GROUNDPLAN_STATE"]) / "static").mkdir(parents=True, exist_ok=True)
    import django

    django.setup()


def start_server() -> None:
    """Start a server, unless one is given by GROUNDPLAN_TEST_DATABASE_URL, and make the template database."""
    from groundplan.cli import postgres

    global _server
    given = os.environ.get("GROUNDPLAN_TEST_DATABASE_URL")
    if given:
        url = given
    else:
        folder = Path(tempfile.mkdtemp(prefix="groundplan-pg-"))
        folder.chmod(0o755)
        server, process = postgres.start_throwaway(folder)
        _server = (folder, process)
        url = server.url("postgres")
    os.environ["DATABASE_URL"] = url
    os.environ["GROUNDPLAN_TEST_TEMPLATE"] = TEMPLATE
    make_template(url)


def make_template(url: str) -> None:
    """Create and migrate the template database."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
        # From version 17 on the server brings its own locale; before, the operating system's serves.
        builtin = connection.info.server_version >= 170_000  # noqa: PLR2004
        locale = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" if builtin else "LOCALE 'C.UTF-8'"
        connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8' {locale}")
    environment = {**os.environ, "DATABASE_URL": url.rsplit("/", 1)[0] + "/" + TEMPLATE}
    environment["PYTHONPATH"] = str(ROOT / "src")
    environment["DJANGO_SETTINGS_MODULE"] = "groundplan.config.settings"
    done = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity=0"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.exit(f"the template database could not be migrated:\n{done.stdout}{done.stderr}", returncode=3)


def pytest_unconfigure() -> None:
    """Stop the server and remove its folder."""
    global _server
    if _server:
        folder, process = _server
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        subprocess.run(["rm", "-rf", str(folder)], check=False)
        _server = None


@contextmanager
def cloned_database(kind: str) -> Iterator[None]:
    """A newly cloned database in the place of the usual one, removed at the end."""
    import psycopg
    from django.db import connection, connections

    own, before = f"groundplan_{kind}_{os.getpid()}", connection.settings_dict["NAME"]

    def remove(admin: psycopg.Connection[Any]) -> None:
        admin.execute(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')

    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True) as admin:
        connections.close_all()
        remove(admin)
        admin.execute(f'CREATE DATABASE "{own}" TEMPLATE {TEMPLATE}')
        connection.settings_dict["NAME"] = own
        try:
            yield
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before
            remove(admin)


@pytest.fixture
def fresh_database(django_db_blocker: Any) -> Iterator[None]:
    """A test that commits, or uses several connections: it gets a newly cloned database of its own.

    Use this instead of ``transaction=True``: flushing is refused by the triggers that guard the log. It needs no test
    with ``db`` beside it: pytest-django makes its database only for those.
    """
    with django_db_blocker.unblock(), cloned_database("fresh"):
        yield


@pytest.fixture(scope="module")
def database_of_the_module(django_db_blocker: Any) -> Iterator[None]:
    """One cloned database for all tests of a module that look at the same rows; no test with ``db`` stands beside."""
    with django_db_blocker.unblock(), cloned_database("module"):
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real data sets; CI requires it, elsewhere the test is skipped with the reason."""
    folder = Path(os.environ.get("GROUNDPLAN_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        if os.environ.get("GROUNDPLAN_REQUIRE_DATA"):
            pytest.fail(f"GROUNDPLAN_DATA: {folder} is not a folder, and this run requires it")
        pytest.skip(f"the real data sets are absent: {folder} (set GROUNDPLAN_DATA)")
    return folder


@pytest.fixture(autouse=True)
def language_of_the_city() -> None:
    """Each test begins in the city's language; a page in English leaves its thread speaking English."""
    from django.conf import settings
    from django.utils import translation

    translation.activate(settings.LANGUAGE_CODE)
