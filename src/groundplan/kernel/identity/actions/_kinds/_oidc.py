"""OpenID Connect: any house that publishes how it works (Discovery 1.0), by code, nonce and PKCE."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from groundplan.kernel.identity.actions._kinds._houses import ask, code_of
from groundplan.kernel.identity.actions._refusals import refused
from groundplan.kernel.identity.logic import claims
from groundplan.kernel.identity.models import Source
from groundplan.kernel.identity.registry import Coming, Going, Outsider
from groundplan.lib import clock, crypto

AGE = dt.timedelta(hours=24)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# RFC 8176: what says that more than one factor was shown.
STRONG = {"mfa", "otp", "hwk", "swk", "sc", "fpt", "face"}


def prepare(source: Source) -> None:
    """Fetch what the house publishes, and keep it.

    Raises:
        SourceRefused: it says another issuer, or names no addresses.
    """
    found = ask("GET", f"{source.address}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != source.address:
        raise refused("other-issuer")
    scheme = urlsplit(source.address).scheme
    if any(urlsplit(str(found.get(name, ""))).scheme != scheme for name in ENDPOINTS):
        raise refused("no-endpoints")
    keys = ask("GET", found["jwks_uri"])
    source.published = {name: found[name] for name in (*ENDPOINTS, "issuer")} | {"keys": keys.get("keys", [])}
    source.published_at = clock.world()
    Source.objects.filter(pk=source.pk).update(published=source.published, published_at=source.published_at)


def begin(source: Source, going: Going) -> str:
    """Core 1.0, clause 3.1.2.1, with RFC 7636."""
    asked = {
        "response_type": "code", "client_id": source.options["client_id"], "redirect_uri": going.back,
        "scope": source.options.get("scope", "openid profile"), "state": going.state, "nonce": going.nonce,
        "code_challenge": going.challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{_published(source)['authorization_endpoint']}?{urlencode(asked)}"


def finish(source: Source, coming: Coming) -> Outsider:
    """Change the code for an ID token, and believe that only as far as its signature goes."""
    published = _published(source)
    if coming.asked.get("iss", published["issuer"]) != published["issuer"]:
        raise refused("other-issuer")  # RFC 9207: an answer of another house.
    secret = crypto.decrypt(bytes(source.sealed))
    basic = f"{quote(source.options['client_id'], safe='')}:{quote(secret, safe='')}"
    form = {
        "grant_type": "authorization_code", "code": code_of(coming.asked), "redirect_uri": coming.back,
        "code_verifier": coming.verifier,
    }  # fmt: skip
    headers = {"authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"}
    answer = ask("POST", published["token_endpoint"], form=form, headers=headers)
    said = _believed(source, answer, coming)
    methods = said.get("amr")
    strong = bool(STRONG & {str(each) for each in methods}) if isinstance(methods, list) else False
    return Outsider(said["sub"], str(said.get("name") or said.get("preferred_username") or "")[:64], strong)


def _believed(source: Source, answer: Any, coming: Coming) -> dict[str, Any]:
    """The claims; keys that the house changed meanwhile are fetched once."""
    token, used = answer.get("id_token"), answer.get("access_token")
    if not isinstance(token, str):
        raise refused("no-id-token")
    for again in (True, False):
        try:
            return claims.checked(
                token, keys={"keys": source.published["keys"]}, issuer=source.published["issuer"],
                client=source.options["client_id"], nonce=coming.nonce, now=clock.world().timestamp(),
                used=used if isinstance(used, str) else "",
            )  # fmt: skip
        except claims.KeyUnknown:
            if again:
                prepare(source)
        except claims.ClaimsWrong:
            break
    raise refused("token-wrong")


def _published(source: Source) -> dict[str, Any]:
    if source.published_at is None or clock.world() - source.published_at > AGE:
        prepare(source)
    return dict(source.published)
