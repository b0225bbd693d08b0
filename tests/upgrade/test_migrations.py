"""Migrations: from nothing, again, interrupted; what the application's role may; what survives a dump."""

import json
import time

import psycopg
import pytest

from groundplan.cli.postgres.cluster import APP, OWNER

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("upgrade")]
APPEND_ONLY = ("ledger_entry", "ledger_node", "ledger_head")
SCHEMA = """
SELECT table_name || '.' || column_name, data_type || ' ' || is_nullable
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT proname || '()', md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2
"""
APPLIED = "SELECT app, name FROM django_migrations ORDER BY app, name"
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


def applied(installation):
    """The migrations that are noted as applied; none before the first."""
    try:
        return installation.rows(APPLIED)
    except psycopg.errors.UndefinedTable:
        return []


def test_migrating_again_does_nothing(migrated):
    before = migrated.rows(SCHEMA), migrated.rows(APPLIED)
    done = migrated.migrate()
    assert done.returncode == 0, done.stderr
    assert "No migrations to apply" in done.stdout
    assert (migrated.rows(SCHEMA), migrated.rows(APPLIED)) == before
    assert len(before[1]) > 20


def test_a_killed_and_a_failed_migration_are_taken_up_again(migrated, installations):
    other = installations("interrupted")
    process = other.start(OWNER, "-m", "django", "migrate", "--verbosity=0")
    end = time.monotonic() + 60
    while len(applied(other)) < 5:
        assert time.monotonic() < end, "no migration was applied"
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -9
    some, everything = applied(other), migrated.rows(APPLIED)
    assert 5 <= len(some) < len(everything)

    # Something that stands in the way makes a statement of a later migration fail.
    other.rows("CREATE TABLE incidents_incident (id integer)")
    failed = other.migrate("--verbosity=0")
    assert failed.returncode != 0
    assert "incidents_incident" in failed.stderr
    assert ("incidents", "0001_initial") not in applied(other)
    assert ("incidents_category",) not in other.rows(TABLES), "a failed migration left half of itself"
    other.rows("DROP TABLE incidents_incident")

    done = other.migrate("--verbosity=0")
    assert done.returncode == 0, done.stderr
    assert applied(other) == everything
    assert other.rows(SCHEMA) == migrated.rows(SCHEMA)


def test_the_application_owns_nothing(migrated):
    owned = f"""
    SELECT relname FROM pg_class WHERE relowner = '{APP}'::regrole
    UNION ALL SELECT proname FROM pg_proc WHERE proowner = '{APP}'::regrole
    UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = '{APP}'::regrole
    UNION ALL SELECT typname FROM pg_type WHERE typowner = '{APP}'::regrole
    UNION ALL SELECT datname FROM pg_database WHERE datdba = '{APP}'::regrole
    """
    assert migrated.rows(owned) == []
    memberships = f"SELECT roleid FROM pg_auth_members WHERE member = '{APP}'::regrole"
    assert migrated.rows(memberships) == []


def test_the_application_may_read_and_write_rows_of_every_table(migrated):
    asked = ["SELECT", "INSERT", "UPDATE", "DELETE"]
    for (table,) in migrated.rows(TABLES):
        rights = ", ".join(f"has_table_privilege('{APP}', 'public.{table}', '{right}')" for right in asked)
        assert migrated.rows(f"SELECT {rights}") == [(True,) * 4], table
    lacking = f"""
    SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    AND NOT has_sequence_privilege('{APP}', format('public.%I', sequencename), 'USAGE')
    """
    assert migrated.rows(lacking) == []


@pytest.mark.parametrize(
    "statement",
    [
        *(f"TRUNCATE {table}" for table in (*APPEND_ONLY, "parties_party")),
        *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in APPEND_ONLY),
        "DROP TABLE ledger_entry",
        "ALTER TABLE cases_case ADD COLUMN more text",
        "CREATE TABLE mine (id integer)",
        "CREATE INDEX mine ON parties_party (code)",
        f"SET ROLE {OWNER}",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_cannot_change_tables(migrated, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        migrated.rows(statement, APP)


def test_what_was_written_survives_migrating_dump_and_restore(migrated, installations, tmp_path):
    before = migrated.work("write")
    assert before["party"] == "市档案馆"
    assert before["case"][2] == "territory"
    assert before["log"][0] is True
    assert before["log"][1] > 10

    dump = tmp_path / "city.dump"
    migrated.program("pg_dump", "--format=custom", f"--file={dump}")
    restored = installations("restored", migrated.state)
    restored.program("pg_restore", "--exit-on-error", "--single-transaction", str(dump))
    assert "No migrations to apply" in restored.migrate().stdout
    # By name: PostgreSQL writes some expressions differently after reading them back.
    names = [[name for name, _text in made.rows(SCHEMA)] for made in (restored, migrated)]
    assert names[0] == names[1]
    assert restored.work("tell") == before

    # The restored log goes on, and is still append-only for everybody.
    restored.work("more")
    done = restored.run(APP, "-m", "groundplan.cli", "ledger", "verify", "--json")
    assert done.returncode == 0, done.stderr
    after = json.loads(done.stdout)
    assert (after["ok"], after["size"]) == (True, before["log"][1] + 1)
    with pytest.raises(psycopg.errors.RestrictViolation):
        restored.rows("DELETE FROM ledger_entry")
