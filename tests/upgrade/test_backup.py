"""A backup of a city that goes on working: whole, of one moment, and restored only where nothing is."""

import json
import re
from pathlib import Path

import pytest

from groundplan.cli.postgres.cluster import APP

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("upgrade")]
UNITS = "SELECT code FROM parties_party WHERE code LIKE 'unit-%'"
WRITTEN = "SELECT 'party:' || public_id FROM parties_party WHERE code LIKE 'unit-%'"
EVERY = "SELECT 'party:' || public_id FROM parties_party"
RECORDS = """
SELECT subject FROM ledger_entry WHERE action = 'parties.create_party'
UNION ALL SELECT subject FROM ledger_pending WHERE action = 'parties.create_party'
"""


def groundplan(installation, *words):
    return installation.run(APP, "-m", "groundplan.cli", *words)


@pytest.fixture(scope="module")
def city(installations):
    """An installation with a case, its records and a file."""
    made = installations("kept")
    done = made.migrate("--verbosity=0")
    assert done.returncode == 0, done.stderr
    made.work("write")
    return made


@pytest.fixture(scope="module")
def kept(city, tmp_path_factory):
    """A backup of the city."""
    file = tmp_path_factory.mktemp("backups") / "city.backup"
    done = groundplan(city, "backup", str(file), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["files"] == 1
    assert told["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file], "something was left beside the backup"
    return file


def test_a_restored_city_is_the_same_and_its_log_goes_on(city, kept, installations):
    other = installations("anew")
    done = groundplan(other, "restore", str(kept), "--json")
    assert done.returncode == 0, done.stderr
    assert other.work("tell") == city.work("tell")
    told = json.loads(done.stdout)
    assert told["ok"] is True
    other.work("more")
    verified = json.loads(groundplan(other, "ledger", "verify", "--json").stdout)
    assert (verified["ok"], verified["size"]) == (True, told["size"] + 1)
    for name in ("crypto.json", "secret-key"):
        if (city.state / "keys" / name).exists():
            assert (other.state / "keys" / name).read_bytes() == (city.state / "keys" / name).read_bytes()

    again = groundplan(other, "restore", str(kept))
    assert again.returncode == 1
    assert "holds tables already" in again.stderr


def test_a_backup_while_records_are_written_is_of_one_moment(city, installations, tmp_path):
    writer = city.start(APP, str(Path(__file__).with_name("city_work.py")), "keep-on")
    try:
        assert int(writer.stdout.readline()) == 1
        begun = len(city.rows(UNITS))
        done = groundplan(city, "backup", str(tmp_path / "busy.backup"), "--json")
        ended = len(city.rows(UNITS))
    finally:
        writer.kill()
        writer.communicate()
    assert done.returncode == 0, done.stderr
    head = json.loads(done.stdout)["log"]
    other = installations("busy")
    restored = groundplan(other, "restore", str(tmp_path / "busy.backup"), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["size"] == head["size"]
    found = other.rows(UNITS)
    assert begun <= len(found) < ended, "nothing was written meanwhile"
    # Each unit with its record, each record with its unit.
    recorded = set(other.rows(RECORDS))
    assert set(other.rows(WRITTEN)) <= recorded <= set(other.rows(EVERY))


def flipped(raw):
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda raw: raw[: len(raw) // 2], "no whole backup"),
        (
            lambda raw: raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :],
            "no whole backup|missing or changed",
        ),
        (lambda _raw: b"no backup at all", "no whole backup"),
        (lambda _raw: b"", "no whole backup"),
    ],
    ids=["cut off", "one bit flipped", "another file", "empty"],
)
def test_a_damaged_backup_is_refused_and_nothing_is_left(kept, installations, tmp_path, spoil, reason):
    file = tmp_path / "spoiled.backup"
    file.write_bytes(spoil(kept.read_bytes()))
    other = installations("refused")
    done = groundplan(other, "restore", str(file))
    assert done.returncode == 1
    assert re.search(reason, done.stderr), done.stderr
    assert other.rows("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    assert not (other.state / "files").exists()
    assert [path.name for path in other.state.iterdir() if path.name.startswith("restoring")] == []


def test_a_city_without_any_record_is_kept_and_restored(installations, tmp_path):
    made, other = installations("young"), installations("young_again")
    assert made.migrate("--verbosity=0").returncode == 0
    file = tmp_path / "young.backup"
    assert groundplan(made, "backup", str(file)).returncode == 0
    done = groundplan(other, "restore", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["size"] == 0


def test_a_backup_that_cannot_be_written_leaves_nothing(city, tmp_path):
    done = groundplan(city, "backup", str(tmp_path / "absent" / "city.backup"))
    assert done.returncode == 1
    assert "is no folder" in done.stderr


def test_a_damaged_stored_file_is_named_and_no_backup_written(installations, tmp_path):
    made = installations("damaged")
    assert made.migrate("--verbosity=0").returncode == 0
    made.work("write")
    path = next(path for path in (made.state / "files").rglob("*") if path.is_file())
    path.chmod(0o600)
    path.write_bytes(b"something else")
    done = groundplan(made, "backup", str(tmp_path / "city.backup"))
    assert done.returncode == 1
    assert path.name in done.stderr
    assert list(tmp_path.iterdir()) == []
