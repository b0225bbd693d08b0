"""Loads: from files at hand, or from files that were uploaded and wait for a worker."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.base.catalogue.models import Resource
from groundplan.base.lake.actions import _phases as phases
from groundplan.base.lake.actions._recovery import recover
from groundplan.base.lake.actions.tables import _check_key, create_table
from groundplan.base.lake.engine import Tell, places, silent
from groundplan.base.lake.engine.columns import check_names, match, parsed_columns
from groundplan.base.lake.errors import LakeTableNotFound, LoadUnbalanced
from groundplan.base.lake.logic import Column, propose
from groundplan.base.lake.models import LakeRun, LakeTable, Mode
from groundplan.base.lake.queries import KEEPERS, same_load, table_for
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import Invalid
from groundplan.lib.identity import uuid7

if TYPE_CHECKING:
    from groundplan.base.lake.engine.sources import Source

# Of the size of a file, what a load writes at most beside it.
ROOM_FACTOR = 1.5


@dataclass(frozen=True)
class _Order:
    """What is to be done with the files of a load."""

    mode: str
    key: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    encoding: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        return {**self.extra, "key": list(self.key), "encoding": self.encoding}


@dataclass(frozen=True)
class _Job:
    """One load that somebody holds the table's lock for."""

    table: LakeTable
    actor: str
    files: Sequence[tuple[Path, str]]
    order: _Order
    tell: Tell
    run: LakeRun | None = None
    began: float = field(default_factory=time.monotonic)


def load_files(
    *,
    actor: Actor,
    resource: str,
    files: Sequence[Path],
    names: Sequence[str] = (),
    mode: str = "append",
    key: Sequence[str] = (),
    columns: Sequence[Mapping[str, Any]] = (),
    encoding: str = "",
    provider: Party | None = None,
    wait_s: float = 60.0,
    tell: Tell = silent,
) -> LakeRun:
    """Load files into a table, all of them in one snapshot or none.

    The same files again in the same mode are the same load, as long as its effect stands.

    Args:
        actor: the data office, or an officer of the unit that provides the table.
        resource: the table's identifier; a new one is made for those who may.
        files: where they are.
        names: what they are called, if not as they are stored.
        mode: ``append``, ``replace`` or ``merge``.
        key: for ``merge``: the columns that name a row; by default the table's key.
        columns: for a new table: its schema; by default the first rows propose it.
        encoding: of text files; by default it is found out.
        provider: for a new table: the unit that answers for it.
        wait_s: how long to wait for another load of the table, s.
        tell: is told the share that is done.

    Raises:
        LakeTableNotFound: unknown, or not for this actor.
        FileRefused: a file cannot be read as a table.
        ColumnsDiffer: its columns are not the table's.
        LoadRunning: the table is being loaded by somebody else.
        LoadUnbalanced: rows do not add up; nothing was stored.
        DiskFull: there is no room; nothing was stored.
    """
    table = _table(actor, resource, provider, columns)
    order = _order(table, mode, key, columns, encoding)
    with phases.alone_on(table, wait_s=wait_s):
        recover(table)
        named = list(zip(files, names or [each.name for each in files], strict=True))
        return _load(_Job(table, actor.actor_id, named, order, tell))


def receive_files(
    *,
    actor: Actor,
    resource: str,
    files: Sequence[tuple[str, IO[bytes]]],
    mode: str = "append",
    key: Sequence[str] = (),
    encoding: str = "",
    provider: Party | None = None,
) -> LakeRun:
    """Take uploaded files in; a worker loads them.

    Args:
        actor: the data office, or an officer of the unit that provides the table.
        resource: the table's identifier; a new one is made for those who may.
        files: name and content of each.
        mode: ``append``, ``replace`` or ``merge``.
        key: for ``merge``: the columns that name a row.
        encoding: of text files; by default it is found out.
        provider: for a new table: the unit that answers for it.

    Returns:
        The load in state ``waiting``.

    Raises:
        LakeTableNotFound: unknown, or not for this actor.
        DiskFull: there is no room for the files.
    """
    from groundplan.base.lake.jobs import carry_on  # noqa: PLC0415 - jobs call these actions.

    if not files:
        raise Invalid(_("没有收到文件。"))
    run_id = uuid7()
    folder = places.incoming_of(run_id)
    kept: list[str] = []
    with transaction.atomic(), places.room_on_disk():
        table = _table(actor, resource, provider, ())
        order = _order(table, mode, key, (), encoding)
        try:
            folder.mkdir(parents=True, mode=0o700)
            for at, (name, content) in enumerate(files):
                with (folder / f"{at:03}").open("wb") as out:
                    shutil.copyfileobj(content, out, 1 << 20)
                kept.append(Path(name.replace("\\", "/")).name[:200] or f"{at}.csv")
            run = LakeRun.objects.create(
                public_id=run_id, table=table, mode=order.mode, state="waiting", begun_by=actor.actor_id,
                options={**order.options, "names": kept}, sources=[{"name": name} for name in kept],
            )  # fmt: skip
            data = {"run": str(run_id), "files": len(kept), "mode": order.mode}
            ledger.record(actor=actor.actor_id, action="lake.receive_files", subject=table.subject, data=data)
            carry_on.defer(run=str(run_id))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return run


def carry_on_load(*, run: UUID, wait_s: float = 60.0, tell: Tell = silent) -> LakeRun:
    """Load what was uploaded; called by a worker, and again if one died.

    Args:
        run: the load.
        wait_s: how long to wait for another load of the table, s.
        tell: is told the share that is done.

    Raises:
        LakeTableNotFound: no such load.
        LoadRunning: the table is being loaded by somebody else.
    """
    held = LakeRun.objects.select_related("table").filter(public_id=run).first()
    if held is None:
        raise LakeTableNotFound(str(run))
    with phases.alone_on(held.table, wait_s=wait_s):
        recover(held.table)
        held.refresh_from_db()
        if held.state != "waiting":
            return held
        folder, names = places.incoming_of(run), held.options["names"]
        files = [(folder / f"{at:03}", name) for at, name in enumerate(names)]
        extra = {name: held.options[name] for name in ("names", "attempts") if name in held.options}
        order = _Order(held.mode, tuple(held.options.get("key", ())), (), held.options.get("encoding", ""), extra)
        try:
            return _load(_Job(held.table, held.begun_by, files, order, tell, held))
        except Exception as error:
            phases.call_off(run=held, error=error)
            raise


def _table(actor: Actor, resource: str, provider: Party | None, columns: Sequence[Mapping[str, Any]]) -> LakeTable:
    try:
        return table_for(actor, resource)
    except LakeTableNotFound:
        taken = LakeTable.objects.filter(identifier=resource).exists()
        catalogued = Resource.objects.filter(identifier=resource).exists()
        if taken or not (provider or catalogued or actor.has_role(*KEEPERS)):
            raise
        return create_table(actor=actor, identifier=resource, provider=provider, columns=columns)


def _order(
    table: LakeTable, mode: str, key: Sequence[str], columns: Sequence[Mapping[str, Any]], encoding: str
) -> _Order:
    if mode not in Mode.values:
        raise Invalid(_("没有“%(mode)s”这种装载方式。") % {"mode": mode[:40]}, accepted="append, replace, merge")
    used = tuple(key or table.key) if mode == "merge" else ()
    if mode == "merge" and not used:
        raise Invalid(_("按主键合并要指明主键列。"), accepted="--key")
    if table.schema:
        _check_key(used, [each.name for each in table.schema])
    return _Order(mode, used, parsed_columns(columns) if columns and not table.columns else (), encoding)


def _load(job: _Job) -> LakeRun:
    from groundplan.base.lake.engine.sources import whole_digest  # noqa: PLC0415

    with _opened(job) as sources:
        digest = whole_digest(sources)
        before = same_load(table=job.table, digest=digest, mode=job.order.mode, key=job.order.key)
        if before is not None:
            _same(job.run, before)
            return before
        columns = job.table.schema or job.order.columns or _proposed(sources)
        _check_key(job.order.key, [each.name for each in columns])
        for source in sources:
            match(columns, source.headers)
        run = phases.begin(
            table=job.table, kind="load", actor=job.actor, run=job.run, mode=job.order.mode, digest=digest,
            sources=[_told(each) for each in sources],
            options={**job.order.options, "columns": [each.plain() for each in columns]},
        )  # fmt: skip
        try:
            return _write(job, run, sources, columns)
        except Exception as error:
            phases.call_off(run=run, error=error)
            raise


def _told(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": "file",
        "digest": source.digest,
        "bytes": source.size,
        "encoding": source.encoding,
    }


def _write(job: _Job, run: LakeRun, sources: Sequence[Source], columns: Sequence[Column]) -> LakeRun:
    from groundplan.base.lake.engine import engine, tables  # noqa: PLC0415 - Iceberg and DuckDB, when there is work.
    from groundplan.base.lake.engine.merging import merge  # noqa: PLC0415
    from groundplan.base.lake.engine.writing import Outputs  # noqa: PLC0415

    table, mode = job.table.public_id, job.order.mode
    if tables.current(table).snapshot is None:
        columns = tables.create(table, columns)
    with places.room_on_disk():
        with Outputs(table, run.public_id, columns, numbered=mode == "merge") as out:
            tells = [_share(job.tell, at, len(sources)) for at in range(len(sources))]
            parts = [engine().split(each, columns, out, tell) for each, tell in zip(sources, tells, strict=True)]
            drop = merge(tables.version(table), out, job.order.key) if mode == "merge" else frozenset()
        read = sum(each.read for each in parts)
        if read != out.stored + out.quarantined:
            raise LoadUnbalanced(
                _("读取 %(read)d 行，入库 %(stored)d 行，问题数据 %(bad)d 行，合计不符；本次装载未入库。")
                % {"read": read, "stored": out.stored, "bad": out.quarantined}
            )
        rows = [each.read for each in parts]
        said = {"read": read, "stored": out.stored, "quarantined": out.quarantined, "rows": rows}
        committed = tables.commit(
            table, run=run.public_id, add=out.files, drop=_dropping(mode, drop),
            summary={**said, "rows": json.dumps(rows)},
        )  # fmt: skip
    return phases.complete(run=run, committed=committed, said=said, began=job.began)


def _dropping(mode: str, drop: frozenset[str]) -> Any:
    if mode == "append":
        return None
    return lambda files: [each for each in files if mode == "replace" or places.here(each.file_path) in drop]


def _share(tell: Tell, at: int, total: int) -> Tell:
    return tell if tell is silent else lambda share: tell((at + share) / total)


@contextmanager
def _opened(job: _Job) -> Iterator[list[Source]]:
    from groundplan.base.lake.engine.sources import open_source  # noqa: PLC0415
    from groundplan.base.lake.engine.unpacking import unpacked  # noqa: PLC0415

    places.check_room(int(sum(path.stat().st_size for path, _name in job.files) * ROOM_FACTOR))
    with places.room_on_disk(), places.workroom(job.run.public_id if job.run else uuid7()) as folder:
        found = [each for path, name in job.files for each in unpacked(path, name, folder)]
        yield [open_source(path, name, folder, job.order.encoding) for path, name in found]


def _proposed(sources: Sequence[Source]) -> tuple[Column, ...]:
    from groundplan.base.lake.logic.columns import REMARK  # noqa: PLC0415

    first = sources[0]
    places_ = [at for at, header in enumerate(first.headers) if not header.startswith(REMARK)]
    rows = [[row[at] if at < len(row) else None for at in places_] for row in first.sample]
    found = propose([first.headers[at] for at in places_], rows)
    check_names([each.name for each in found])
    return found


@transaction.atomic
def _same(run: LakeRun | None, before: LakeRun) -> None:
    """An upload that was loaded before ends here and points at that load."""
    if run is None:
        return
    run.state, run.progress, run.ended_at = "same", 100, before.ended_at
    run.options = {**run.options, "same_as": str(before.public_id)}
    run.save(update_fields=["state", "progress", "ended_at", "options"])
    shutil.rmtree(places.incoming_of(run.public_id), ignore_errors=True)
