"""Lists taken out of the system: for a stated purpose, personal columns masked, each with one record of its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from groundplan.kernel.cases.actions.lists import _reading as reading
from groundplan.kernel.cases.errors import DataInvalid
from groundplan.kernel.cases.models import Case, FlowVersion
from groundplan.kernel.cases.queries import KINDS
from groundplan.kernel.cases.queries.flows import flow as flow_of_case
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.logic.roles import PURPOSES
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.identity import uuid7
from groundplan.lib.tabular.streaming import csv_chunks, xlsx_chunks

CSV = "text/csv"
FORMATS: dict[str, tuple[str, str]] = {
    "csv": ("csv", f"{CSV}; charset=utf-8"),
    "gb18030": ("csv", f"{CSV}; charset=gb18030"),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
Column = tuple[str, Callable[[Case], Any]]


@dataclass(frozen=True)
class Export:
    """A file on its way: name, kind, pieces. The record is left when the last piece has gone, or the way broke off."""

    filename: str
    content_type: str
    pieces: Iterator[bytes]


def export_cases(
    *, actor: Actor, kind: str, filters: Filters, purpose: str, form: str = "csv", language: str = "zh-hans"
) -> Export:
    """A list of cases as a file, in pieces; memory does not grow with its length.

    Args:
        actor: whose list it is; the file holds what the list shows, no more.
        kind: ``todo``, ``done``, ``all`` or ``account``.
        filters: what it is narrowed to; one flow alone brings the fields of that flow as columns.
        purpose: one of ``parties.roles.PURPOSES``.
        form: ``csv`` (UTF-8 with byte order mark), ``gb18030`` or ``xlsx``.
        language: of headers and labels.

    Raises:
        DataInvalid: no such list, form or purpose.
    """
    for name, value, known in (("kind", kind, KINDS), ("form", form, FORMATS), ("purpose", purpose, PURPOSES)):
        if value not in known:
            raise DataInvalid(
                _("请选择导出目的和格式。"), accepted=", ".join(known), fields=[{"field": name, "reason": value[:40]}]
            )
    ending, content_type = FORMATS[form]
    public_id = uuid7()
    pieces = _recorded(actor, f"export:{public_id}", kind, filters, purpose, form, language)
    return Export(f"cases-{public_id.hex[:12]}.{ending}", content_type, pieces)


def _recorded(  # noqa: PLR0917 - one call, each argument named as here.
    actor: Actor, subject: str, kind: str, filters: Filters, purpose: str, form: str, language: str
) -> Iterator[bytes]:
    digest, told = hashlib.sha256(), {"rows": 0, "complete": False}
    headers, rows = _table(actor, kind, filters, language, told)
    pieces = xlsx_chunks(headers, rows) if form == "xlsx" else csv_chunks(headers, rows, encoding=_encoding(form))
    try:
        for piece in pieces:
            digest.update(piece)
            yield piece
        told["complete"] = True
    finally:
        # Also when the reader went away in the middle: what has left the house stands in the log.
        pieces.close()  # type: ignore[attr-defined]
        asked = {name: value for name, value in vars(filters).items() if value and name not in {"text", "only"}}
        if filters.only:
            asked["chosen"] = len(filters.only)
        data = {"list": kind, "filters": asked, "searched": bool(filters.text), "purpose": purpose, "form": form}
        with transaction.atomic():
            record(
                actor=actor.actor_id,
                action="cases.export_cases",
                subject=subject,
                data={**data, **told, "sha256": digest.hexdigest()},
            )


def _encoding(form: str) -> str:
    return "gb18030" if form == "gb18030" else "utf-8"


def _table(
    actor: Actor, kind: str, filters: Filters, language: str, told: dict[str, Any]
) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    """Headers and rows; ``told`` counts the rows as they go."""
    version = FlowVersion.objects.filter(key=filters.flow, in_force=True).first() if filters.flow else None
    fields = list(flow_of(version.pk).fields.items()) if version else []
    names = reading.Names()

    def rows() -> Iterator[Sequence[Any]]:
        for case in reading.listed_cases(actor, kind, filters):
            told["rows"] += 1
            masked = reading.masked_values(actor, case) if any(field.personal for _name, field in fields) else {}
            with override(language):
                values = [read(case) for _head, read in _columns(language)]
                values += [
                    masked.get(name, "")
                    if field.personal
                    else reading.value_shown(field, case.data.get(name), names, language)
                    for name, field in fields
                ]
            yield values

    with override(language):
        heads = [head for head, _read in _columns(language)]
        masked_word = _("已脱敏")
    for _name, field in fields:
        text = field.label.get(language) or field.label["zh-hans"]
        heads.append(f"{text}（{masked_word}）" if field.personal else text)
    return heads, rows()


def _columns(language: str) -> list[Column]:
    """The columns of every list."""

    def stage(case: Case) -> str:
        found = flow_of_case(case).stages.get(case.stage)
        return (found.label.get(language) or found.label["zh-hans"]) if found else case.stage

    def flow(case: Case) -> str:
        label = flow_of_case(case).label
        return label.get(language) or label["zh-hans"]

    states = {
        "open": _("办理中"), "suspended": _("挂起"), "on_account": _("挂账"), "closed": _("已办结"),
        "cancelled": _("已撤销"), "merged": _("已并单"),
    }  # fmt: skip
    return [
        (_("编号"), lambda case: case.number),
        (_("事由"), lambda case: case.title),
        (_("流程"), flow),
        (_("环节"), stage),
        (_("状态"), lambda case: states.get(case.state, case.state)),
        (_("承办单位"), lambda case: str(case.owner_party)),
        (_("登记时间"), lambda case: _moment(case.opened_at)),
        (_("期限"), lambda case: _moment(case.due_at)),
        (_("办结时间"), lambda case: _moment(case.closed_at)),
        (_("超期"), lambda case: _("是") if case.overdue else _("否")),
        (_("督办"), lambda case: _("是") if case.supervised else _("否")),
    ]


def _moment(moment: Any) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""
