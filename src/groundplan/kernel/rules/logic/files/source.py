"""Reads a table from any file that we accept, checked and compiled."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from groundplan.kernel.rules.logic.checking import check_table
from groundplan.kernel.rules.logic.compiled import CompiledTable, compile_table
from groundplan.kernel.rules.logic.files.dmnform import read_dmn
from groundplan.kernel.rules.logic.files.workbook import MAX_BYTES, read_sheet, refuse
from groundplan.kernel.rules.logic.files.yamlform import read_yaml
from groundplan.kernel.rules.logic.reading import Problems, Where, parse_table


def read_source(content: bytes, filename: str) -> tuple[dict[str, Any], Where]:
    """Plain data of a file and the names of its places.

    Raises:
        TableRefused: the file cannot be read.
    """
    name = PurePath(filename.replace("\\", "/")).name[-100:] or "·"
    if len(content) > MAX_BYTES:
        raise refuse(name, "file-size", limit=MAX_BYTES // 1024 // 1024)
    kind = PurePath(name).suffix.lower()
    if kind in (".yaml", ".yml"):
        return read_yaml(content, name)
    if kind in (".dmn", ".dmn13", ".xml"):
        return read_dmn(content, name)
    if kind in (".xlsx", ".csv", ".tsv"):
        return read_sheet(content, name)
    raise refuse(name, "file-kind", name=name)


def read_table_file(content: bytes, filename: str) -> CompiledTable:
    """A table from a file, with everything that its hit policy promises proved.

    Raises:
        TableRefused: every problem with its cell or line.
    """
    source, where = read_source(content, filename)
    compiled = compile_table(parse_table(source, where))
    problems = Problems(where)
    check_table(compiled, problems)
    problems.raise_if_any()
    return compiled
