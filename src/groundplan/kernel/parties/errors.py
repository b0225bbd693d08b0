"""What can go wrong with parties."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound


class PartyNotFound(NotFound):
    """No party has this code or id."""

    code = "party-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个机构", "en": "No such party"}


class UserNotFound(NotFound):
    """No user has this name or id."""

    code = "user-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个用户", "en": "No such user"}


class CodeTaken(Conflict):
    """Another party or user has this code."""

    code = "code-taken"
    title: ClassVar[dict[str, str]] = {"zh-hans": "编码已被使用", "en": "The code is taken"}


class RelationRefused(Invalid):
    """A relation would repeat, contradict or circle."""

    code = "relation-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "关系不成立", "en": "The relation is refused"}


class DutiesConflict(NotAllowed):
    """三员分立: one user would hold two administrator roles, or somebody would grant to themselves."""

    code = "duties-conflict"
    title: ClassVar[dict[str, str]] = {"zh-hans": "违反三员分立", "en": "Separation of duties"}


class DeputyRefused(Invalid):
    """Somebody cannot be deputy: no such role, another line of units, or a term that cannot be."""

    code = "deputy-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "不能指定该代理人", "en": "The deputy is refused"}


class PartyEnded(Conflict):
    """The party has ended or was merged into another."""

    code = "party-ended"
    title: ClassVar[dict[str, str]] = {"zh-hans": "机构已终止", "en": "The party has ended"}


class IdentifierTaken(Conflict):
    """Another party has this identifier."""

    code = "identifier-taken"
    title: ClassVar[dict[str, str]] = {"zh-hans": "证件号码已登记", "en": "The identifier is taken"}


class KeyReused(Invalid):
    """An Idempotency-Key came again with another request."""

    code = "idempotency-key-reused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "幂等键重复使用", "en": "The idempotency key was used before"}


class RequestInProgress(Conflict):
    """A request with the same Idempotency-Key is being answered."""

    code = "request-in-progress"
    title: ClassVar[dict[str, str]] = {"zh-hans": "请求正在处理", "en": "The request is in progress"}


class PasswordRefused(Invalid):
    """A new password does not satisfy the rules."""

    code = "password-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "密码不符合要求", "en": "The password is refused"}
