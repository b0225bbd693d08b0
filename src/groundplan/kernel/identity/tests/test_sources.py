"""Signing in by a house outside: every adapter keeps one contract against the shipped fake."""

import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser
from joserfc import jwk

from groundplan.kernel.events.actions import _posting
from groundplan.kernel.events.errors import AddressRefused
from groundplan.kernel.identity import actions, errors, queries
from groundplan.kernel.identity.models import Source, Tie
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.tests.factories import make_cast, make_player
from groundplan.kernel.signin.models import Factor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import Conflict, NotAllowed

SECRET = "a-secret-at-the-house"
PATHS = {"authorize_path": "/authorize", "token_path": "/token", "user_path": "/user"}
KINDS = {
    "oidc": {"client_id": "city"},
    "provincial": {
        "client_id": "city", **PATHS, "subject_field": "data.userId", "name_field": "data.name",
        "level_field": "data.level", "strong_levels": "3,4",
    },
    "wecom": {"corp_id": "ww1", "agent_id": "1000002", "login_address": "HOUSE"},
    "dingtalk": {"app_key": "app-1", "app_id": "city_dingoa", "login_address": "HOUSE"},
}  # fmt: skip
SUBJECTS = {"dingtalk": "12371$person-0001"}


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def keeper(cast):
    return make_player(cast.officer.unit, "system_admin", "keeper")


@pytest.fixture
def guard(cast):
    return make_player(cast.officer.unit, "security_admin", "guard")


@pytest.fixture(scope="module")
def house_key():
    return jwk.RSAKey.generate_key(2048)


@pytest.fixture
def house(db, monkeypatch, house_key):
    monkeypatch.setattr(_posting, "TIMEOUT_S", 0.5)
    with actions.FakeHouse(SECRET, slow_s=0.8, key=house_key) as fake:
        yield fake


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def options_of(kind, house):
    return {name: house.address if text == "HOUSE" else text for name, text in KINDS[kind].items()}


def opened(kind, house, keeper, guard, **more):
    made = actions.propose_source(
        actor=keeper.actor, kind=kind, name="统一身份", address=house.address, secret=SECRET,
        options=options_of(kind, house), **more,
    )  # fmt: skip
    return actions.decide_source(actor=guard.actor, source=made.public_id, grant=True)


@pytest.fixture
def source(kind, house, keeper, guard):
    return opened(kind, house, keeper, guard)


def went(browser, source, target=""):
    """The browser goes to the house; where it was sent."""
    answer = browser.get(f"/sign-in/with/{source.public_id}", {"next": target})
    assert answer.status_code == 302, answer.content.decode()[-500:]
    return answer["Location"]


def came(browser, house, going):
    """The person confirms, the browser comes back."""
    return browser.get(house.confirm(going).replace("http://testserver", ""))


def tie(source, user, keeper):
    subject = SUBJECTS.get(source.kind, "person-0001")
    return actions.tie_account(actor=keeper.actor, source=source.public_id, username=user.username, subject=subject)


def give_factor(user):
    return Factor.objects.create(user=user, kind="totp", name="x", sealed=crypto.encrypt("JBSWY3DPEHPK3PXP"))


def is_in(browser):
    return "_auth_user_id" in browser.session


def test_a_tied_person_is_let_in_and_goes_where_they_were_going(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    browser = Browser()
    assert str(source) in browser.get("/sign-in").content.decode()
    answer = came(browser, house, went(browser, source, "/account"))
    assert answer["Location"] == "/account"
    assert browser.session["_auth_user_id"] == str(cast.officer.user.pk)
    assert Tie.objects.get().used_at is not None
    assert Pending.objects.filter(action="parties.sign_in").count() == 1


def test_a_place_outside_is_not_gone_to(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    browser = Browser()
    answer = came(browser, house, went(browser, source, "https://evil.example.org/"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")


def test_somebody_unknown_stays_out_and_is_told_what_to_do(source, house):
    browser = Browser()
    answer = came(browser, house, went(browser, source))
    assert answer.status_code == 403
    assert "绑定" in answer.content.decode()
    assert not is_in(browser)
    assert Pending.objects.filter(action="identity.refuse_sign_in").count() == 1


def test_a_resident_unknown_here_gets_an_account_without_any_role(kind, house, keeper, guard):
    source = opened(kind, house, keeper, guard, opens_accounts=True)
    browser, other = Browser(), Browser()
    came(browser, house, went(browser, source))
    user = User.objects.get(pk=browser.session["_auth_user_id"])
    assert not user.has_usable_password()
    assert not user.memberships.exists()
    came(other, house, went(other, source))
    assert other.session["_auth_user_id"] == str(user.pk)


def test_a_closed_account_stays_out(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    parties.close_user(actor=keeper.actor, user=cast.officer.user)
    browser = Browser()
    assert came(browser, house, went(browser, source)).status_code == 403
    assert not is_in(browser)


def test_an_answer_serves_once_and_only_the_browser_that_was_sent(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    browser, thief = Browser(), Browser()
    back = house.confirm(went(browser, source)).replace("http://testserver", "")
    assert thief.get(back).status_code == 400
    went(thief, source)
    assert thief.get(back).status_code == 400
    assert browser.get(back).status_code == 302
    assert browser.get(back).status_code == 400
    assert not is_in(thief)


def test_an_answer_that_comes_too_late_does_not_serve(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    browser = Browser()
    back = house.confirm(went(browser, source)).replace("http://testserver", "")
    session = browser.session
    since = (clock.world() - timedelta(hours=1)).timestamp()
    session["identity-going"] = {**session["identity-going"], "since": since}
    session.save()
    assert browser.get(back).status_code == 400
    assert not is_in(browser)


@pytest.mark.parametrize("trouble", ["refused", "error", "not-json", "slow"])
def test_a_house_in_trouble_lets_nobody_in_and_says_so(source, house, cast, keeper, trouble):
    tie(source, cast.officer.user, keeper)
    browser = Browser()
    going = went(browser, source)
    # The exchange that matters is the last one, which names the person.
    house.answers = [trouble] if source.kind == "oidc" else ["ok", trouble]
    answer = came(browser, house, going)
    assert answer.status_code == 502
    assert SECRET not in answer.content.decode()
    assert not is_in(browser)


def test_a_person_who_says_no_stays_out(source, house):
    browser = Browser()
    going = went(browser, source)
    state = parse_qs(urlsplit(house.confirm(going)).query)["state"][0]
    answer = browser.get(f"/sign-in/back/{source.public_id}", {"state": state, "error": "access_denied"})
    assert answer.status_code == 502
    assert "denied" in answer.content.decode()


def test_a_wrong_secret_lets_nobody_in(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    Source.objects.update(sealed=crypto.encrypt("another-secret"))
    browser = Browser()
    assert came(browser, house, went(browser, source)).status_code == 502
    assert not is_in(browser)


def test_a_source_that_stands_still_is_neither_offered_nor_believed(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    browser = Browser()
    back = house.confirm(went(browser, source)).replace("http://testserver", "")
    actions.change_source(actor=keeper.actor, source=source.public_id, change="pause")
    assert browser.get(back).status_code == 404
    assert str(source) not in Browser().get("/sign-in").content.decode()
    with pytest.raises(NotAllowed):
        actions.change_source(actor=keeper.actor, source=source.public_id, change="resume")


def test_ones_own_second_factor_still_counts(source, house, cast, keeper):
    tie(source, cast.officer.user, keeper)
    give_factor(cast.officer.user)
    browser = Browser()
    assert came(browser, house, went(browser, source))["Location"] == "/sign-in/second"
    assert not is_in(browser)


def test_a_factor_of_the_house_counts_where_the_city_says_so(house, cast, keeper, guard):
    source = opened("oidc", house, keeper, guard, is_strong=True)
    tie(source, cast.officer.user, keeper)
    give_factor(cast.officer.user)
    browser, other = Browser(), Browser()
    assert came(browser, house, went(browser, source))["Location"] == "/sign-in/second"
    house.person["amr"] = ["pwd", "mfa"]
    came(other, house, went(other, source))
    assert is_in(other)


def tied_by_oneself(browser, house, source):
    page = browser.post(f"/account/identities/{source.public_id}/tie").content.decode()
    return came(browser, house, page.split('btn-primary" href="')[1].split('"')[0].replace("&amp;", "&"))


def test_one_ties_ones_own_account_and_nobody_elses(source, house, cast):
    browser = cast.officer.client
    assert tied_by_oneself(browser, house, source)["Location"] == "/account/identities"
    row = Tie.objects.get()
    assert row.user == cast.officer.user
    assert "解除绑定" in browser.get("/account/identities").content.decode()
    # The identity opens one account only.
    assert tied_by_oneself(cast.outsider.client, house, source).status_code == 409
    with pytest.raises(errors.TieNotFound):
        actions.untie(actor=cast.outsider.actor, tie=row.public_id)
    browser.post(f"/account/identities/ties/{row.public_id}/end")
    assert queries.ties_of(cast.officer.actor) == []


def test_what_stands_at_the_house_is_kept_as_a_keyed_hash(source, cast, keeper):
    row = tie(source, cast.officer.user, keeper)
    kept = str([vars(each) for each in [*Tie.objects.all(), *Pending.objects.all()]])
    assert "person-0001" not in kept
    assert row.masked in {"pe…01", "12…01"}
    assert SECRET not in str(vars(Source.objects.get()))


TWISTS = [
    {"aud": "another"}, {"aud": ["city", "another"]}, {"iss": "https://evil.example.org"}, {"nonce": "another"},
    {"exp": 1}, {"sub": ""}, {"sub": 7}, {"azp": "another"}, {"sub": "x" * 300}, {"at_hash": "AAAA"},
]  # fmt: skip


@pytest.mark.parametrize("twist", TWISTS, ids=lambda each: str(each)[:30])
def test_a_token_that_says_anything_else_is_not_believed(house, cast, keeper, guard, twist):
    source = opened("oidc", house, keeper, guard)
    tie(source, cast.officer.user, keeper)
    house.twist = twist
    browser = Browser()
    assert came(browser, house, went(browser, source)).status_code == 502
    assert not is_in(browser)


def test_a_token_signed_by_somebody_else_is_not_believed(house, cast, keeper, guard):
    source = opened("oidc", house, keeper, guard)
    tie(source, cast.officer.user, keeper)
    published = dict(Source.objects.get().published)
    other = jwk.RSAKey.generate_key(2048).as_dict(private=False)
    # The keys that we believe are another's: what the house signs is to us as if a forger had signed it.
    published["keys"] = [{**other, "kid": "k1", "alg": "RS256"}]
    Source.objects.update(published=published)
    browser = Browser()
    assert came(browser, house, went(browser, source)).status_code == 502
    assert not is_in(browser)


def test_a_house_that_changes_its_keys_is_asked_for_them(house, cast, keeper, guard):
    source = opened("oidc", house, keeper, guard)
    tie(source, cast.officer.user, keeper)
    published = dict(Source.objects.get().published)
    published["keys"] = [{**published["keys"][0], "kid": "old"}]
    Source.objects.update(published=published)
    browser = Browser()
    came(browser, house, went(browser, source))
    assert is_in(browser)


def test_a_house_that_calls_itself_otherwise_is_not_taken_into_use(house, keeper, guard):
    made = actions.propose_source(
        actor=keeper.actor, kind="oidc", name="x", address=house.address, secret=SECRET, options={"client_id": "city"}
    )
    house.twist = {"issuer": "https://evil.example.org"}
    with pytest.raises(errors.SourceRefused):
        actions.decide_source(actor=guard.actor, source=made.public_id, grant=True)
    made.refresh_from_db()
    assert made.state == "proposed"


def test_one_person_does_not_take_a_source_into_use(house, keeper, guard):
    made = actions.propose_source(
        actor=keeper.actor, kind="wecom", name="x", address=house.address, secret=SECRET,
        options=options_of("wecom", house),
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        actions.decide_source(actor=keeper.actor, source=made.public_id, grant=True)
    Source.objects.update(proposed_by=guard.user)
    with pytest.raises(errors.OnePersonTwice):
        actions.decide_source(actor=guard.actor, source=made.public_id, grant=True)
    Source.objects.update(proposed_by=keeper.user)
    actions.decide_source(actor=guard.actor, source=made.public_id, grant=False)
    with pytest.raises(Conflict):
        actions.decide_source(actor=guard.actor, source=made.public_id, grant=True)


def test_what_is_missing_is_named(house, keeper, cast):
    with pytest.raises(errors.SourceInvalid) as refused:
        actions.propose_source(actor=keeper.actor, kind="wecom", name="", address=house.address, secret="x")
    assert refused.value.extra["fields"] == ["corp_id", "agent_id", "login_address", "name", "secret"]
    with pytest.raises(errors.SourceInvalid):
        actions.propose_source(actor=keeper.actor, kind="saml", name="x", address=house.address, secret=SECRET)
    with pytest.raises(NotAllowed):
        actions.propose_source(actor=cast.officer.actor, kind="oidc", name="x", address=house.address, secret=SECRET)


def test_an_address_inside_the_network_is_not_called(settings, keeper):
    settings.PRODUCTION = True
    with pytest.raises(AddressRefused):
        actions.propose_source(
            actor=keeper.actor, kind="oidc", name="x", address="http://127.0.0.1:9", secret=SECRET,
            options={"client_id": "city"},
        )  # fmt: skip
    assert Source.objects.count() == 0


def test_a_list_ties_many_and_tells_the_rows_that_it_cannot(house, keeper, guard, cast):
    source = opened("oidc", house, keeper, guard)
    rows = f"用户名,对方用户标识\n{cast.officer.user.username},p-1\nnobody,p-2\n{cast.outsider.user.username},p-1\n"
    upload = io.BytesIO(rows.encode("gb18030"))
    upload.name = "绑定.csv"
    path = f"/identity/sources/{source.public_id}/ties"
    page = keeper.client.post(path, {"file": upload}).content.decode()
    assert "已绑定 1 个账号，2 行未能绑定" in page
    assert Tie.objects.count() == 1
    assert cast.outsider.client.post(path, {}).status_code == 403
    assert keeper.client.post(path, {}).status_code == 422


def test_an_administrator_does_not_tie_their_own_account(house, keeper, guard, cast):
    source = opened("oidc", house, keeper, guard)
    with pytest.raises(NotAllowed):
        actions.tie_account(actor=keeper.actor, source=source.public_id, username="keeper", subject="p-9")
    with pytest.raises(NotAllowed):
        actions.tie_account(
            actor=cast.officer.actor, source=source.public_id, username=cast.outsider.user.username, subject="p-9"
        )
    assert Tie.objects.count() == 0


def test_the_fake_does_not_run_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(NotAllowed), actions.FakeHouse(SECRET, key=None):
        pass


def test_the_pages_show_administrators_what_stands_where(source, keeper, guard, cast):
    assert str(source) in guard.client.get("/identity/sources").content.decode()
    page = keeper.client.get(f"/identity/sources/{source.public_id}").content.decode()
    assert f"/sign-in/back/{source.public_id}" in page
    assert SECRET not in page
    assert keeper.client.get("/identity/sources/new").status_code == 200
    assert cast.outsider.client.get("/identity/sources").status_code == 403
    assert cast.outsider.client.get(f"/identity/sources/{source.public_id}").status_code == 403
