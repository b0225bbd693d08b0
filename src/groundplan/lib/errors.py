"""One family of errors: each says what happened, with the value, what is accepted, and the next step (RFC 9457)."""

from __future__ import annotations

from typing import Any, ClassVar


class GroundplanError(Exception):
    """Something a person or a program asked for could not be done.

    Subclasses set ``code`` (a stable slug, documented in docs/errors.md), ``status`` (the HTTP status) and
    ``title`` (a label in every language of the interface).

    Args:
        detail: what happened, naming the value at fault; shown to people.
        accepted: what would have been accepted.
        next_step: what to do now.
        extra: further members of the problem document; JSON values without personal data.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[dict[str, str]] = {"zh-hans": "操作未能完成", "en": "The operation could not be done"}

    def __init__(self, detail: str = "", *, accepted: str = "", next_step: str = "", **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.accepted = accepted
        self.next_step = next_step
        self.extra = extra

    def __str__(self) -> str:
        parts = [self.detail or self.code]
        if self.accepted:
            parts.append(f"Accepted: {self.accepted}")
        if self.next_step:
            parts.append(f"Next: {self.next_step}")
        return " ".join(parts)

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 problem document of this error."""
        document: dict[str, Any] = {
            "type": f"urn:groundplan:error:{self.code}",
            "title": self.title["en"],
            "status": self.status,
            "detail": self.detail,
        }
        if self.accepted:
            document["accepted"] = self.accepted
        if self.next_step:
            document["next_step"] = self.next_step
        document.update(self.extra)
        return document


class NotAllowed(GroundplanError):
    """The actor has no right to do this, or to know whether the thing exists."""

    code = "not-allowed"
    status = 403
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有权限", "en": "Not allowed"}


class NotFound(GroundplanError):
    """No such thing, or none that the actor may see."""

    code = "not-found"
    status = 404
    title: ClassVar[dict[str, str]] = {"zh-hans": "未找到", "en": "Not found"}


class Conflict(GroundplanError):
    """Somebody else was faster: the state is no longer what the actor saw."""

    code = "conflict"
    status = 409
    title: ClassVar[dict[str, str]] = {"zh-hans": "状态已变化", "en": "The state has changed"}


class Invalid(GroundplanError):
    """The input is not of the accepted form."""

    code = "invalid"
    status = 422
    title: ClassVar[dict[str, str]] = {"zh-hans": "输入有误", "en": "Invalid input"}
