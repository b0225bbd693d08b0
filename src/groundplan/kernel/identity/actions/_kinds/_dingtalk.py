"""政务钉钉: signing in by scanning; every call to the platform is signed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from groundplan.kernel.identity.actions._kinds._houses import ask, at, code_of
from groundplan.kernel.identity.actions._refusals import refused
from groundplan.kernel.identity.models import Source
from groundplan.kernel.identity.registry import Coming, Going, Outsider
from groundplan.lib import clock, crypto, platform_signature

TOKEN = "/gettoken.json"  # noqa: S105 - a path.
PERSON = "/rpc/oauth2/getuserinfo_bycode.json"


def begin(source: Source, going: Going) -> str:
    """The page with the code to scan. It does not promise to hand ``state`` back, so our address carries it."""
    asked = {
        "response_type": "code", "client_id": source.options["app_id"], "scope": "get_user_info", "authType": "QRCODE",
        "redirect_uri": f"{going.back}?{urlencode({'state': going.state})}",
    }  # fmt: skip
    return f"{source.options['login_address'].rstrip('/')}/oauth2/auth.htm?{urlencode(asked)}"


def finish(source: Source, coming: Coming) -> Outsider:
    """A token for our key and secret, then the person for the code; two tenants may use the same account number."""
    secret = crypto.decrypt(bytes(source.sealed))
    found = _said(_call(source, secret, "GET", TOKEN, {"appkey": source.options["app_key"], "appsecret": secret}))
    token = at(found, "accessToken")
    given = {"access_token": token, "code": code_of(coming.asked)}
    person = _said(_call(source, secret, "POST", PERSON, given))
    account, tenant = at(person, "accountId"), at(person, "realmId") or at(person, "tenantId")
    if not account:
        raise refused("no-subject")
    return Outsider(f"{tenant}${account}", (at(person, "nickNameCn") or at(person, "lastName"))[:64])


def _call(source: Source, secret: str, method: str, path: str, values: dict[str, str]) -> Any:
    headers = platform_signature.headers(
        source.options["app_key"], secret, method=method, path=path, values=values, moment=clock.world()
    )
    if method == "GET":
        return ask("GET", f"{source.address}{path}?{urlencode(values)}", headers=headers)
    return ask("POST", f"{source.address}{path}", form=values, headers=headers)


def _said(answer: Any) -> Any:
    """What the platform says inside; it says twice whether it went well."""
    content = answer.get("content")
    if answer.get("success") is not True or not isinstance(content, dict) or content.get("success") is not True:
        code = at(answer, "content.responseCode") or at(answer, "errorCode")
        raise refused(f"code-{code}"[:40] if code else "error")
    return content.get("data")
