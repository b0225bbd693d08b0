"""Programs and applications that ask for tokens: two people, keyed hashes, single-use codes."""

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from joserfc import jwk, jwt

from groundplan.kernel.identity import actions, errors, queries
from groundplan.kernel.identity.models import Client, Code, Token
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_player
from groundplan.lib import clock
from groundplan.lib.errors import Conflict, NotAllowed

BACK = "https://app.example.org/back"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def keeper(cast):
    return make_player(cast.officer.unit, "system_admin", "keeper")


@pytest.fixture
def guard(cast):
    return make_player(cast.officer.unit, "security_admin", "guard")


@pytest.fixture
def machine(cast, keeper, guard):
    row = actions.propose_client(
        actor=keeper.actor, kind="machine", name="交通数据程序", unit=cast.officer.unit, scopes=["read", "write"],
        username="app-traffic",
    )  # fmt: skip
    actions.decide_client(actor=guard.actor, client=row.public_id, grant=True)
    return Client.objects.get(pk=row.pk), actions.renew_secret(actor=keeper.actor, client=row.public_id)


@pytest.fixture
def site(cast, keeper, guard):
    row = actions.propose_client(
        actor=keeper.actor, kind="site", name="城管通", unit=cast.officer.unit, scopes=["openid", "profile", "units"],
        redirect_uris=[BACK],
    )  # fmt: skip
    actions.decide_client(actor=guard.actor, client=row.public_id, grant=True)
    return Client.objects.get(pk=row.pk), actions.renew_secret(actor=keeper.actor, client=row.public_id)


def ask(client, form, path="/oauth/token"):
    row, secret = client
    basic = base64.b64encode(f"{row.client_id}:{secret}".encode()).decode()
    return Browser().post(path, form, headers={"Authorization": f"Basic {basic}"})


def bearer(client, scope="read write"):
    return ask(client, {"grant_type": "client_credentials", "scope": scope}).json()["access_token"]


def test_a_program_does_what_its_account_may_and_no_more(machine, cast, guard):
    token = bearer(machine)
    assert token.startswith("gpc_")
    headers = {"Authorization": f"Bearer {token}"}
    assert Browser().get("/api/v1/identity/clients", headers=headers).json() == {"items": [], "next": None}
    account = machine[0].account
    assert not account.has_usable_password()
    parties.grant_membership(actor=guard.actor, user=account, party=cast.officer.unit, role="audit_admin")
    assert len(Browser().get("/api/v1/identity/clients", headers=headers).json()["items"]) == 1


def test_a_token_for_reading_does_not_write(machine):
    token = bearer(machine, "read")
    headers = {"Authorization": f"Bearer {token}"}
    assert Browser().get("/api/v1/notices", headers=headers).status_code == 200
    refused = Browser().post("/api/v1/identity/clients", "{}", content_type="application/json", headers=headers)
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("scope-too-small")


def test_a_scope_that_was_not_granted_is_left_out(cast, keeper, guard):
    row = actions.propose_client(
        actor=keeper.actor, kind="machine", name="只读", unit=cast.officer.unit, scopes=["read"], username="app-read"
    )
    actions.decide_client(actor=guard.actor, client=row.public_id, grant=True)
    secret = actions.renew_secret(actor=keeper.actor, client=row.public_id)
    answer = ask((row, secret), {"grant_type": "client_credentials", "scope": "read write"})
    assert answer.json().get("scope", "") == "read"


def test_secrets_and_tokens_stand_nowhere_in_the_clear(machine):
    token = bearer(machine)
    row = Client.objects.get(pk=machine[0].pk)
    kept = bytes(row.hashed) + bytes(Token.objects.get().found_by)
    assert machine[1].encode() not in kept
    assert token.encode() not in kept
    said = str([vars(each) for each in Pending.objects.all()])
    assert machine[1] not in said
    assert token not in said


@pytest.mark.parametrize("change", ["pause", "end"])
def test_what_was_given_opens_nothing_once_the_client_stands_still(machine, keeper, change):
    token = bearer(machine)
    actions.change_client(actor=keeper.actor, client=machine[0].public_id, change=change)
    assert Browser().get("/api/v1/notices", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert ask(machine, {"grant_type": "client_credentials"}).status_code == 401


def test_a_changed_secret_leaves_a_day_and_a_leaked_one_none(machine, keeper):
    row, first = machine
    token = bearer(machine)
    second = actions.renew_secret(actor=keeper.actor, client=row.public_id)
    assert ask((row, first), {"grant_type": "client_credentials"}).status_code == 200
    Client.objects.filter(pk=row.pk).update(previous_until=clock.world() - timedelta(seconds=1))
    assert ask((row, first), {"grant_type": "client_credentials"}).status_code == 401
    third = actions.renew_secret(actor=keeper.actor, client=row.public_id, at_once=True)
    assert ask((row, second), {"grant_type": "client_credentials"}).status_code == 401
    assert ask((row, third), {"grant_type": "client_credentials"}).status_code == 200
    assert Browser().get("/api/v1/notices", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_token_that_was_taken_back_or_has_run_out_opens_nothing(machine):
    token = bearer(machine)
    assert ask(machine, {"token": token}, "/oauth/revoke").status_code == 200
    assert queries.token_named(token) is None
    other = bearer(machine)
    Token.objects.update(expires_at=clock.world() - timedelta(seconds=1))
    assert queries.token_named(other) is None
    Token.objects.update(expires_at=clock.world() - timedelta(days=2))
    assert actions.forget_tokens() == 2


def test_one_person_does_not_let_a_client_in(cast, keeper, guard):
    row = actions.propose_client(
        actor=keeper.actor, kind="machine", name="程序", unit=cast.officer.unit, scopes=["read"], username="app-x"
    )
    with pytest.raises(NotAllowed):
        actions.decide_client(actor=keeper.actor, client=row.public_id, grant=True)
    with pytest.raises(Conflict):
        actions.renew_secret(actor=keeper.actor, client=row.public_id)
    Client.objects.filter(pk=row.pk).update(proposed_by=guard.user)
    with pytest.raises(errors.OnePersonTwice):
        actions.decide_client(actor=guard.actor, client=row.public_id, grant=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=row.pk).update(decided_by=guard.user)


def test_a_refused_program_leaves_no_open_account(cast, keeper, guard):
    row = actions.propose_client(
        actor=keeper.actor, kind="machine", name="程序", unit=cast.officer.unit, scopes=["read"], username="app-x"
    )
    actions.decide_client(actor=guard.actor, client=row.public_id, grant=False)
    row.account.refresh_from_db()
    assert not row.account.is_active
    with pytest.raises(Conflict):
        actions.decide_client(actor=guard.actor, client=row.public_id, grant=True)


WRONG = [
    ({"kind": "robot"}, ["kind"]),
    ({"username": "A b"}, ["username"]),
    ({"scopes": ["openid"]}, ["scopes"]),
    ({"scopes": []}, ["scopes"]),
    ({"name": " "}, ["name"]),
    ({"kind": "site", "scopes": ["openid"], "redirect_uris": []}, ["redirect_uris"]),
    ({"kind": "site", "scopes": ["profile"], "redirect_uris": [BACK]}, ["scopes"]),
]
ADDRESSES = [
    "http://app.example.org/back", "https://app.example.org/back#part", "javascript:alert(1)", "https://u@app.example.org/",
    "https://*.example.org/", "/back", "https://app.example.org/a b", "https:///back", "https://app.example.org\\@evil",
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "fields"),
    WRONG
    + [({"kind": "site", "scopes": ["openid"], "redirect_uris": [each]}, ["redirect_uris"]) for each in ADDRESSES],
)
def test_what_is_wrong_is_named(cast, keeper, given, fields):
    asked = {"kind": "machine", "name": "程序", "scopes": ["read"], "username": "app-x", **given}
    with pytest.raises(errors.ClientInvalid) as refused:
        actions.propose_client(actor=keeper.actor, unit=cast.officer.unit, **asked)
    assert refused.value.extra["fields"] == fields
    assert Client.objects.count() == 0


def test_an_outsider_sees_and_changes_nothing(cast, machine, site):
    outsider, row = cast.outsider, machine[0]
    assert outsider.client.get("/identity/clients").status_code == 403
    assert outsider.client.get(f"/identity/clients/{row.public_id}").status_code == 403
    headers = {"Authorization": f"Bearer {outsider.token}"}
    assert Browser().get("/api/v1/identity/clients", headers=headers).json()["items"] == []
    assert Browser().get(f"/api/v1/identity/clients/{row.public_id}", headers=headers).status_code == 404
    assert Browser().get("/api/v1/identity/sources", headers=headers).json() == []
    body = json.dumps(
        {"kind": "machine", "name": "x", "unit": cast.officer.unit.code, "scopes": ["read"], "username": "app-y"}
    )
    answer = Browser().post("/api/v1/identity/clients", body, content_type="application/json", headers=headers)
    assert answer.status_code == 403
    for change in ("pause", "secret", "end"):
        assert Browser().post(f"/api/v1/identity/clients/{row.public_id}/{change}", headers=headers).status_code == 403
    assert Client.objects.count() == 2
    assert Client.objects.filter(state="active").count() == 2


def test_the_api_proposes_decides_and_makes_a_secret(cast, keeper, guard):
    asked = {
        "kind": "site",
        "name": "城管通",
        "unit": cast.officer.unit.code,
        "scopes": ["openid"],
        "redirect_uris": [BACK],
    }
    headers = {"Authorization": f"Bearer {keeper.token}", "Idempotency-Key": "one"}

    def post():
        path = "/api/v1/identity/clients"
        return Browser().post(path, json.dumps(asked), content_type="application/json", headers=headers)

    made = post().json()
    assert post().json() == made
    assert made["state"] == "proposed"
    path = f"/api/v1/identity/clients/{made['id']}"
    second = {"Authorization": f"Bearer {guard.token}"}
    decided = Browser().post(f"{path}/decision", '{"grant": true}', content_type="application/json", headers=second)
    assert decided.json()["state"] == "active"
    secret = Browser().post(f"{path}/secret", headers=headers).json()
    assert secret["client_id"] == made["client_id"]
    assert "client_secret" not in Browser().get(path, headers=headers).json()


def authorize(site, browser, **more):
    asked = {
        "response_type": "code", "client_id": site[0].client_id, "redirect_uri": BACK, "scope": "openid profile units",
        "state": "s-1", "nonce": "n-1", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **more,
    }  # fmt: skip
    return {name: value for name, value in asked.items() if value is not None}


def code_from(answer):
    assert answer.status_code == 302, answer.content.decode()[-400:]
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def allowed(site, browser, **more):
    path = "/oauth/authorize?" + urlencode(authorize(site, browser, **more))
    return code_from(browser.post(path, {"allow": "yes"}))


def exchange(site, code, **more):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER, **more}
    return ask(site, form)


def test_an_application_learns_what_was_allowed_and_nothing_else(site, cast):
    browser = cast.officer.client
    page = browser.get("/oauth/authorize", authorize(site, browser))
    assert "城管通" in page.content.decode()
    assert "form-action 'self' https://app.example.org" in page["Content-Security-Policy"]
    given = allowed(site, browser)
    assert given["state"] == "s-1"
    answer = exchange(site, given["code"]).json()
    published = Browser().get("/oauth/jwks").json()
    claims = jwt.decode(answer["id_token"], jwk.KeySet.import_key_set(published), algorithms=["RS256"]).claims
    assert claims["iss"] == "http://testserver"
    assert claims["aud"] == [site[0].client_id]
    assert claims["nonce"] == "n-1"
    assert claims["name"] == cast.officer.user.display_name
    assert claims["units"][0]["code"] == cast.officer.unit.code
    assert claims["sub"] != cast.officer.actor.actor_id
    told = Browser().get("/oauth/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}).json()
    assert told["sub"] == claims["sub"]
    # The token opens nothing of ours but that.
    assert (
        Browser().get("/api/v1/notices", headers={"Authorization": f"Bearer {answer['access_token']}"}).status_code
        == 401
    )
    # Allowed before, nobody is asked again.
    again = browser.get("/oauth/authorize", authorize(site, browser, nonce="n-2"))
    assert code_from(again)["code"]


def test_two_applications_know_a_person_by_different_ids(site, cast, keeper, guard):
    other = actions.propose_client(
        actor=keeper.actor, kind="site", name="另一个", unit=cast.officer.unit, scopes=["openid"], redirect_uris=[BACK]
    )
    ids = {queries.subject_for(each, cast.officer.user) for each in (site[0], other)}
    assert len(ids) == 2


def test_a_code_opens_once_and_a_second_use_ends_what_it_had_opened(site, cast):
    given = allowed(site, cast.officer.client)
    token = exchange(site, given["code"]).json()["access_token"]
    assert queries.token_named(token) is not None
    again = exchange(site, given["code"])
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    assert queries.token_named(token) is None


def test_a_code_opens_only_for_its_client_its_verifier_its_address_and_a_minute(site, cast, keeper, guard):
    browser = cast.officer.client
    other = actions.propose_client(
        actor=keeper.actor, kind="site", name="另一个", unit=cast.officer.unit, scopes=["openid"], redirect_uris=[BACK]
    )
    actions.decide_client(actor=guard.actor, client=other.public_id, grant=True)
    theirs = (other, actions.renew_secret(actor=keeper.actor, client=other.public_id))
    code = allowed(site, browser)["code"]
    assert exchange(theirs, code).json()["error"] == "invalid_grant"
    assert exchange(site, code, code_verifier="w" * 64).json()["error"] == "invalid_grant"
    assert exchange(site, code, code_verifier="").status_code == 400
    assert exchange(site, code, redirect_uri="https://evil.example.org/").json()["error"] == "invalid_grant"
    assert ask((site[0], "wrong"), {"grant_type": "authorization_code", "code": code}).status_code == 401
    Code.objects.update(expires_at=clock.world() - timedelta(seconds=1))
    assert exchange(site, code).json()["error"] == "invalid_grant"
    assert Token.objects.count() == 0


@pytest.mark.parametrize(
    "twist",
    [
        {"redirect_uri": "https://evil.example.org/back"},
        {"redirect_uri": BACK + "/more"},
        {"redirect_uri": None},
        {"client_id": "gp-unknown"},
    ],
)
def test_a_browser_is_not_sent_to_an_address_that_was_not_registered(site, cast, twist):
    browser = cast.officer.client
    answer = browser.get("/oauth/authorize", authorize(site, browser, **twist))
    assert answer.status_code == 400
    assert "evil" not in answer.headers.get("Location", "")


def test_neither_challenge_nor_nonce_is_refused_and_a_plain_challenge_too(site, cast):
    browser = cast.officer.client
    for twist in (
        {"nonce": None, "code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ):
        answer = browser.get("/oauth/authorize", authorize(site, browser, **twist))
        assert "error=" in answer["Location"]
        assert answer["Location"].startswith(BACK)


def test_saying_no_gives_nothing_and_no_prompt_asks_nobody(site, cast):
    browser = cast.officer.client
    path = "/oauth/authorize?" + urlencode(authorize(site, browser))
    assert code_from(browser.post(path, {"deny": "yes"}))["error"] == "access_denied"
    silent = browser.get("/oauth/authorize", authorize(site, browser, prompt="none"))
    assert "error=" in silent["Location"]
    stranger = Browser().get("/oauth/authorize", authorize(site, browser))
    assert stranger["Location"].startswith("/sign-in?next=")
    nobody = Browser().get("/oauth/authorize", authorize(site, browser, prompt="none"))
    assert "error=login_required" in nobody["Location"]
    assert Code.objects.count() == 0


def test_somebody_shown_long_ago_is_asked_anew(site, cast):
    browser = cast.officer.client
    answer = browser.get("/oauth/authorize", authorize(site, browser, prompt="login"))
    assert answer["Location"].startswith("/account/identity?next=")


def test_consent_that_is_taken_back_ends_tokens_and_is_asked_for_again(site, cast):
    browser = cast.officer.client
    token = exchange(site, allowed(site, browser)["code"]).json()["access_token"]
    consent = queries.consents_of(cast.officer.actor)[0]
    with pytest.raises(errors.TieNotFound):
        actions.take_consent_back(actor=cast.outsider.actor, consent=consent.public_id)
    assert browser.post(f"/account/identities/consents/{consent.public_id}/end").status_code == 302
    assert queries.token_named(token) is None
    assert browser.get("/oauth/authorize", authorize(site, browser, nonce="n-2")).status_code == 200


def test_a_closed_account_gives_no_token(site, cast, keeper):
    code = allowed(site, cast.officer.client)["code"]
    parties.close_user(actor=keeper.actor, user=cast.officer.user)
    assert exchange(site, code).json()["error"] == "invalid_grant"


def test_what_we_publish_is_whole_and_a_new_key_leaves_the_old_one_published(settings, tmp_path, cast):
    settings.STATE = tmp_path
    found = Browser().get("/.well-known/openid-configuration").json()
    assert found["issuer"] == "http://testserver"
    assert {"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"} <= found.keys()
    before = Browser().get("/oauth/jwks").json()["keys"]
    made = actions.rotate_signing_key(actor=SYSTEM)
    with pytest.raises(NotAllowed):
        actions.rotate_signing_key(actor=cast.officer.actor)
    after = Browser().get("/oauth/jwks").json()["keys"]
    assert [each["kid"] for each in after] == [made, before[0]["kid"]]
    assert all("d" not in each for each in after)


def test_each_step_leaves_one_record(cast, keeper, guard):
    row = actions.propose_client(
        actor=keeper.actor, kind="site", name="城管通", unit=cast.officer.unit, scopes=["openid"], redirect_uris=[BACK]
    )
    actions.decide_client(actor=guard.actor, client=row.public_id, grant=True)
    actions.renew_secret(actor=keeper.actor, client=row.public_id)
    actions.change_client(actor=keeper.actor, client=row.public_id, change="pause")
    actions.change_client(actor=guard.actor, client=row.public_id, change="resume")
    actions.change_client(actor=SYSTEM, client=row.public_id, change="end")
    told = [each.action for each in Pending.objects.filter(subject=f"client:{row.public_id}").order_by("id")]
    assert told == [
        "identity.propose_client", "identity.decide_client", "identity.renew_secret", "identity.change_client",
        "identity.change_client", "identity.change_client",
    ]  # fmt: skip
