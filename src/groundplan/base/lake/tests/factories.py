"""Loads for the tests of the lake."""

from groundplan.base.lake import actions, queries
from groundplan.base.lake.engine import engine, tables
from groundplan.kernel.parties.queries import SYSTEM


def load(folder, content, name="data.csv", resource="readings", actor=SYSTEM, **more):
    """Load one file."""
    path = folder / f"sent-{name}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return actions.load_files(actor=actor, resource=resource, files=[path], names=[name], **more)


def version(resource="readings", snapshot=None):
    return tables.version(queries.table_for(SYSTEM, resource).public_id, snapshot)


def rows(resource="readings", snapshot=None, columns="*"):
    """The rows of a table, in order."""
    found = version(resource, snapshot)
    return engine().query(f"SELECT {columns} FROM t ORDER BY ALL", tables={"t": found}).rows()


def types(resource="readings"):
    return {each.name: each.type for each in queries.table_for(SYSTEM, resource).schema}


def bad(run):
    """The quarantine of a load: row number, columns, values and reasons."""
    _heads, found = queries.quarantine(run)
    return sorted((row[1], row[2], row[3], row[4]) for row in found)
