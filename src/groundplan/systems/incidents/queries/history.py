"""What an import of past reports reads: the profile's mapping, and the rows of the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import ValidationError

from groundplan.lib.tabular import read_table
from groundplan.systems.incidents.errors import MappingInvalid
from groundplan.systems.incidents.logic.history import Mapped, PastRow
from groundplan.systems.incidents.logic.masking import mask_text, storable
from groundplan.systems.incidents.queries.categories import categories
from groundplan.systems.incidents.queries.directory import PROFILES

LONGEST_TEXT = 20_000
MOST_REPLY = 8000


def history_mappings(profile: str = "") -> list[str]:
    """The names of the mappings that a profile ships."""
    folder = PROFILES / (profile or settings.GROUNDPLAN_PROFILE) / "history"
    return sorted(path.stem for path in folder.glob("*.yaml"))


def history_mapping(name: str, profile: str = "") -> Mapped:
    """A mapping of a profile.

    Raises:
        MappingInvalid: the profile has none of this name, or it is not of the form.
    """
    known = history_mappings(profile)
    if name not in known:
        raise MappingInvalid(
            _("没有名为“%(name)s”的历史数据对应关系。") % {"name": name[:40]}, accepted=", ".join(known) or "–"
        )
    path = PROFILES / (profile or settings.GROUNDPLAN_PROFILE) / "history" / f"{name}.yaml"
    try:
        return Mapped.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise MappingInvalid(str(error)[:500], accepted="docs/second-city.md") from error


def history_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file: Parquet and CSV one after another, a spreadsheet as a whole.

    Args:
        path: ``.parquet``, ``.csv`` (UTF-8) or ``.xlsx``.
    """
    if path.suffix == ".parquet":
        # Loaded here only: the command line answers at once, and other files do not need it.
        import pyarrow.parquet  # noqa: PLC0415

        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(batch_size=5000):
            yield from batch.to_pylist()
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)
    else:
        for row in read_table(path.read_bytes(), path.name).rows:
            yield {name: cell.value for name, cell in row.cells.items()}


def matters_of(mapped: Mapped) -> dict[str, str]:
    """Every name of a category -> its code."""
    named: dict[str, str] = {}
    for row in categories(mapped.kind):
        named |= dict.fromkeys((*row.label.values(), row.code), row.code)
    return named


def past_report(row: PastRow, mapped: Mapped, matters: Mapping[str, str]) -> dict[str, Any]:
    """What ``report_incident`` is told of a past report, and what the actions after it are told."""
    return {
        "text": row.text[:LONGEST_TEXT],
        "title": row.title,
        "category": matters.get(" ".join(row.matter.split()), row.matter[:40]),
        "place": row.place,
        "point": row.point,
        "district": row.district,
        "external_id": row.number,
        "reported_at": row.opened_at,
        "extra": {**row.more, mapped.agreed: row.agreed},
    }


def past_reply(row: PastRow, mapped: Mapped) -> dict[str, str]:
    """What ended a past report, masked as every text that people see."""
    reply = mask_text(storable(row.reply)).text[:MOST_REPLY]
    return {mapped.work.field: reply} if reply.strip() else {}
