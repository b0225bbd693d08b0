"""The rows that one case of ``cases.flow`` leaves, learnt from the database, and written again by plain SQL."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

# Parents before children; each with its primary key.
TABLES = {
    "cases_case": "id", "rules_decision": "id", "rules_decision_facts": "decision_id", "cases_task": "id",
    "cases_involvement": "id", "cases_step": "id", "ledger_pending": "id", "events_outgoing": "id",
    "cases_number_series": "id",
}  # fmt: skip
# Columns that hold the id of another row of the same case, and ids that are new for each case.
REFERENCES = {"case_id": "cases_case", "task_id": "cases_task", "decision_id": "rules_decision",
              "parent_id": "cases_task"}  # fmt: skip
FRESH = ("public_id", "entry_id", "event_id", "record", "decision")
UNIQUE = ("number",)


def snapshot(connection: Any) -> dict[str, dict[Any, dict[str, Any]]]:
    """All rows of the tables that a case touches, by key."""
    from psycopg.rows import dict_row

    found = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for table, key in TABLES.items():
            rows = cursor.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own table names.
            found[table] = {row[key]: row for row in rows}
    return found


@dataclass
class Change:
    """What one transaction did to one table: rows that came, and columns that changed, by the old key."""

    table: str
    came: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)


def difference(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """What a transaction did."""
    made = []
    for table in TABLES:
        change = Change(table)
        for key, row in sorted(after[table].items()):
            old = before[table].get(key)
            if old is None:
                change.came.append(row)
            elif old != row:
                change.changed.append((key, {name: value for name, value in row.items() if value != old[name]}))
        if change.came or change.changed:
            made.append(change)
    return made


class Floor:
    """Writes the same rows again: for each table one INSERT of all rows that came, one UPDATE for each row changed."""

    def __init__(self, url: str, moves: list[list[Change]]) -> None:
        """Connect; keep what each transaction of a case does."""
        import psycopg

        self.connection = psycopg.connect(url)
        self.moves = moves

    def one(self, number: int) -> bool:
        """One whole case."""
        ids: dict[tuple[str, Any], Any] = {}
        for move in self.moves:
            with self.connection.cursor() as cursor:
                for change in move:
                    self._insert(cursor, change, ids, number)
                    for key, columns in change.changed:
                        self._update(cursor, change.table, ids.get((change.table, key), key), columns, ids)
            self.connection.commit()
        return number >= 0

    def _insert(self, cursor: Any, change: Change, ids: dict[Any, Any], number: int) -> None:
        if not change.came:
            return
        key = TABLES[change.table]
        names = [name for name in change.came[0] if name != "id"]
        one = f"({', '.join(['%s'] * len(names))})"
        values = [self._value(name, row[name], ids, number) for row in change.came for name in names]
        cursor.execute(
            f"INSERT INTO {change.table} ({', '.join(names)}) VALUES {', '.join([one] * len(change.came))} "  # noqa: S608
            f"RETURNING {key}",
            values,
        )
        for row, (made,) in zip(change.came, cursor.fetchall(), strict=True):
            ids[change.table, row[key]] = made

    def _update(self, cursor: Any, table: str, key: Any, columns: dict[str, Any], ids: dict[Any, Any]) -> None:
        if table == "cases_number_series":
            cursor.execute("UPDATE cases_number_series SET value = value + 1 WHERE id = %s", [key])
            return
        sets = ", ".join(f"{name} = %s" for name in columns)
        values = [self._value(name, value, ids, 0) for name, value in columns.items()]
        cursor.execute(f"UPDATE {table} SET {sets} WHERE {TABLES[table]} = %s", [*values, key])  # noqa: S608

    def _value(self, name: str, value: Any, ids: dict[Any, Any], number: int) -> Any:
        from psycopg.types.json import Jsonb

        if value is None:
            return None
        if name in REFERENCES:
            return ids.get((REFERENCES[name], value), value)
        if name in FRESH and not isinstance(value, (str, int)):
            return uuid.uuid4()
        if name in UNIQUE and isinstance(value, str):
            return f"{uuid.uuid4().hex[:20]}{number}"
        return Jsonb(value) if isinstance(value, (dict, list)) else value
