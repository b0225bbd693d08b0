"""Files that are no plain text tables: workbooks, JSON, JSON lines, GeoJSON and Parquet, each as rows of texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from groundplan.base.lake.engine.sounding import LONGEST_LINE, digest_of
from groundplan.base.lake.engine.sources import SAMPLE, Source, Texts, as_texts
from groundplan.base.lake.errors import FileRefused
from groundplan.lib import tabular

ENDINGS = {
    ".xlsx": "workbook", ".xlsm": "workbook", ".json": "json", ".geojson": "json", ".jsonl": "lines",
    ".ndjson": "lines",    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
MOST_JSON = 512 << 20
MOST_WORKBOOK = 64 << 20
GEOMETRY = "geometry"
# Where the rows stand in a JSON document that is no list.
HOLDERS = ("features", "data", "rows", "records", "items", "result", "results")

Row = tuple[int, Texts, str]


def open_source(path: Path, name: str) -> Source:
    """Look into a file whose ending is known here.

    Raises:
        FileRefused: it is damaged, too large to be held at once, or holds no rows.
    """
    kind = ENDINGS[Path(name).suffix.casefold()]
    headers = {
        "workbook": _workbook_headers,
        "json": _json_headers,
        "lines": _line_headers,
        "parquet": _parquet_headers,
    }
    size = path.stat().st_size
    made = Source(name, path, kind, digest_of(path), tuple(headers[kind](path, name)), [], size)
    for _number, cells, why in rows_of(made):
        if len(made.sample) == SAMPLE:
            break
        if not why:
            made.sample.append(cells)
    return made


def rows_of(source: Source) -> Iterator[Row]:
    """Every row: its number in the file, its cells, and why it is broken if it is."""
    if source.kind == "workbook":
        yield from _workbook_rows(source)
    elif source.kind == "parquet":
        yield from _parquet_rows(source)
    else:
        objects = _objects(source.path, source.name) if source.kind == "json" else _lines(source.path, source.name)
        for number, found in objects:
            if not isinstance(found, dict):
                yield number, [_as_text(found)], "not_an_object"
                continue
            flat = _flat(found)
            yield number, [_as_text(flat.get(header)) for header in source.headers], ""


def _workbook(path: Path, name: str) -> tabular.Table:
    if path.stat().st_size > MOST_WORKBOOK:
        raise tabular.too_large(name, path.stat().st_size, MOST_WORKBOOK)
    return tabular.read_table(path.read_bytes(), name)


def _workbook_headers(path: Path, name: str) -> list[str]:
    return list(_workbook(path, name).headers)


def _workbook_rows(source: Source) -> Iterator[Row]:
    for row in _workbook(source.path, source.name).rows:
        found = [row.cells.get(header) for header in source.headers]
        yield row.number, as_texts([cell.value if cell else None for cell in found]), ""


def _json_headers(path: Path, name: str) -> list[str]:
    return _keys(_objects(path, name), name)


def _line_headers(path: Path, name: str) -> list[str]:
    return _keys(_lines(path, name), name)


def _keys(objects: Iterator[tuple[int, Any]], name: str) -> list[str]:
    found: dict[str, None] = {}
    for _number, each in objects:
        if isinstance(each, dict):
            found.update(dict.fromkeys(map(str, _flat(each))))
    if not found:
        raise FileRefused(
            _("文件 %(name)s 里没有一行数据。") % {"name": name}, accepted='[{"…": …}], {"data": [{…}]}, GeoJSON'
        )
    return list(found)


def _objects(path: Path, name: str) -> Iterator[tuple[int, Any]]:
    if path.stat().st_size > MOST_JSON:
        raise FileRefused(
            _("JSON 文件 %(name)s 超过 %(most)d MB。") % {"name": name, "most": MOST_JSON >> 20},
            next_step=_("请改为每行一个对象（.jsonl）。"),
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FileRefused(
            _("文件 %(name)s 不是完整的 JSON：%(where)s。") % {"name": name, "where": _where(error)}
        ) from error
    if isinstance(document, dict):
        document = next((document[key] for key in HOLDERS if isinstance(document.get(key), list)), [document])
    yield from enumerate(document if isinstance(document, list) else [document], start=1)


def _lines(path: Path, name: str) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise FileRefused(
                    _("第 %(line)d 行超过 %(most)d MB，不是表格的一行。")
                    % {"line": number, "most": LONGEST_LINE >> 20},
                    next_step=_("请核对文件的换行和引号。"),
                )
            if not line.strip():
                continue
            try:
                yield number, json.loads(line.decode("utf-8-sig"), parse_constant=_no_constant)
            except (ValueError, RecursionError):
                yield number, line.decode("utf-8", "replace").rstrip()
    if not number:
        raise FileRefused(_("文件 %(name)s 是空的。") % {"name": name})


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return _("第 %(line)d 行第 %(column)d 字符") % {"line": error.lineno, "column": error.colno}
    return str(error)[:80]


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """A row; of a GeoJSON feature its properties and its geometry as text."""
    if found.get("type") == "Feature" and isinstance(found.get("properties"), dict | None):
        return {**(found["properties"] or {}), GEOMETRY: found.get("geometry")}
    return found


def _as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _opened_parquet(path: Path, name: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name) from error


def _parquet_headers(path: Path, name: str) -> list[str]:
    return list(_opened_parquet(path, name).schema_arrow.names)


def _parquet_rows(source: Source) -> Iterator[Row]:
    number = 0
    try:
        for batch in _opened_parquet(source.path, source.name).iter_batches(batch_size=10_000):
            columns = [_texts(batch.column(at)) for at in range(batch.num_columns)]
            for row in zip(*columns, strict=True):
                number += 1
                yield number, list(row), ""
    except (pa.ArrowException, OSError) as error:
        raise _damaged(source.name) from error


def _texts(column: pa.Array) -> Texts:
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return [None if each is None else str(each) for each in column.to_pylist()]
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        return [None if each is None else repr(each) for each in column.to_pylist()]
    return [each or None for each in column.cast(pa.string()).to_pylist()]


def _damaged(name: str) -> FileRefused:
    return FileRefused(
        _("文件 %(name)s 不是完整的 Parquet，可能在传输中被截断。") % {"name": name},
        next_step=_("请重新导出或重新传输后再装载。"),
    )
