"""A file of the vendor's system, taken batch by batch: rows are judged and kept by set-based statements."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError
from groundplan.lib.tabular import Row
from groundplan.lib.tabular.streaming import open_table
from groundplan.systems.incidents.actions._rows import report_of, sealed_cells
from groundplan.systems.incidents.actions.report import report_incident
from groundplan.systems.incidents.beside.deciding import Told, decided, read_row
from groundplan.systems.incidents.beside.judging import Judge
from groundplan.systems.incidents.beside.logic import completed_columns
from groundplan.systems.incidents.beside.models import Beside, BesideBad, BesideFile, BesideRow
from groundplan.systems.incidents.errors import MappingInvalid

BATCH = 1000
Progress = Callable[[int, int], None]
_FIXED = {"id", "public_id", "run", "external_id", "first_file", "incident"}
_CHANGING = [field.name for field in BesideRow._meta.concrete_fields if field.name not in _FIXED]  # noqa: SLF001


class Taking:
    """One file on its way into a run."""

    def __init__(
        self, actor: Actor, run: Beside, content: bytes | Path, filename: str, columns: dict[str, str]
    ) -> None:
        self.actor, self.run, self.table = actor, run, open_table(content, filename)
        self.columns = completed_columns(self.table.headers, columns or run.columns)
        self._check_columns()
        self.judge, self.zone, self.now = Judge(), timezone.get_current_timezone(), clock.now()
        self.file = BesideFile.objects.create(
            run=run, file_name=filename[:255], digest=self.table.digest, taken_at=self.now, taken_by=actor.actor_id,
            directory_version=self.judge.directory_version, limits_version=self.judge.limits_version,
        )  # fmt: skip
        self._judged = hashlib.sha256()

    def _check_columns(self) -> None:
        found = "、".join(self.table.headers)
        if "external_id" not in self.columns:
            raise MappingInvalid(
                _("找不到工单编号列，无法逐日比对。表中的列：%(found)s。") % {"found": found},
                next_step=_("请指定列对应后重试。"),
            )
        if not {"category", "title", "description"} & set(self.columns):
            raise MappingInvalid(
                _("找不到“事项”“标题”或“内容”列。表中的列：%(found)s。") % {"found": found},
                next_step=_("请指定列对应后重试。"),
            )
        self.table.require(*self.columns.values())

    def done(self, progress: Progress | None) -> BesideFile:
        """Take every row, then write the one record of the file."""
        file = self.file
        while some := list(islice(self.table.rows, BATCH)):
            self._batch(some)
            if progress:
                progress(file.read, self.table.total)
        file.judged = self._judged.hexdigest()
        counted = {name: getattr(file, name) for name in ("read", "fresh", "changed", "known", "quarantined", "opened")}
        file.record = record(
            actor=self.actor.actor_id, action="incidents.take_beside_file", subject=f"beside:{self.run.public_id}",
            data={**counted, "unopened": file.unopened, "file": str(file.public_id), "digest": file.digest,
                  "judged": file.judged, "directory": file.directory_version, "limits": file.limits_version},
        )  # fmt: skip
        file.save()
        if self.run.columns != self.columns:
            self.run.columns = self.columns
            self.run.save(update_fields=["columns"])
        return file

    def _batch(self, some: Sequence[Row]) -> None:
        told, bad = [], []
        for row in some:
            try:
                told.append((row, read_row(row, self.columns, self.judge, self.zone)))
            except GroundplanError as error:
                bad.append(self._bad(row, str(error)))
        numbers = [each.external_id for _row, each in told]
        there = BesideRow.objects.filter(run=self.run, external_id__in=numbers).select_related("first_file")
        seen, changed, sources = {row.external_id: row for row in there}, {}, {}
        for source, each in told:
            sources[each.external_id] = source
            known = seen.get(each.external_id)
            if known is not None and self._is_no_news(known, each):
                self.file.known += 1
                continue
            made = decided(each, known, self.file, self.judge, self.now)
            self.file.fresh += known is None
            self.file.changed += known is not None
            seen[each.external_id] = changed[each.external_id] = made
            said = (made.external_id, made.matter, made.our_unit, made.fired, made.verdict)
            self._judged.update("\0".join(said).encode() + b"\n")
        BesideRow.objects.bulk_create(
            changed.values(), update_conflicts=True, unique_fields=["run", "external_id"], update_fields=_CHANGING
        )
        self.file.read += len(some)
        self.file.quarantined += len(bad)
        for number, one in seen.items():
            if self._becomes_case(one):
                bad += self._open(one, sources[number])
        BesideBad.objects.bulk_create(bad)

    @staticmethod
    def _is_no_news(known: BesideRow, told: Told) -> bool:
        """Whether a state is the one that is known, or an older one from a file that comes late."""
        at = told.told
        return bytes(known.state) == told.state or (known.told is not None and (at is None or at < known.told))

    def _bad(self, row: Row, reason: str) -> BesideBad:
        return BesideBad(file=self.file, number=row.number, reason=reason[:1000], cells=sealed_cells(row))

    def _becomes_case(self, row: BesideRow) -> bool:
        """Whether a row is work that begins here: reported since the switch, open there, no case yet."""
        live = self.run.live_from if self.run.switch == Beside.Switch.LIVE else None
        since = live is not None and row.reported_at is not None and row.reported_at >= live
        return since and row.closed_at is None and row.incident_id is None

    def _open(self, row: BesideRow, source: Row) -> list[BesideBad]:
        """Open the case of a row through the door of every report; what the door refuses is kept with the reason."""
        columns = {name: header for name, header in self.columns.items() if header in self.table.headers}
        try:
            with transaction.atomic():
                asked = report_of(source, columns, self.judge.districts)
                receipt = report_incident(
                    actor=self.actor, channel="file", key=f"beside:{self.run.public_id}:{row.external_id}", **asked
                )
        except GroundplanError as error:
            self.file.unopened += 1
            return [self._bad(source, str(error))]
        BesideRow.objects.filter(run=self.run, external_id=row.external_id).update(incident=receipt.incident)
        row.incident = receipt.incident
        self.file.opened += receipt.created
        return []
