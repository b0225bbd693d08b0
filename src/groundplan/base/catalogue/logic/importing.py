# ruff: noqa: E501 - the usual names of a column stand in one line.
"""Rows of any list of data as contents of entries: which column is which field, which word is which value; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIELDS: dict[str, tuple[str, ...]] = {
    "identifier": ("目录代码", "信息资源代码", "资源代码", "目录编码", "编号", "編號", "序号", "identifier", "id"),
    "title": ("信息资源名称", "目录名称", "资源名称", "數據集名稱", "資料名稱", "資料集名稱", "名称", "標題", "标题", "title", "name"),
    "title_en": ("英文名称", "english title", "title_en"),
    "summary": ("信息资源摘要", "目录摘要", "资源摘要", "資料集描述", "摘要", "描述", "简介", "description", "summary", "notes"),
    "provider": ("信息资源提供方", "数据提供单位", "提供单位", "提供方", "責任單位", "资源提供方", "資料集提供機關", "资料来源", "資料來源", "來源機關", "发布单位", "publisher", "organization", "provider"),
    "shelf": ("所属分类", "信息资源分类", "资源分类", "目录分类", "分类", "分類", "主题", "theme", "category", "shelf"),
    "kind": ("资源类型", "資源類型", "kind"),
    "sharing": ("共享类型", "共享属性", "sharing"),
    "condition": ("共享条件", "condition"),
    "basis": ("不予共享依据", "不予共享的依据", "依据", "basis"),
    "openness": ("开放类型", "开放属性", "是否向社会开放", "accessrights", "openness"),
    "open_condition": ("开放条件",),
    "cycle": ("更新周期", "更新频率", "更新頻率", "accrualperiodicity", "frequency", "cycle"),
    "form": ("信息资源格式", "资源格式", "資源格式", "檔案格式", "数据格式", "格式", "format"),
    "elements": ("信息项名称", "信息项", "数据项", "主要字段", "主要欄位說明", "主要欄位", "字段", "欄位", "fields", "elements"),
    "keywords": ("关键词", "关键字", "標籤/關鍵字", "標籤", "标签", "keyword", "tags"),
    "contact": ("联系处室", "联系方式", "contact"),
    "coverage": ("空间范围", "区域范围", "spatial"),
    "period": ("时间范围", "temporal"),
    "address": ("访问地址", "下载地址", "資料連結網址", "下載網址", "链接", "accessurl", "url"),
}  # fmt: skip
DEFAULTS = ("provider", "shelf", "kind", "sharing", "condition", "basis", "openness", "open_condition", "cycle")
# What cities write -> the value. Characters are compared in their simplified form.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sharing": {
        "unconditional": ("无条件共享", "无条件", "普遍共享", "1"), "conditional": ("有条件共享", "有条件", "授权共享", "2"),
        "not_shared": ("不予共享", "不共享", "非共享", "3"),
    },
    "openness": {
        "open": ("无条件开放", "开放", "是", "public", "open"), "conditional": ("有条件开放", "依申请开放", "restricted"),
        "closed": ("不予开放", "不开放", "否", "nonpublic", "private"),
    },
    "cycle": {
        "realtime": ("实时", "即时", "每小时", "realtime", "continuous", "updatecont", "hourly"), "daily": ("每日", "每天", "日", "按日", "daily"),
        "weekly": ("每周", "周", "按周", "weekly"), "monthly": ("每月", "月", "按月", "monthly"),
        "quarterly": ("每季度", "每季", "季", "季度", "按季", "quarterly"), "half_yearly": ("每半年", "半年", "annual2", "semiannual"),
        "yearly": ("每年", "年", "年度", "按年", "annual", "annually", "yearly"), "irregular": ("不定期", "不固定", "按需", "irreg", "irregular"),
        "once": ("一次性", "不更新", "静态", "never", "once"),
    },
    "kind": {
        "dataset": ("数据集", "库表", "文件", "原始资料", "dataset"), "api": ("接口", "接口代理", "网络服务", "api", "service"), "stream": ("实时数据流", "数据流", "stream"),
        "layer": ("图层", "地图", "layer"), "check": ("核验", "核验服务", "check"), "certificate": ("证照", "证照类型", "certificate"),
        "model": ("模型", "model"), "facility": ("设施", "设施资源", "facility"),
    },
}  # fmt: skip
_SIMPLE = str.maketrans(
    "週時條雙無開據庫務實證設類電給參單設圖層務網際", "周时条双无开据库务实证设类电给参单设图层务网际"
)
_OUTSIDE = re.compile(r"[、,，;；\n](?![^(（]*[)）])")
_BRACKETS = re.compile(r"[(（](.*)[)）]\s*$", re.DOTALL)
_UNIT = re.compile(r"[【\[](.+?)[】\]]")
MOST_ELEMENTS = 2000


@dataclass(frozen=True)
class Given:
    """One entry as a file has it.

    Args:
        number: its row, or its place in the file.
        values: field -> what was written.
        cells: field -> where it stands.
        resources: address and format of the data, for files that have several.
        extra: what no field of ours takes.
    """

    number: int
    values: Mapping[str, str]
    cells: Mapping[str, str] = field(default_factory=dict)
    resources: Sequence[tuple[str, str]] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def cell(self, name: str) -> str:
        """Where a field stands, or the row."""
        return self.cells.get(name) or str(self.number)


class Unreadable(ValueError):
    """A word is none of the values that a field has; ``field`` and ``value`` name it."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(value)
        self.field, self.value = name, value


def content_of(given: Given, defaults: Mapping[str, str], shelves: Mapping[str, str]) -> dict[str, Any]:
    """The content of an entry, to be read strictly afterwards.

    Args:
        given: the entry as the file has it.
        defaults: values of fields that it leaves empty.
        shelves: any name of a shelf -> its key.

    Raises:
        Unreadable: a word is none of the values of its field.
    """
    values = {name: text for name, text in given.values.items() if text.strip()}
    title = {"zh-hans": values.get("title", "")} | ({"en": values["title_en"]} if "title_en" in values else {})
    written = values.get("shelf", "")
    shelf = shelves.get(plain(written), "")
    extra = dict(given.extra)
    if written and not shelf:
        if "shelf" not in defaults:
            raise Unreadable("shelf", written)
        extra["分类"] = written
    content: dict[str, Any] = {
        "title": title, "summary": {"zh-hans": values["summary"]} if "summary" in values else {},
        "shelf": shelf or defaults.get("shelf", ""), "elements": elements_of(values.get("elements", "")),
        "keywords": list(dict.fromkeys(part.strip()[:120] for part in re.split(r"[、,，;；\s]+", values.get("keywords", "")) if part.strip()))[:40],
        "form": values.get("form", "")[:40], "extra": extra,
    }  # fmt: skip
    content |= {name: values[name] for name in ("contact", "coverage", "period") if name in values}
    for name in ("condition", "basis", "open_condition"):
        content[name] = values.get(name) or defaults.get(name, "")
    for name, words in WORDS.items():
        value = valued(words, values[name]) if name in values else defaults.get(name)
        if value is None and name in values:
            if name not in defaults:
                raise Unreadable(name, values[name])
            # Words of another city's own: the value that was given for all stands, the word is kept beside it.
            extra[name], value = values[name], defaults[name]
        if value:
            content[name] = value
    return content


def valued(words: Mapping[str, Sequence[str]], text: str) -> str | None:
    """The value that a word means; None if it is none.

    Example:
        >>> valued(WORDS["cycle"], "即時"), valued(WORDS["cycle"], "http://x/frequency/MONTHLY")
        ('realtime', 'monthly')
    """
    asked = plain(text.rstrip("/").rsplit("/", 1)[-1] if "://" in text else text)
    return next((value for value, names in words.items() if asked == plain(value) or asked in names), None)


def elements_of(text: str) -> list[dict[str, str]]:
    """The data items of a cell; what stands in brackets explains, and a name that stands twice is numbered.

    Example:
        >>> [each["name"] for each in elements_of("分類(境外移入、本土)、通報日期、分類")]
        ['分類', '通報日期', '分類 2']
    """
    found: dict[str, dict[str, str]] = {}
    for part in _OUTSIDE.split(text)[:MOST_ELEMENTS]:
        label = _BRACKETS.search(part)
        name = (part[: label.start()] if label else part).strip()[:110] or part.strip()[:110]
        if not name:
            continue
        number, chosen = 1, name
        while plain(chosen) in found:
            number += 1
            chosen = f"{name} {number}"
        found[plain(chosen)] = {"name": chosen} | ({"label": label[1].strip()[:200]} if label else {})
    return list(found.values())


def unit_names(text: str) -> Iterator[str]:
    """What may name a unit in a cell: all of it, what stands in brackets, the first word.

    Example:
        >>> list(unit_names("380120000J 【社會局】"))
        ['380120000J 【社會局】', '社會局', '380120000J']
    """
    yield text.strip()
    yield from (part.strip() for part in _UNIT.findall(text))
    if " " in text.strip():
        yield text.split(maxsplit=1)[0]


def plain(text: str) -> str:
    """A word without what does not matter: width, blanks, signs, case, traditional forms.

    Example:
        >>> plain("非公开 Non-Public")
        '非公开nonpublic'
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower().translate(_SIMPLE)
