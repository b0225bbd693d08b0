"""Reading an organisation file into the register, row by row, collecting what is wrong with its cells."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from zipfile import BadZipFile

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from groundplan.kernel.parties.actions._accounts import insert_membership
from groundplan.kernel.parties.actions._identifiers import checked
from groundplan.kernel.parties.actions._rows import close_party, insert_relation, make_identifier, sort_key
from groundplan.kernel.parties.logic import roles, sheets
from groundplan.kernel.parties.models import Membership, Party, Relation, User, today
from groundplan.kernel.parties.queries import Actor, survivor
from groundplan.lib import identifiers, tabular
from groundplan.lib.errors import GroundplanError

LANGUAGES = ("zh-hans", "en")
CODE_MAX = 64
NUMBERS = {"手机号码": "phone", "公民身份号码": "citizen_number"}


@dataclass(frozen=True)
class CellFault:
    """A cell that cannot be taken: where it stands and why, in every language."""

    cell: str
    reason: roles.Labels


@dataclass
class Import:
    """One file being taken in: the register as it was, what was changed, what is wrong."""

    actor: Actor
    faults: list[CellFault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    parties: dict[str, Party] = field(default_factory=dict)

    def fault(self, row: tabular.Row, header: str, say: Callable[[], str]) -> None:
        """Note what is wrong with a cell, said in every language."""
        reason = {}
        for language in LANGUAGES:
            with translation.override(language):
                reason[language] = say()
        self.faults.append(CellFault(row.address(header), reason))

    def party(self, row: tabular.Row, header: str) -> Party | None:
        """The party whose code stands in a cell, from the file or the register."""
        code = row.text(header)
        if code and code not in self.parties:
            found = Party.objects.select_related("merged_into").filter(code=code).first()
            if found is not None:
                self.parties[code] = survivor(found)
        if code and code not in self.parties:
            self.fault(row, header, lambda: _("编码 %(code)s 在文件和系统中都没有。") % {"code": code})
        return self.parties.get(code)

    def days(self, row: tabular.Row) -> tuple[dt.date | None, dt.date | None]:
        """The first and the end day of a row."""
        found: list[dt.date | None] = []
        for header in ("起始日期", "终止日期"):
            cell = row.cells.get(header)
            try:
                found.append(sheets.day(cell.value) if cell and cell.text else None)
            except ValueError:
                self.fault(row, header, lambda: _("不是有效日期。请按 2026-01-01 的格式填写。"))
                found.append(None)
        if found[0] and found[1] and found[1] < found[0]:
            self.fault(row, "终止日期", lambda: _("终止日期早于起始日期。"))
        return found[0], found[1]

    def choice(self, row: tabular.Row, header: str, labels: dict[str, roles.Labels]) -> str:
        """The name of the closed list that a cell means."""
        name = sheets.named_in(labels, row.text(header))
        if not name and row.text(header):
            self.fault(
                row,
                header,
                lambda: _("“%(text)s”不在列表中：%(words)s。") % {"text": row.text(header), "words": words_of(labels)},
            )
        return name

    def complete(self, row: tabular.Row, sheet: str) -> bool:
        """Whether a row has all that it needs."""
        missing = [column.header for column in sheets.SHEETS[sheet] if column.required and not row.text(column.header)]
        for header in missing:
            self.fault(row, header, lambda: _("必填，不能为空。"))
        return not missing

    def attempt(self, row: tabular.Row, header: str, work: Callable[[], Any]) -> bool:
        """Do something that may be refused, in a savepoint; a refusal is noted at the cell."""
        refused = refusal(work)
        if refused:
            self.fault(row, header, lambda: refusal(work) or refused)
        return not refused


def words_of(labels: dict[str, roles.Labels]) -> str:
    """The words of a closed list in the language now active."""
    language = translation.get_language() or LANGUAGES[0]
    return ", ".join(texts.get(language, texts["en"]) for texts in labels.values())


def refusal(work: Callable[[], Any]) -> str:
    """Why a piece of work is refused, in the language now active; empty when it was done."""
    try:
        with transaction.atomic():
            work()
    except GroundplanError as error:
        return error.detail
    return ""


def tables_in(content: bytes, filename: str) -> dict[str, tabular.Table]:
    """The sheets of a file by what they hold; one table without such a name is known by its headers.

    Raises:
        UnreadableTable: the file is no table, or none of its sheets is one of ours.
    """
    if content[:2] == b"PK":
        try:
            names = load_workbook(io.BytesIO(content), read_only=True).sheetnames
        except (KeyError, ValueError, OSError, BadZipFile) as error:
            raise tabular.UnreadableTable(_("文件 %(name)s 不是完好的工作簿。") % {"name": filename}) from error
        found = {name: tabular.read_table(content, filename, name) for name in sheets.SHEETS if name in names}
        if found:
            for name, table in found.items():
                table.require(*(column.header for column in sheets.SHEETS[name] if column.required))
            return found
    table = tabular.read_table(content, filename)
    name = sheets.sheet_of(table.headers)
    if not name:
        raise tabular.UnreadableTable(
            _("文件 %(name)s 的表头不是机构、人员或关系表。") % {"name": filename},
            accepted="；".join(
                f"{sheet}：" + "、".join(column.header for column in columns if column.required)
                for sheet, columns in sheets.SHEETS.items()
            ),
            next_step=_("请下载模板，把数据粘贴到对应的工作表。"),
        )
    return {name: table}


def take_units(work: Import, table: tabular.Table) -> None:
    """Enter new units, change known ones by their code."""
    seen: set[str] = set()
    for row in table.rows:
        if work.complete(row, "机构"):
            _check_unit(work, row, seen)
            seen.add(row.text("编码"))


def _check_unit(work: Import, row: tabular.Row, seen: set[str]) -> None:
    code, division = row.text("编码"), row.text("行政区划代码")
    kind, (start, end) = work.choice(row, "类型", roles.KINDS), work.days(row)
    if code in seen:
        work.fault(row, "编码", lambda: _("编码 %(code)s 在本文件中重复。") % {"code": code})
    elif len(code) > CODE_MAX:
        work.fault(row, "编码", lambda: _("编码过长，最多 %(most)s 个字符。") % {"most": CODE_MAX})
    elif kind and (
        not division or work.attempt(row, "行政区划代码", lambda: identifiers.check_division_code(division))
    ):
        _take_unit(work, row, kind, start, end)


def _take_unit(work: Import, row: tabular.Row, kind: str, start: dt.date | None, end: dt.date | None) -> None:
    code = row.text("编码")
    name = _label(row.text("名称"), row.text("英文名称"))
    fields: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "short_name": _label(row.text("简称"), ""),
        "division_code": row.text("行政区划代码"),
        "address": row.text("地址")[:200],
        "public_phone": row.text("公开电话")[:40],
        "duties": _label(row.text("职责"), ""),
    }
    party = Party.objects.filter(code=code).first()
    if party is None:
        party = Party(code=code, valid_from=start or today(), sort_key=sort_key(name), **fields)
        party.save(force_insert=True)
        work.counts["created"] += 1
    else:
        changed = {name: value for name, value in fields.items() if getattr(party, name) != value}
        if start and start != party.valid_from:
            changed["valid_from"] = start
        if changed:
            changed |= {"version": party.version + 1, "sort_key": sort_key(name)}
            Party.objects.filter(pk=party.pk).update(**changed)
            party.refresh_from_db()
        work.counts["updated" if changed else "unchanged"] += 1
    if end and party.valid_until != end:
        work.attempt(row, "终止日期", lambda: close_party(party, end))
    number = row.text("统一社会信用代码")
    if number:
        work.attempt(row, "统一社会信用代码", lambda: make_identifier(party, "credit_code", number))
    work.parties[code] = survivor(party)


def take_relations(work: Import, table: tabular.Table) -> None:
    """Enter new relations, end known ones; ends come first, so that a unit can change its superior in one file."""
    rows = []
    for row in table.rows:
        if not work.complete(row, "关系"):
            continue
        lower, upper = work.party(row, "机构编码"), work.party(row, "对方机构编码")
        kind, (start, end) = work.choice(row, "关系", roles.RELATIONS), work.days(row)
        if lower and upper and kind:
            rows.append((row, lower, upper, kind, start, end))
    for row, lower, upper, kind, start, end in sorted(rows, key=lambda item: item[5] is None):
        known = Relation.objects.filter(kind=kind, from_party=lower, to_party=upper)
        same = known.filter(valid_from=start).first() if start else known.on().first()
        if same is None:
            made = Relation(kind=kind, from_party=lower, to_party=upper, valid_from=start or today(), valid_until=end)
            if work.attempt(row, "关系", partial(insert_relation, made)):
                work.counts["created"] += 1
        elif end and same.valid_until != end:
            Relation.objects.filter(pk=same.pk).update(valid_until=end)
            work.counts["updated"] += 1
        else:
            work.counts["unchanged"] += 1


def take_people(work: Import, table: tabular.Table) -> None:
    """Open accounts, change names, enter personal numbers, give roles."""
    for row in table.rows:
        if not work.complete(row, "人员"):
            continue
        user = _take_user(work, row)
        if user is None:
            continue
        for header in NUMBERS:
            _take_number(work, row, user, header)
        _take_role(work, row, user)


def _take_user(work: Import, row: tabular.Row) -> User | None:
    username, name = row.text("用户名"), row.text("姓名")
    user = User.objects.filter(username=username).first()
    if user is None and not work.actor.has_role("system_admin"):
        work.fault(row, "用户名", lambda: _("没有这个用户；账号由系统管理员建立。"))
        return None
    if user is None:
        user = User(username=username[:64], display_name=name[:64])
        user.set_unusable_password()
        user.save(force_insert=True)
        work.counts["created"] += 1
    elif user.display_name != name and work.actor.has_role("system_admin"):
        User.objects.filter(pk=user.pk).update(display_name=name[:64])
        work.counts["updated"] += 1
    else:
        work.counts["unchanged"] += 1
    return user


def _take_number(work: Import, row: tabular.Row, user: User, header: str) -> None:
    """Enter a personal number at the person that the user is, who becomes a party with the first one."""
    scheme, number = NUMBERS[header], row.text(header)
    if not number or not work.attempt(row, header, lambda: checked(scheme, number)):
        return
    if user.person is None:
        name = {"zh-hans": row.text("姓名")}
        code = f"person:{user.public_id}"
        user.person = Party.objects.create(kind="person", code=code, name=name, sort_key=sort_key(name))
        user.save(update_fields=["person"])
    person = user.person
    work.attempt(row, header, lambda: make_identifier(person, scheme, number))


def _take_role(work: Import, row: tabular.Row, user: User) -> None:
    role, (start, end) = work.choice(row, "角色", roles.ROLES), work.days(row)
    if not role:
        return
    if not row.text("机构编码"):
        work.fault(row, "机构编码", lambda: _("有角色的人员必须填写机构编码。"))
        return
    party = work.party(row, "机构编码")
    if party is None:
        return
    if not work.actor.has_role("security_admin") or work.actor.user_id == user.pk:
        work.fault(
            row, "角色", lambda: _("角色由安全管理员授予，且不得授予本人。请先导入账号，再由安全管理员导入角色。")
        )
        return
    held = Membership.objects.filter(user=user, party=party, role=role, territory=row.text("属地"))
    same = held.filter(valid_from=start).first() if start else held.on().first()
    if same is None:
        made = Membership(
            user=user, party=party, role=role, territory=row.text("属地"), valid_from=start or today(),
            valid_until=end, granted_by_id=work.actor.user_id,
        )  # fmt: skip
        if work.attempt(row, "角色", lambda: insert_membership(made)):
            work.counts["roles"] += 1
    elif end and same.valid_until != end:
        Membership.objects.filter(pk=same.pk).update(valid_until=end)
        work.counts["roles"] += 1


def _label(chinese: str, english: str) -> roles.Labels:
    return {language: text for language, text in (("zh-hans", chinese), ("en", english)) if text}
