"""Errors of the ledger (docs/ledger.md)."""

from __future__ import annotations

from groundplan.lib.errors import Conflict, GroundplanError, Invalid, NotFound


class OutsideTransaction(GroundplanError):
    """An entry was recorded outside the transaction of the change that it speaks of: a fault of the program."""

    code = "outside-transaction"
    status = 500
    title = {"zh-hans": "不在事务中", "en": "Outside a transaction"}


class EntryInvalid(Invalid):
    """An entry has no actor, action or subject, or one that is too long."""

    code = "entry-invalid"
    title = {"zh-hans": "留痕内容有误", "en": "Invalid entry"}


class EntryNotFound(NotFound):
    """No entry has this id."""

    code = "entry-not-found"
    title = {"zh-hans": "未找到留痕记录", "en": "Entry not found"}


class NotYetIntegrated(Conflict):
    """The entry is recorded, but no signed tree head covers it yet."""

    code = "not-yet-integrated"
    title = {"zh-hans": "记录尚未并入日志", "en": "Not yet integrated"}


class SizeOutOfRange(Invalid):
    """A tree size or leaf index that the log does not have."""

    code = "size-out-of-range"
    title = {"zh-hans": "超出日志范围", "en": "Outside the log"}
