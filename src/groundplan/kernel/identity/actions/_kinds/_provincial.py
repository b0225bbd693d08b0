"""省统一身份认证: plain OAuth 2.0 with the paths and names of fields that each province publishes to its cities."""

from __future__ import annotations

from urllib.parse import urlencode

from groundplan.kernel.identity.actions._kinds._houses import ask, at, code_of
from groundplan.kernel.identity.actions._refusals import refused
from groundplan.kernel.identity.models import Source
from groundplan.kernel.identity.registry import Coming, Going, Outsider
from groundplan.lib import crypto


def begin(source: Source, going: Going) -> str:
    """RFC 6749, clause 4.1.1."""
    asked = {
        "response_type": "code", "client_id": source.options["client_id"], "redirect_uri": going.back,
        "scope": source.options.get("scope", "user_info"), "state": going.state,
    }  # fmt: skip
    return f"{source.address}{source.options['authorize_path']}?{urlencode(asked)}"


def finish(source: Source, coming: Coming) -> Outsider:
    """Change the code for a token (clause 4.1.3), and ask with it who it is."""
    options = source.options
    form = {
        "grant_type": "authorization_code", "client_id": options["client_id"], "code": code_of(coming.asked),
        "client_secret": crypto.decrypt(bytes(source.sealed)), "redirect_uri": coming.back,
    }  # fmt: skip
    token = at(
        ask("POST", f"{source.address}{options['token_path']}", form=form), options.get("token_field", "access_token")
    )
    if not token:
        raise refused("no-token")
    found = ask("GET", f"{source.address}{options['user_path']}", headers={"authorization": f"Bearer {token}"})
    subject = at(found, options["subject_field"])
    if not 1 <= len(subject) <= 255:  # noqa: PLR2004 - as for OpenID Connect.
        raise refused("no-subject")
    level, wanted = at(found, options.get("level_field", "")), options.get("strong_levels", "")
    strong = bool(level) and level in [each.strip() for each in wanted.split(",")]
    return Outsider(subject, at(found, options.get("name_field", "name"))[:64], strong)
