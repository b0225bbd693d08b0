"""The kinds of file that a table is written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from groundplan.kernel.rules.logic.files.sheetout import write_csv, write_xlsx
from groundplan.kernel.rules.logic.files.yamlform import write_yaml
from groundplan.kernel.rules.logic.table import Table


@dataclass(frozen=True)
class Writer:
    """How a table becomes a file, and the file's media type."""

    media_type: str
    write: Callable[[Table], bytes]


WRITERS: Final[Mapping[str, Writer]] = {
    "xlsx": Writer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "csv": Writer("text/csv; charset=utf-8", write_csv),
    "yaml": Writer("application/yaml", lambda table: write_yaml(table).encode()),
}
