"""The tables as Iceberg keeps them: schema, snapshots, files. The catalogue is in PostgreSQL.

Every commit carries the id of the run that made it, in the table's properties and, when it makes a snapshot, in the
snapshot's summary: after a crash it can be told whether a run came through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

from groundplan.base.lake.engine import Version, places
from groundplan.base.lake.errors import SnapshotNotFound
from groundplan.base.lake.logic import TYPES, Column

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.schema import Schema
    from pyiceberg.table import StaticTable, Table, Transaction

CATALOGUE, NAMESPACE = "groundplan", "lake"
RUN = "groundplan.run"
LOAD = "groundplan.load-id"
OURS = {kind.iceberg.replace(" ", ""): name for name, kind in TYPES.items()}


@dataclass(frozen=True)
class Committed:
    """The table after a commit."""

    snapshot: int | None
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Snapshot:
    """One state of a table that can be gone back to."""

    id: int
    at_ms: int
    operation: str
    rows: int
    files: int
    run: str
    current: bool


@contextmanager
def opened() -> Iterator[SqlCatalog]:
    """The catalogue, on connections of its own that end with the block."""
    import warnings  # noqa: PLC0415

    from pyiceberg.catalog.sql import SqlCatalog  # noqa: PLC0415 - loads SQLAlchemy and Arrow.
    from sqlalchemy import URL  # noqa: PLC0415

    held = connection.get_connection_params()
    query = {name: str(held[name]) for name in ("sslmode", "options") if held.get(name)}
    url = URL.create(
        "postgresql+psycopg", held.get("user"), held.get("password") or None, held.get("host") or "127.0.0.1",
        int(held.get("port") or 5432), held["dbname"], query,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        catalogue = SqlCatalog(
            CATALOGUE, uri=url.render_as_string(hide_password=False), init_catalog_tables="false",
            warehouse=str(places.root()), **places.io_properties(),
        )  # fmt: skip
        try:
            yield catalogue
        finally:
            catalogue.engine.dispose()


def create(table: UUID, columns: Sequence[Column]) -> tuple[Column, ...]:
    """Make an empty table; one that an interrupted first load left behind is thrown away."""
    with opened() as catalogue:
        catalogue.create_namespace_if_not_exists(NAMESPACE)
        name = (NAMESPACE, table.hex)
        if catalogue.table_exists(name):
            catalogue.drop_table(name)
        properties = {
            "write.metadata.delete-after-commit.enabled": "true",
            "write.metadata.previous-versions-max": "10",
        }
        made = catalogue.create_table(
            name, schema=_schema(columns), location=str(places.folder_of(table)), properties=properties
        )
        return columns_of(made.schema(), columns)


def commit(
    table: UUID,
    *,
    run: UUID,
    add: Sequence[Path] = (),
    drop: Callable[[Iterable[DataFile]], Iterable[DataFile]] | None = None,
    summary: Mapping[str, Any] | None = None,
    before: Callable[[Transaction], None] | None = None,
) -> Committed:
    """One Iceberg commit: files added, files dropped, both in one snapshot.

    Args:
        table: whose.
        run: whose work it is; kept in the snapshot's summary.
        add: new Parquet files with the field ids of the table, on the disk already.
        drop: picks among the files of the current snapshot those that are no longer part of it.
        summary: more for the snapshot's summary.
        before: changes of the schema in the same commit.
    """
    with opened() as catalogue:
        held = catalogue.load_table((NAMESPACE, table.hex))
        said = {LOAD: str(run), **{f"groundplan.{key}": str(value) for key, value in (summary or {}).items()}}
        old = list(drop(_data_files(held, held.current_snapshot()))) if drop and held.current_snapshot() else []
        with held.transaction() as change:
            change.set_properties({RUN: str(run)})
            if before is not None:
                before(change)
            update = change.update_snapshot(snapshot_properties=said)
            with update.overwrite() if old else update.fast_append() as files:
                for path in add:
                    files.append_data_file(_described(change, path))
                for each in old:
                    files.delete_data_file(each)
        held.refresh()
        snapshot = held.current_snapshot()
        return Committed(snapshot.snapshot_id if snapshot else None, columns_of(held.schema()))


def change(table: UUID, *, run: UUID, doing: Callable[[Transaction], None]) -> Committed:
    """One Iceberg commit that makes no snapshot: a rollback, a change of the schema, an expiry."""
    with opened() as catalogue:
        held = catalogue.load_table((NAMESPACE, table.hex))
        with held.transaction() as change_:
            change_.set_properties({RUN: str(run)})
            doing(change_)
        held.refresh()
        snapshot = held.current_snapshot()
        return Committed(snapshot.snapshot_id if snapshot else None, columns_of(held.schema()))


def last_run(table: UUID) -> str:
    """The id of the run that made the table's last commit; empty when there is no table."""
    held = _static(table)
    return str(held.properties.get(RUN, "")) if held else ""


def current(table: UUID) -> Committed:
    """The table as it stands."""
    held = _static(table)
    if held is None:
        return Committed(None, ())
    snapshot = held.current_snapshot()
    return Committed(snapshot.snapshot_id if snapshot else None, columns_of(held.schema()))


def summary_of(table: UUID, run: UUID) -> tuple[int, dict[str, str]] | None:
    """The snapshot that a run made and what its summary says, None if it made none."""
    held = _static(table)
    for snapshot in held.snapshots() if held else ():
        said = snapshot.summary.additional_properties if snapshot.summary else {}
        if said.get(LOAD) == str(run):
            return snapshot.snapshot_id, dict(said)
    return None


def snapshots(table: UUID) -> list[Snapshot]:
    """The table's snapshots, the newest first."""
    held = _static(table)
    if held is None:
        return []
    now = held.current_snapshot()
    found = []
    for each in held.snapshots():
        summary = each.summary
        said = summary.additional_properties if summary else {}
        found.append(
            Snapshot(
                each.snapshot_id, each.timestamp_ms, summary.operation.value if summary else "",
                int(said.get("total-records", 0)), int(said.get("total-data-files", 0)), said.get(LOAD, ""),
                now is not None and now.snapshot_id == each.snapshot_id,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.at_ms, each.current), reverse=True)


def ancestors(table: UUID) -> list[int]:
    """The ids of the current snapshot and of those it grew from, the newest first."""
    held = _static(table)
    found: list[int] = []
    snapshot = held.current_snapshot() if held else None
    while held is not None and snapshot is not None:
        found.append(snapshot.snapshot_id)
        snapshot = held.snapshot_by_id(snapshot.parent_snapshot_id) if snapshot.parent_snapshot_id else None
    return found


def version(table: UUID, snapshot: int | None = None) -> Version:
    """The table as of a snapshot, by default the current one.

    Raises:
        SnapshotNotFound: it is not kept, or never was.
    """
    location = location_of(table)
    if location is None:
        if snapshot is not None:
            raise SnapshotNotFound(str(snapshot))
        return Version(())
    return _version(location, snapshot)


def location_of(table: UUID) -> str | None:
    """Where the table's newest metadata is, by the catalogue."""
    statement = (
        "SELECT metadata_location FROM iceberg_tables "
        "WHERE catalog_name = %s AND table_namespace = %s AND table_name = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [CATALOGUE, NAMESPACE, table.hex])
        row = cursor.fetchone()
    return str(row[0]) if row else None


def columns_of(schema: Schema, known: Sequence[Column] = ()) -> tuple[Column, ...]:
    """The columns of an Iceberg schema; what Iceberg does not know of is taken from those known before."""
    before = {each.id or at: each for at, each in enumerate(known, start=1)}
    found = []
    for each in schema.fields:
        old = before.get(each.field_id)
        kind = OURS[str(each.field_type).replace(" ", "")]
        found.append(Column(each.name, kind, old.required if old else False, each.field_id, old.former if old else ()))
    return tuple(found)


def iceberg_type(kind: str) -> Any:
    """The Iceberg type of one of ours."""
    from pyiceberg import types  # noqa: PLC0415

    made = {
        "text": types.StringType(), "short_integer": types.IntegerType(), "integer": types.LongType(),
        "decimal": types.DecimalType(18, 4), "number": types.DoubleType(), "boolean": types.BooleanType(),
        "date": types.DateType(), "timestamp": types.TimestampType(), "timestamptz": types.TimestamptzType(),
    }  # fmt: skip
    return made[kind]


def files_of(location: str) -> Iterator[Path]:
    """Every file of a table as of its metadata: those of all snapshots that can be gone back to."""
    held = _loaded(location)
    yield Path(places.here(location))
    seen: set[str] = set()
    for snapshot in held.snapshots():
        yield Path(places.here(snapshot.manifest_list))
        for manifest in snapshot.manifests(held.io):
            if manifest.manifest_path in seen:
                continue
            seen.add(manifest.manifest_path)
            yield Path(places.here(manifest.manifest_path))
            for entry in manifest.fetch_manifest_entry(held.io, discard_deleted=True):
                yield Path(places.here(entry.data_file.file_path))


def _schema(columns: Sequence[Column]) -> Schema:
    from pyiceberg.schema import Schema  # noqa: PLC0415
    from pyiceberg.types import NestedField  # noqa: PLC0415

    return Schema(
        *(NestedField(at, each.name, iceberg_type(each.type), required=False) for at, each in enumerate(columns, 1))
    )


def _static(table: UUID) -> StaticTable | None:
    location = location_of(table)
    return _loaded(location) if location else None


@lru_cache(maxsize=64)
def _loaded(location: str) -> StaticTable:
    from pyiceberg.table import StaticTable  # noqa: PLC0415

    return StaticTable.from_metadata(location, places.io_properties())


@lru_cache(maxsize=256)
def _version(location: str, wanted: int | None) -> Version:
    held = _loaded(location)
    snapshot = held.current_snapshot() if wanted is None else held.snapshot_by_id(wanted)
    if snapshot is None:
        if wanted is not None:
            raise SnapshotNotFound(str(wanted))
        return Version(columns_of(held.schema()))
    schemas = held.schemas()
    past = wanted is not None and snapshot.schema_id in schemas
    schema = schemas[snapshot.schema_id] if past else held.schema()  # type: ignore[index]
    files = list(_data_files(held, snapshot))
    rows = sum(each.record_count for each in files)
    return Version(
        columns_of(schema),
        tuple(places.here(each.file_path) for each in files),
        rows,
        snapshot.snapshot_id,
        evolved=len(schemas) > 1,
    )


def _data_files(held: Table, snapshot: Any) -> Iterator[DataFile]:
    for manifest in sorted(snapshot.manifests(held.io), key=lambda each: each.sequence_number or 0):
        for entry in manifest.fetch_manifest_entry(held.io, discard_deleted=True):
            yield entry.data_file


def _described(change: Transaction, path: Path) -> DataFile:
    """What a manifest says of a Parquet file, from the file's own footer."""
    import pyarrow.parquet as pq  # noqa: PLC0415
    from pyiceberg.io.pyarrow import (  # noqa: PLC0415
        compute_statistics_plan,
        data_file_statistics_from_parquet_metadata,
        parquet_path_to_id_mapping,
    )
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat  # noqa: PLC0415

    metadata = change.table_metadata
    schema = metadata.schema()
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=pq.read_metadata(path),
        stats_columns=compute_statistics_plan(schema, metadata.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA, file_path=str(path), file_format=FileFormat.PARQUET,
        partition=statistics.partition(metadata.spec(), schema), file_size_in_bytes=path.stat().st_size,
        sort_order_id=None, spec_id=metadata.default_spec_id, equality_ids=None, key_metadata=None,
        **statistics.to_serialized_dict(),
    )  # fmt: skip
