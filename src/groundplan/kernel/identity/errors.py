"""What can go wrong with identity."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, GroundplanError, Invalid, NotAllowed, NotFound


class ClientNotFound(NotFound):
    """No such client."""

    code = "client-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个接入应用", "en": "No such client"}


class ClientInvalid(Invalid):
    """A client is described incompletely or wrongly."""

    code = "client-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "接入应用填写有误", "en": "The client is described wrongly"}


class SourceNotFound(NotFound):
    """No such source of identities, or it is not in use."""

    code = "source-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个身份源", "en": "No such source of identities"}


class SourceInvalid(Invalid):
    """A source is described incompletely or wrongly."""

    code = "source-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "身份源填写有误", "en": "The source is described wrongly"}


class OnePersonTwice(NotAllowed):
    """Whoever proposes does not approve."""

    code = "one-person-twice"
    title: ClassVar[dict[str, str]] = {"zh-hans": "提出人不得审批", "en": "The proposer does not approve"}


class SourceRefused(GroundplanError):
    """A source did not say who somebody is; ``reason`` is a short code."""

    code = "source-refused"
    status = 502
    title: ClassVar[dict[str, str]] = {"zh-hans": "未能确认身份", "en": "Identity was not confirmed"}


class SignInStale(Invalid):
    """The browser came back without having been sent, too late, or twice."""

    code = "sign-in-stale"
    status = 400
    title: ClassVar[dict[str, str]] = {"zh-hans": "登录已过期", "en": "This sign-in has run out"}


class IdentityUntied(NotAllowed):
    """The source knows the person, but no account here is tied to it."""

    code = "identity-untied"
    title: ClassVar[dict[str, str]] = {"zh-hans": "尚未绑定账号", "en": "Not tied to an account"}


class TieTaken(Conflict):
    """The identity, or the account at this source, is tied already."""

    code = "tie-taken"
    title: ClassVar[dict[str, str]] = {"zh-hans": "已有绑定", "en": "Tied already"}


class TieNotFound(NotFound):
    """No such tie of this account."""

    code = "tie-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个绑定", "en": "No such tie"}


class ScopeTooSmall(NotAllowed):
    """The token was given for reading only (RFC 6750, clause 3.1)."""

    code = "scope-too-small"
    title: ClassVar[dict[str, str]] = {"zh-hans": "令牌仅限查询", "en": "The token is for reading only"}
