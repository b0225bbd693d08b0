"""How people write values, brought to the one form that is stored; and why a value does not fit."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from groundplan.base.lake.logic.columns import TYPES

# Code of a reason -> what it says; %(type)s is the column's type.
REASONS: dict[str, dict[str, str]] = {
    "type": {"zh-hans": "不是{type}", "en": "is no {type}"},
    "required": {"zh-hans": "必填项为空", "en": "is required and empty"},
    "too_many_cells": {"zh-hans": "本行的单元格比表头多", "en": "the row has more cells than the header"},
    "too_few_cells": {"zh-hans": "本行的单元格比表头少", "en": "the row has fewer cells than the header"},
    "quotes": {"zh-hans": "引号没有成对", "en": "a quotation mark is not closed"},
    "encoding": {"zh-hans": "含有无法识别的字符", "en": "holds bytes that are no character"},
    "nul": {"zh-hans": "含有空字节", "en": "holds a NUL byte"},
    "duplicate": {"zh-hans": "文件后面还有主键相同的行", "en": "a later row of the file has the same key"},
    "key": {"zh-hans": "主键为空", "en": "has no key"},
    "not_an_object": {"zh-hans": "不是 JSON 对象", "en": "is no JSON object"},
}
YES, NO = (
    {"是", "有", "真", "对", "√", "y", "yes", "true", "1", "t"},
    {"否", "无", "假", "错", "×", "n", "no", "false", "0", "f"},
)
CHINESE_DATE = re.compile(
    r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?(?:[ T]*(\d{1,2})[时:](\d{1,2})(?:[分:](\d{1,2}(?:\.\d+)?)?秒?)?)?"
)
COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
ZONE = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")
WHOLE = re.compile(r"[+-]?\d+(?:\.0*)?")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")


def mended(text: str, kind: str) -> str | None:
    """The text in the form that is stored, None if it is no value of the type; nothing is rounded or guessed.

    Full-width digits, thousands separators, 2026年7月1日, 2026/7/1 and 20260701, 是 and 否 are understood.

    >>> mended("１，２３４", "integer"), mended("1.5", "integer"), mended("2026年7月1日 8时5分", "timestamp")
    ('1234', None, '2026-07-01 08:05:00')
    """
    flat = unicodedata.normalize("NFKC", text).strip()
    if kind == "text":
        return text
    if kind in {"integer", "short_integer"}:
        flat = flat.replace(",", "") if THOUSANDS.fullmatch(flat) else flat
        return str(int(flat.partition(".")[0])) if WHOLE.fullmatch(flat) and len(flat) < 40 else None  # noqa: PLR2004
    if kind in {"number", "decimal"}:
        flat = flat.replace(",", "") if THOUSANDS.fullmatch(flat) else flat
        return flat if NUMBER.fullmatch(flat) else None
    if kind == "boolean":
        low = flat.casefold()
        return "true" if low in YES else "false" if low in NO else None
    return _mended_time(flat, kind)


def _mended_time(flat: str, kind: str) -> str | None:
    zone = ZONE.search(flat) if len(flat) > 10 else None  # noqa: PLR2004 - a date is no zone.
    if zone and kind != "timestamptz":
        return None
    bare = flat[: zone.start()].strip() if zone else flat
    found = CHINESE_DATE.fullmatch(bare) or COMPACT_DATE.fullmatch(bare)
    if found is None:
        return None
    year, month, day, hour, minute, second = found.groups()
    date = f"{year}-{int(month):02}-{int(day):02}"
    if kind == "date":
        return date if not hour or not (int(hour) or int(minute) or float(second or 0)) else None
    whole, _dot, part = (second or "0").partition(".")
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(whole):02}{'.' + part if part else ''}"
    return f"{date} {clock}{zone.group() if zone else ''}"


def reason_text(code: str, kind: str, language: str) -> str:
    """A reason in words.

    >>> reason_text("type", "integer", "en")
    'is no integer'
    """
    said: dict[str, Any] = REASONS[code]
    label = TYPES[kind].label if kind in TYPES else {}
    return str(said.get(language, said["zh-hans"])).format(type=label.get(language, label.get("zh-hans", "")))
