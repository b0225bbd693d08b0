"""Writes of the component register: bulk import by COPY with a quarantine, and changes of state."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _

from groundplan.base.registers.errors import ComponentChanged, ComponentNotFound
from groundplan.base.registers.logic import COLUMNS, REQUIRED, Fault, checked
from groundplan.base.registers.models import Component, QuarantinedRow, RegisterLoad, State
from groundplan.base.registers.queries import CITY_MANAGEMENT, codes, components_for, may_keep
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.places import queries as places
from groundplan.lib import sql
from groundplan.lib.errors import Invalid, NotAllowed
from groundplan.lib.identifiers import BadIdentifier, check_credit_code
from groundplan.lib.identity import uuid7
from groundplan.lib.tabular import Table, read_table

APP = "groundplan.base.registers"
CHANGERS = ("inspector", "supervisor", "data_office", "handler")
_TEXTS = [
    "identity",
    "name",
    "category",
    "authority_code",
    "authority_name",
    "owner_code",
    "owner_name",
    "maintainer_code",
    "maintainer_name",
    "unit_grid",
    "state",
    "source",
    "note",
    "street_code",
    "street_name",
    "community_code",
    "community_name",
]
_COLUMNS = ["public_id", *_TEXTS, "first_date", "change_date", "lon", "lat", "load_id"]
_TYPES = ["uuid", *["varchar"] * len(_TEXTS), "date", "date", "float8", "float8", "int8"]
_CREDIT_CODES = (
    ("authority_code", "主管部门代码"),
    ("owner_code", "权属单位代码"),
    ("maintainer_code", "养护单位代码"),
)


def import_components(*, actor: Actor, content: bytes, filename: str, origin: str = "city") -> RegisterLoad:
    """Import components from XLSX or CSV: good rows are taken over, bad ones go to quarantine with their reasons.

    Cell, street and community are found from the position where the file leaves them empty. A known identity is
    changed. One record is left for the whole load.

    Args:
        actor: the data office or the system.
        content: a table with the 18 columns of docs/registers.md, 经度 and 纬度 in CGCS2000.
        filename: tells the form, and is kept.
        origin: where the file comes from.

    Raises:
        NotAllowed: the actor does not keep the registers.
        UnreadableTable: the file is no table, or lacks a required column.
    """
    may_keep(actor)
    table = read_table(content, filename)
    table.require(*REQUIRED)
    good, bad = _sorted_rows(table)
    _locate(good)
    with transaction.atomic():
        load = RegisterLoad.objects.create(
            register="components",
            filename=filename[:200],
            origin=origin,
            digest=hashlib.sha256(content).hexdigest(),
            rows_read=len(table.rows),
            stored=len(good),
            quarantined=len(bad),
            loaded_by=actor.actor_id,
        )
        for row in bad:
            row.load = load
        QuarantinedRow.objects.bulk_create(bad, batch_size=1000)
        _store(good, load.pk)
        data = {
            "load": str(load.public_id),
            "sha256": load.digest,
            "stored": load.stored,
            "quarantined": load.quarantined,
        }
        subject = f"load:{load.public_id}"
        ledger.record(actor=actor.actor_id, action="registers.import_components", subject=subject, data=data)
        events.publish(type="registers.components_imported.v1", subject=subject, data=data, actor=actor.actor_id)
    return load


def change_component_state(*, actor: Actor, identity: str, state: str, seen: int, note: str = "") -> Component:
    """Change the state of a component, as found in the field.

    Args:
        actor: an inspector, supervisor, handler or the data office, for a component within the actor's sight.
        identity: its 17 digits.
        state: one of 完好, 破损, 丢失, 废弃, 移除.
        seen: the version the actor saw.
        note: what was found.

    Raises:
        NotAllowed: the actor has none of the roles.
        ComponentNotFound: unknown, or not for this actor.
        ComponentChanged: somebody else changed it meanwhile.
        Invalid: no such state.
    """
    if not actor.has_role(*CHANGERS):
        raise NotAllowed(_("您的角色不能变更部件状态。"), accepted=", ".join(CHANGERS))
    if state not in State.values:
        raise Invalid(_("没有“%(state)s”这种部件状态。") % {"state": state}, accepted="、".join(State.values))
    with transaction.atomic():
        held = components_for(actor).select_for_update().filter(identity=identity).first()
        if held is None:
            raise ComponentNotFound(_("没有标识码为 %(identity)s 的部件。") % {"identity": identity})
        if held.version != seen:
            raise ComponentChanged(
                _("部件 %(identity)s 已被他人更新。") % {"identity": identity}, next_step=_("请刷新后重试。")
            )
        before = held.state
        held.state, held.change_date, held.version = state, places.today(), held.version + 1
        held.note = (note or held.note)[:200]
        held.save(update_fields=["state", "change_date", "version", "note"])
        data = {"identity": identity, "state": state, "before": before}
        subject = f"component:{identity}"
        ledger.record(actor=actor.actor_id, action="registers.change_component_state", subject=subject, data=data)
        events.publish(type="registers.component_changed.v1", subject=subject, data=data, actor=actor.actor_id)
    return held


def _sorted_rows(table: Table) -> tuple[list[dict[str, Any]], list[QuarantinedRow]]:
    known = set(codes(CITY_MANAGEMENT, kind="component").values_list("code", flat=True))
    companies: dict[str, bool] = {}
    seen: set[str] = set()
    good: list[dict[str, Any]] = []
    bad: list[QuarantinedRow] = []
    for row in table.rows:
        texts = {column: row.text(column) for column in COLUMNS}
        values, faults = checked(texts)
        if known and values["identity"] and values["category"] not in known:
            faults.append(Fault("category", "部件标识码", values["category"]))
        if values["identity"] in seen:
            faults.append(Fault("twice", "部件标识码", values["identity"]))
        faults += [
            Fault("credit-code", column, values[name])
            for name, column in _CREDIT_CODES
            if values[name] and not _is_credit_code(values[name], companies)
        ]
        if faults:
            reasons = [_reason(fault, row.address(fault.column)) for fault in faults]
            shown = {key: text.replace("\x00", "") for key, text in texts.items()}
            bad.append(QuarantinedRow(number=row.number, values=shown, reasons=reasons))
        else:
            seen.add(values["identity"])
            good.append(values)
    return good, bad


def _is_credit_code(text: str, known: dict[str, bool]) -> bool:
    if text not in known:
        try:
            check_credit_code(text)
            known[text] = True
        except BadIdentifier:
            known[text] = False
    return known[text]


def _reason(fault: Fault, address: str) -> dict[str, str]:
    texts = {
        "missing": _("必填项为空"),
        "too-long": _("超过 %(value)s 个字"),
        "not-text": _("含有不可见字符"),
        "identity": _("标识码“%(value)s”应为 17 位数字：区划 6 + 大类 2 + 小类 3 + 顺序号 6"),
        "category": _("现行代码表没有小类 %(value)s"),
        "twice": _("标识码 %(value)s 在文件中重复"),
        "state": _("部件状态“%(value)s”应为完好、破损、丢失、废弃或移除"),
        "date": _("日期“%(value)s”应写作 2026-07-08"),
        "date-order": _("变更时间 %(value)s 早于初始时间"),
        "position": _("坐标 %(value)s 超出范围"),
        "credit-code": _("统一社会信用代码 %(value)s 有误"),
    }
    return {"cell": address, "column": fault.column, "code": fault.code, "reason": texts[fault.code] % vars(fault)}


def _locate(rows: list[dict[str, Any]]) -> None:
    """Fill cell, street and community from the position where they are empty."""
    points = np.array([[row["lon"], row["lat"]] for row in rows], dtype=np.float64).reshape(-1, 2)
    found = places.locate(points)
    names = {area.code: area.name.get("zh-hans", "") for area in places.divisions(level="street")}
    names |= {area.code: area.name.get("zh-hans", "") for area in places.divisions(level="community")}
    for at, row in enumerate(rows):
        row["unit_grid"] = row["unit_grid"] or str(found.unit_grid[at])[:15]
        row["street_code"] = row["street_code"] or str(found.street[at])
        row["community_code"] = row["community_code"] or str(found.community[at])
        row["street_name"] = row["street_name"] or names.get(row["street_code"], "")
        row["community_name"] = row["community_name"] or names.get(row["community_code"], "")


def _store(rows: list[dict[str, Any]], load: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "make_staging"))
        sql.copy_rows(
            cursor,
            "registers_staging",
            _COLUMNS,
            _TYPES,
            ([uuid7(), *(row[name] for name in _COLUMNS[1:-1]), load] for row in rows),
        )
        cursor.execute(sql.named(APP, "merge_components"))
        cursor.execute(sql.named(APP, "drop_staging"))
