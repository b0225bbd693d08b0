"""An upgrade from an earlier schema that holds a city: whole, killed half way again and again, never backwards."""

import gzip
import json
import shutil
import time
from pathlib import Path

import psycopg
import pytest

from groundplan import __version__
from groundplan.cli.postgres.cluster import APP, OWNER

EARLIER = Path(__file__).with_name("earlier")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("upgrade")]
# What `groundplan up` does before it serves.
START = "from groundplan.cli import context, up; context.setup_django(); up.load_shipped()"
APPLIED = "SELECT app, name FROM django_migrations"
RULES = "SELECT r.key, v.version, v.state FROM rules_version v JOIN rules_table r ON r.id = v.rule_id ORDER BY 1, 2"
IN_FORCE = (
    "SELECT r.key, v.version FROM rules_version v JOIN rules_table r ON r.id = v.rule_id WHERE v.state = 'in_force'"
)


@pytest.fixture
def earlier(installations, request):
    """An installation as the earlier version left it."""
    made = installations(f"earlier_{abs(hash(request.node.name)) % 10_000}")
    shutil.copytree(EARLIER / "state", made.state, dirs_exist_ok=True)
    with psycopg.connect(made.url(OWNER), autocommit=True) as connection:
        connection.execute(gzip.decompress((EARLIER / "city.sql.gz").read_bytes()).decode())
    return made


def told():
    return json.loads((EARLIER / "city.json").read_text(encoding="utf-8"))


def test_a_city_of_an_earlier_schema_is_upgraded_and_loses_nothing(earlier):
    before, rules, in_force = earlier.rows(APPLIED), earlier.rows(RULES), earlier.rows(IN_FORCE)
    done = earlier.run(APP, "-c", START)
    assert done.returncode == 0, done.stderr
    assert len(earlier.rows(APPLIED)) > len(before)

    now = earlier.work("tell")
    expected = told()
    for part in ("party", "case", "steps", "file"):
        assert now[part] == expected[part]
    # The log holds, and still begins with what the earlier version wrote.
    assert now["log"][0] is True
    assert now["log"][1] >= expected["log"][1]
    # What was in force is in force, the city's own edit with it; new texts wait as drafts, named at the start.
    assert set(in_force) <= set(earlier.rows(IN_FORCE))
    edited = [version for key, version, state in rules if key == "hotline-limits"]
    assert edited == [1, 2]
    kept = {(key, version): state for key, version, state in earlier.rows(RULES)}
    assert all(kept[key, version] == state for key, version, state in rules)
    known = {key for key, _, _ in rules}
    added = [(key, state) for key, _, state in set(earlier.rows(RULES)) - set(rules) if key in known]
    assert {state for _, state in added} <= {"draft"}
    assert all(f"a new text of {key}" in done.stderr for key, _ in added)
    earlier.work("more")


def test_an_upgrade_that_is_killed_at_any_point_goes_on_at_the_next_start(earlier):
    begun = len(earlier.rows(APPLIED))
    reached = []
    for more in (1, 3, 5):
        process = earlier.start(OWNER, "-m", "django", "migrate", "--verbosity=0")
        end = time.monotonic() + 90
        while len(earlier.rows(APPLIED)) < begun + more and process.poll() is None:
            assert time.monotonic() < end, "the migration does not go on"
            time.sleep(0.003)
        process.kill()
        process.communicate()
        reached.append(len(earlier.rows(APPLIED)))
    refused = earlier.run(APP, "-m", "groundplan.cli", "status", "--json")
    done = earlier.run(APP, "-c", START)
    assert done.returncode == 0, done.stderr
    complete = len(earlier.rows(APPLIED))
    assert begun < reached[0] < complete, "no migration was cut off"
    assert reached == sorted(reached)
    if reached[-1] < complete:
        assert "start it once with groundplan up" in refused.stderr
    assert earlier.work("tell")["case"] == told()["case"]
    status = json.loads(earlier.run(APP, "-m", "groundplan.cli", "status", "--json").stdout)
    assert status["schema"] == status["version"] == __version__


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("COMMENT ON TABLE django_migrations IS '{\"version\": \"99.1.0\"}'", "version 99.1.0"),
        ("INSERT INTO django_migrations (app, name, applied) VALUES ('cases', '9999_x', now())", "cases.9999_x"),
    ],
    ids=["by its stamp", "by a migration that this version does not have"],
)  # fmt: skip
def test_a_database_that_a_newer_version_used_is_refused_untouched(earlier, statement, named):
    earlier.rows(statement)
    before = earlier.rows(APPLIED)
    for words in (("up", "--port", "0"), ("status",), ("backup", str(earlier.state / "city.backup"))):
        done = earlier.run(APP, "-m", "groundplan.cli", *words)
        assert done.returncode == 1
        assert "The database was last used by" in done.stderr
        assert named in done.stderr
        assert "Traceback" not in done.stderr
    assert earlier.rows(APPLIED) == before
    assert not (earlier.state / "city.backup").exists()
