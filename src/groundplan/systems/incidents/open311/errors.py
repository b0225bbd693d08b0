"""What can go wrong at the door for Open311; the standard names the codes of HTTP."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Invalid, NotAllowed, NotFound


class RequestMalformed(Invalid):
    """A parameter is missing or cannot be read (the standard's 400)."""

    code = "open311-malformed"
    status = 400
    title: ClassVar[dict[str, str]] = {"zh-hans": "请求参数有误", "en": "A parameter is missing or cannot be read"}


class KeyRefused(NotAllowed):
    """The key is missing, wrong or ended (the standard's 403)."""

    code = "open311-key-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "接口密钥缺失或无效", "en": "Missing or invalid key"}


class Open311Unknown(NotFound):
    """No such service, request, token or jurisdiction (the standard's 404)."""

    code = "open311-unknown"
    title: ClassVar[dict[str, str]] = {
        "zh-hans": "没有该服务、请求或辖区",
        "en": "No such service, request or jurisdiction",
    }
