"""What can go wrong with second factors."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound


class CodeRefused(Invalid):
    """A code is wrong, was used before, or its time is over."""

    code = "code-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "验证未通过", "en": "The code is refused"}


class PasskeyRefused(Invalid):
    """The answer of a passkey does not hold: another site, another challenge, a copy, or a broken signature."""

    code = "passkey-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "通行密钥未通过验证", "en": "The passkey is refused"}


class SecondFactorPaused(NotAllowed):
    """Too many wrong codes: this account's second factor rests for a while."""

    code = "second-factor-paused"
    status = 429
    title: ClassVar[dict[str, str]] = {"zh-hans": "验证已暂停", "en": "Verification is paused"}


class SecondFactorRequired(NotAllowed):
    """The account's role asks for a second factor, and there is none, or this session has not shown it."""

    code = "second-factor-required"
    title: ClassVar[dict[str, str]] = {"zh-hans": "须进行双因素认证", "en": "A second factor is required"}


class FactorNotFound(NotFound):
    """The account has no such factor, or no such request is open."""

    code = "factor-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这项认证方式", "en": "No such factor"}


class FactorTaken(Conflict):
    """The factor is registered already."""

    code = "factor-taken"
    title: ClassVar[dict[str, str]] = {"zh-hans": "认证方式已登记", "en": "The factor is registered already"}


class ResetRefused(NotAllowed):
    """A reset takes two people, neither of whom is the holder of the account."""

    code = "reset-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "重置须两人办理", "en": "A reset takes two people"}
