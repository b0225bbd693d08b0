"""Columns as somebody names them: a schema is checked, and a file's headers are found among a table's columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from groundplan.base.lake.errors import ColumnsDiffer, SchemaRefused
from groundplan.base.lake.logic import TYPES, Column, Matching
from groundplan.base.lake.logic.columns import MOST_COLUMNS, REMARK, column_of, normal_name


def parsed_columns(value: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Columns from JSON, checked.

    Raises:
        SchemaRefused: no list of columns, a type that does not exist, or a name that comes twice.
    """
    try:
        found = tuple(map(column_of, value))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SchemaRefused(_("表结构不是列的清单。"), accepted='[{"name": …, "type": …, "required": …}]') from error
    wrong = next((each for each in found if each.type not in TYPES or not each.name), None)
    if wrong is not None:
        raise SchemaRefused(
            _("列“%(name)s”的类型“%(type)s”不存在。") % {"name": wrong.name, "type": wrong.type[:40]},
            accepted=", ".join(TYPES),
        )
    check_names([each.name for each in found])
    return found


def check_names(names: Sequence[str]) -> None:
    """Check how many columns there are, and that no two are called the same in any case of letters.

    Raises:
        SchemaRefused: too many, none, or two of one name.
    """
    if not 0 < len(names) <= MOST_COLUMNS:
        raise SchemaRefused(
            _("文件有 %(count)d 列。") % {"count": len(names)},
            accepted=_("1 至 %(most)d 列") % {"most": MOST_COLUMNS},
            next_step=_("请把宽表转成长表，或拆成几个文件。"),
        )
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise SchemaRefused(
                _("列名“%(name)s”出现两次。") % {"name": name}, accepted=_("每列一个名称，不区分大小写")
            )
        seen.add(name.casefold())


def match(columns: Sequence[Column], headers: Sequence[str]) -> Matching:
    """Find a file's headers among the columns of a table, by name or by a former name.

    Raises:
        ColumnsDiffer: the file has columns that the table lacks, or lacks one that is required.
    """
    names = [normal_name(each) for each in headers]
    known = {each.name.casefold(): at for at, each in enumerate(columns)}
    for at, each in enumerate(columns):
        for former in each.former:
            known.setdefault(former.casefold(), at)
    positions: list[int | None] = [None] * len(columns)
    unknown = []
    for place, name in enumerate(names):
        if name.startswith(REMARK):
            continue
        found = known.get(name.casefold())
        if found is None or positions[found] is not None:
            unknown.append(name or str(place + 1))
        else:
            positions[found] = place
    missing = [each.name for at, each in enumerate(columns) if each.required and positions[at] is None]
    if unknown or missing or all(place is None for place in positions):
        raise _differing(unknown, missing, [each.name for each in columns])
    return Matching(tuple(positions), tuple(names))


def _differing(unknown: list[str], missing: list[str], names: list[str]) -> ColumnsDiffer:
    said = []
    if unknown:
        said.append(_("文件多出列：%(names)s。") % {"names": "、".join(unknown[:10])})
    if missing:
        said.append(_("文件缺少必填列：%(names)s。") % {"names": "、".join(missing[:10])})
    return ColumnsDiffer(
        "".join(said) or _("文件与该表没有相同的列。"),
        accepted="、".join(names[:30]),
        next_step=_("请核对文件；确需增加列的，先变更表结构再装载。"),
        unknown=unknown[:50],
        missing=missing[:50],
    )
