"""Installations on the server of the test run, made with the statements that docs/operations.md gives."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from groundplan.cli.postgres.cluster import APP, OWNER
from groundplan.cli.postgres.programs import binaries, major_version

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "lantern-7-harbour"


def documented():
    """The statements for another PostgreSQL: those for the server, and those for the database."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    block = re.search(r"```sql\n(.*?)```", text, re.DOTALL)[1].replace("…", PASSWORD)
    server, inside = block.split("\\c groundplan\n")
    return [[line for line in part.splitlines() if line] for part in (server, inside)]


@dataclass(frozen=True)
class Installation:
    """A database with its two roles, and a state folder."""

    name: str
    state: Path

    def url(self, role):
        """The address of the database for a role."""
        parts = urlsplit(os.environ["DATABASE_URL"])
        return f"postgresql://{role}:{PASSWORD}@{parts.hostname}:{parts.port}/{self.name}"

    def environment(self, role):
        """What a process needs to work on it as a role."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("GROUNDPLAN_")}
        return {
            **kept, "GROUNDPLAN_MODE": "test", "GROUNDPLAN_STATE": str(self.state), "DATABASE_URL": self.url(role),
            "GROUNDPLAN_OWNER_DATABASE_URL": self.url(OWNER), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "DJANGO_SETTINGS_MODULE": "groundplan.config.settings", "PYTHONIOENCODING": "utf-8",
        }  # fmt: skip

    def start(self, role, *words):
        """Start Python with these words, on this database, as a role."""
        return subprocess.Popen(
            [sys.executable, *words], env=self.environment(role), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=self.state,
        )  # fmt: skip

    def run(self, role, *words):
        """The same, waited for: status and what was said."""
        process = self.start(role, *words)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def migrate(self, *words):
        """Apply the migrations as the owner of the schema."""
        return self.run(OWNER, "-m", "django", "migrate", *words)

    def work(self, what):
        """Do or tell something as the application."""
        done = self.run(APP, str(Path(__file__).with_name("city_work.py")), what)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def rows(self, statement, role=OWNER):
        """What a statement answers."""
        with psycopg.connect(self.url(role), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def program(self, name, *arguments):
        """Run a program of PostgreSQL, of the server's version, as the owner."""
        with psycopg.connect(self.url(OWNER)) as connection:
            major = connection.info.server_version // 10000
        folder = binaries()
        if major_version(folder) != major:
            folder = Path(f"/usr/lib/postgresql/{major}/bin")
        done = subprocess.run(
            [folder / name, f"--dbname={self.url(OWNER)}", *arguments], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def installations(tmp_path_factory):
    """Makes empty installations by name, and removes them with their roles at the end."""
    for_server, inside = documented()
    made = []

    def remove(admin):
        for name in made:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        for role in (APP, OWNER):
            admin.execute(f"DROP ROLE IF EXISTS {role}")

    def make(name, state=None):
        database = f"groundplan_upgrade_{name}"
        made.append(database)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
            present = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles")}
            admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            for statement in for_server:
                if not any(statement.startswith(f"CREATE ROLE {role} ") for role in present):
                    admin.execute(statement.replace("DATABASE groundplan ", f"DATABASE {database} "))
        with psycopg.connect(os.environ["DATABASE_URL"], dbname=database, autocommit=True) as admin:
            for statement in inside:
                admin.execute(statement)
        return Installation(database, state or tmp_path_factory.mktemp(name))

    yield make
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        remove(admin)


@pytest.fixture(scope="session")
def migrated(installations):
    """An installation that the migrations have filled from nothing."""
    made = installations("whole")
    done = made.migrate("--verbosity=0")
    assert done.returncode == 0, done.stderr
    return made
