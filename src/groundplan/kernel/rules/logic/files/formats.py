"""The kinds of file that a table is written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from groundplan.kernel.rules.logic.files.dmnout import write_dmn, write_dmn_1_3
from groundplan.kernel.rules.logic.files.sheetout import write_csv, write_xlsx
from groundplan.kernel.rules.logic.files.yamlform import write_yaml
from groundplan.kernel.rules.logic.table import Table


@dataclass(frozen=True)
class Writer:
    """How a table becomes a file, the file's media type, and the ending of its name where it is not the kind."""

    media_type: str
    write: Callable[[Table], bytes]
    ending: str = ""


WRITERS: Final[Mapping[str, Writer]] = {
    "xlsx": Writer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "csv": Writer("text/csv; charset=utf-8", write_csv),
    "yaml": Writer("application/yaml", lambda table: write_yaml(table).encode()),
    "dmn": Writer("application/xml", write_dmn),
    "dmn13": Writer("application/xml", write_dmn_1_3, "dmn"),
}
