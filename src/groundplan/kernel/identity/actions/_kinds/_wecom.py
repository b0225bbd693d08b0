"""政务微信: signing in by scanning, and inside the app; the house is the city's own or the public one."""

from __future__ import annotations

from urllib.parse import urlencode

from groundplan.kernel.identity.actions._kinds._houses import ask, at, code_of
from groundplan.kernel.identity.actions._refusals import refused
from groundplan.kernel.identity.models import Source
from groundplan.kernel.identity.registry import Coming, Going, Outsider
from groundplan.lib import crypto


def begin(source: Source, going: Going) -> str:
    """The page with the code to scan."""
    asked = {
        "appid": source.options["corp_id"], "agentid": source.options["agent_id"], "redirect_uri": going.back,
        "state": going.state,
    }  # fmt: skip
    return f"{source.options['login_address'].rstrip('/')}/wwopen/sso/qrConnect?{urlencode(asked)}"


def finish(source: Source, coming: Coming) -> Outsider:
    """A token for our secret, then the member for the code; somebody from outside the organisation has no user id."""
    secret = crypto.decrypt(bytes(source.sealed))
    asked = urlencode({"corpid": source.options["corp_id"], "corpsecret": secret})
    token = at(_said(ask("GET", f"{source.address}/cgi-bin/gettoken?{asked}")), "access_token")
    asked = urlencode({"access_token": token, "code": code_of(coming.asked)})
    found = _said(ask("GET", f"{source.address}/cgi-bin/auth/getuserinfo?{asked}"))
    subject = at(found, "userid") or at(found, "UserId")
    if not subject:
        raise refused("not-a-member")
    return Outsider(subject)


def _said(answer: dict[str, object]) -> dict[str, object]:
    if answer.get("errcode") != 0:
        raise refused(f"code-{answer.get('errcode')}"[:40])
    return answer
