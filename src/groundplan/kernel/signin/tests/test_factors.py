"""Second factors: codes, recovery codes, pauses, the deadline, and resets by two people."""

import base64
import datetime as dt
import re

import pytest
from django.test import Client

from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.models import today
from groundplan.kernel.parties.tests.factories import PASSWORD, make_cast, make_officer, make_player, make_unit
from groundplan.kernel.signin import actions, queries
from groundplan.kernel.signin.errors import (
    CodeRefused,
    FactorNotFound,
    FactorTaken,
    ResetRefused,
    SecondFactorPaused,
)
from groundplan.kernel.signin.logic import codes
from groundplan.kernel.signin.models import Factor, RecoveryCode
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed

SECRET = b"12345678901234567890"
MOMENT = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def still():
    with clock.standing_at(MOMENT):
        yield


def code(steps=0):
    return codes.code_at(SECRET, codes.step_at(clock.world()) + steps)


def with_authenticator(player):
    return actions.add_authenticator(actor=player.actor, user=player.user, secret=SECRET, code=code(-1), name="phone")


def sign_in(user, client=None):
    client = client or Client()
    client.post("/sign-in", {"username": user.username, "password": PASSWORD, "next": "/account"})
    return client


# RFC 6238, appendix B: the last six of the eight digits under SHA-1.
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
     (20000000000, "353130")],
)  # fmt: skip
def test_codes_are_those_of_the_standard(seconds, expected):
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    assert codes.code_at(SECRET, codes.step_at(moment)) == expected
    assert codes.matching_step(SECRET, expected, moment) == seconds // 30


def test_a_code_is_read_however_it_is_typed_but_never_a_neighbour_too_far(still):
    assert codes.cleaned(" 123 456") == codes.cleaned("１２３４５６") == "123456"
    accepted = [steps for steps in range(-3, 4) if codes.matching_step(SECRET, code(steps), MOMENT) is not None]
    assert accepted == [-1, 0, 1]


def test_signing_in_takes_the_password_and_then_a_code(cast, still):
    with_authenticator(cast.officer)
    client = sign_in(cast.officer.user)
    assert "_auth_user_id" not in client.session
    assert client.get("/account").status_code == 302
    assert "动态口令" in client.get("/sign-in/second").content.decode()
    answer = client.post("/sign-in/second", {"code": code()})
    assert answer["Location"] == "/account"
    assert int(client.session["_auth_user_id"]) == cast.officer.user.pk


def test_a_code_opens_once_and_none_older_than_the_last(cast, still):
    with_authenticator(cast.officer)
    assert actions.pass_code(user=cast.officer.user, code=code()) == "totp"
    for used in (code(), code(-1)):
        with pytest.raises(CodeRefused):
            actions.pass_code(user=cast.officer.user, code=used)
    assert actions.pass_code(user=cast.officer.user, code=code(1)) == "totp"


def test_the_code_that_set_it_up_does_not_open(cast, still):
    with_authenticator(cast.officer)
    with pytest.raises(CodeRefused):
        actions.pass_code(user=cast.officer.user, code=code(-1))


def test_five_wrong_codes_pause_even_the_right_one_for_a_quarter_of_an_hour(cast, still):
    with_authenticator(cast.officer)
    client = sign_in(cast.officer.user)
    for _try in range(5):
        assert client.post("/sign-in/second", {"code": "000000"}).status_code == 200
    answer = client.post("/sign-in/second", {"code": code()})
    assert answer.status_code == 429
    assert "15 分钟" in answer.content.decode()
    with clock.standing_at(MOMENT + dt.timedelta(minutes=15)):
        assert actions.pass_code(user=cast.officer.user, code=code()) == "totp"


def test_a_recovery_code_opens_once(cast, still):
    fresh = with_authenticator(cast.officer)
    assert len(set(fresh)) == 10
    assert actions.pass_code(user=cast.officer.user, code=fresh[0].upper().replace("-", " ")) == "recovery"
    with pytest.raises(CodeRefused):
        actions.pass_code(user=cast.officer.user, code=fresh[0])
    with pytest.raises(CodeRefused):
        actions.pass_code(user=cast.outsider.user, code=fresh[1])
    renewed = actions.renew_recovery_codes(actor=cast.officer.actor, user=cast.officer.user)
    assert not set(renewed) & set(fresh)
    with pytest.raises(CodeRefused):
        actions.pass_code(user=cast.officer.user, code=fresh[2])


def test_neither_secret_nor_codes_stand_in_the_clear(cast, still):
    fresh = with_authenticator(cast.officer)
    factor = Factor.objects.get()
    assert SECRET not in bytes(factor.sealed)
    assert SECRET.hex().encode() not in bytes(factor.sealed)
    stored = b"".join(bytes(row.found_by) for row in RecoveryCode.objects.all())
    assert not any(codes.cleaned(one).encode() in stored for one in fresh)


def test_a_right_password_waits_five_minutes_and_not_past_a_change_of_it(cast, still):
    with_authenticator(cast.officer)
    client = sign_in(cast.officer.user)
    with clock.standing_at(MOMENT + dt.timedelta(minutes=5, seconds=1)):
        assert client.post("/sign-in/second", {"code": code()})["Location"] == "/sign-in"
    client = sign_in(cast.officer.user)
    cast.officer.user.set_password("another long pass phrase")
    cast.officer.user.save()
    assert client.post("/sign-in/second", {"code": code()})["Location"] == "/sign-in"
    assert "_auth_user_id" not in client.session


def test_the_second_step_leads_to_no_other_site(cast, still):
    with_authenticator(cast.officer)
    client = Client()
    client.post(
        "/sign-in", {"username": cast.officer.user.username, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert client.post("/sign-in/second", {"code": code()})["Location"].startswith("/")


def test_the_page_sets_up_an_authenticator_and_shows_recovery_codes_once(cast):
    client = cast.officer.client
    shown = client.get("/account/second-factor/authenticator")
    # This session does not remember that anybody showed who they are: it is asked for again.
    assert shown["Location"].startswith("/account/identity")
    assert "密码不正确" in client.post("/account/identity", {"password": "wrong"}).content.decode()
    client.post("/account/identity", {"password": PASSWORD, "next": "/account/second-factor/authenticator"})
    assert "data:image/svg+xml" in client.get("/account/second-factor/authenticator").content.decode()
    wrong = client.post("/account/second-factor/authenticator", {"name": "phone", "code": "000000"})
    assert wrong.status_code == 200
    typed = re.search(r"<code>([A-Z2-7 ]+)</code>", wrong.content.decode())[1].replace(" ", "")
    secret = base64.b32decode(typed + "=" * (-len(typed) % 8))
    now = codes.code_at(secret, codes.step_at(clock.world()))
    done = client.post("/account/second-factor/authenticator", {"name": "phone", "code": now}).content.decode()
    assert len(re.findall(r"<li><code>[a-z0-9]{5}-[a-z0-9]{5}</code></li>", done)) == 10
    assert "phone" in client.get("/account/second-factor").content.decode()


def test_a_password_given_just_now_is_enough_to_set_up_a_factor_and_ten_minutes_later_is_not(cast, still):
    client = sign_in(cast.officer.user)
    assert client.get("/account/second-factor/authenticator").status_code == 200
    with clock.standing_at(MOMENT + dt.timedelta(minutes=10)):
        assert client.get("/account/second-factor/authenticator").status_code == 302


def test_removing_a_factor_takes_identity_shown_anew(cast, still):
    with_authenticator(cast.officer)
    client, factor = cast.officer.client, Factor.objects.get()
    address = f"/account/second-factor/{factor.public_id}/remove"
    assert client.post(address)["Location"].startswith("/account/identity")
    assert queries.has_factor(cast.officer.user)
    step = client.post("/account/identity", {"password": PASSWORD, "next": "/account/second-factor"})
    assert step["Location"] == "/sign-in/second"
    assert client.post("/sign-in/second", {"code": code()})["Location"] == "/account/second-factor"
    assert client.post(address)["Location"] == "/account/second-factor"
    assert not queries.has_factor(cast.officer.user)
    assert not RecoveryCode.objects.exists()


def test_an_outsider_neither_sees_nor_removes_nor_adds(cast, still):
    with_authenticator(cast.officer)
    factor = Factor.objects.get()
    for call in (
        lambda: actions.remove_factor(actor=cast.outsider.actor, user=cast.officer.user, factor=factor),
        lambda: actions.renew_recovery_codes(actor=cast.outsider.actor, user=cast.officer.user),
        lambda: actions.add_authenticator(
            actor=cast.outsider.actor, user=cast.officer.user, secret=SECRET, code=code()
        ),
    ):
        with pytest.raises(NotAllowed):
            call()
    with pytest.raises(FactorNotFound):
        actions.remove_factor(actor=cast.outsider.actor, user=cast.outsider.user, factor=factor)
    with pytest.raises(FactorTaken):
        with_authenticator(cast.officer)
    assert cast.outsider.client.get("/accounts/second-factors").status_code == 403
    assert queries.has_factor(cast.officer.user)


@pytest.fixture
def required(monkeypatch):
    monkeypatch.setenv("GROUNDPLAN_SECOND_FACTOR_FROM", "2020-01-01")
    monkeypatch.setenv("GROUNDPLAN_SECOND_FACTOR_GRACE", "14")


def test_an_administrator_without_a_factor_opens_nothing_after_the_deadline(db, required):
    admin = make_player(make_unit(), "system_admin")
    client = admin.client
    assert client.get("/accounts")["Location"].startswith("/account/second-factor")
    assert client.get("/api/v1/parties/me").json()["type"] == "urn:groundplan:error:second-factor-required"
    assert client.get("/account/second-factor").status_code == 200
    assert [user for user, _end in queries.users_without(admin.actor)] == [admin.user]


def test_the_days_of_grace_begin_with_the_role_and_others_are_not_asked(db, required):
    fresh = make_officer(make_unit(), "data_office")
    fresh.memberships.update(valid_from=today() - dt.timedelta(days=13))
    client = Client()
    client.force_login(fresh)
    assert client.get("/work").status_code == 200
    assert (today() + dt.timedelta(days=1)).isoformat() in client.get("/account/second-factor").content.decode()
    fresh.memberships.update(valid_from=today() - dt.timedelta(days=14))
    assert client.get("/work").status_code == 302
    assert make_player(make_unit(), "handler").client.get("/work").status_code == 200


def test_a_session_without_the_factor_is_asked_for_it(db, required, still):
    admin = make_player(make_unit(), "system_admin")
    with_authenticator(admin)
    client = admin.client
    assert client.get("/accounts")["Location"].startswith("/account/identity")
    signed = sign_in(admin.user)
    signed.post("/sign-in/second", {"code": code()})
    assert signed.get("/accounts").status_code == 200


def test_outside_production_nothing_is_required_unless_a_day_says_so(db, monkeypatch):
    assert queries.required_roles() == frozenset()
    monkeypatch.setenv("GROUNDPLAN_MODE", "production")
    assert "audit_admin" in queries.required_roles()
    monkeypatch.setenv("GROUNDPLAN_SECOND_FACTOR_FROM", "never")
    assert queries.required_roles() == frozenset()


@pytest.fixture
def three(db):
    unit = make_unit()
    return {name: make_player(unit, f"{name}_admin") for name in ("system", "security", "audit")}


def test_a_reset_takes_two_people_and_never_the_holder(cast, three, still):
    with_authenticator(cast.officer)
    user, asked = cast.officer.user, {"user": cast.officer.user, "reason": "met in person, phone lost"}
    for refused in (cast.outsider, cast.officer, three["system"], three["audit"]):
        with pytest.raises(NotAllowed):
            actions.ask_reset(actor=refused.actor, **asked)
    reset = actions.ask_reset(actor=three["security"].actor, **asked)
    with pytest.raises(ResetRefused):
        actions.decide_reset(actor=three["security"].actor, reset=reset, grant=True)
    with pytest.raises(NotAllowed):
        actions.decide_reset(actor=cast.outsider.actor, reset=reset, grant=True)
    with pytest.raises(FactorTaken):
        actions.ask_reset(actor=three["security"].actor, **asked)
    assert queries.has_factor(user)
    actions.decide_reset(actor=three["system"].actor, reset=reset, grant=True)
    assert not queries.has_factor(user)
    with pytest.raises(FactorNotFound):
        actions.decide_reset(actor=three["audit"].actor, reset=reset, grant=True)


def test_the_security_administrators_own_is_asked_by_another_and_decided_by_a_third(three, still):
    with_authenticator(three["security"])
    reset = actions.ask_reset(actor=three["system"].actor, user=three["security"].user, reason="phone lost")
    with pytest.raises(ResetRefused):
        actions.decide_reset(actor=three["security"].actor, reset=reset, grant=True)
    actions.decide_reset(actor=three["audit"].actor, reset=reset, grant=False)
    assert queries.has_factor(three["security"].user)


def test_the_page_of_resets_asks_and_decides(cast, three, still):
    with_authenticator(cast.officer)
    fields = {"username": cast.officer.user.username, "reason": "phone lost"}
    assert three["security"].client.post("/accounts/second-factors", fields).status_code == 302
    page = three["audit"].client.get("/accounts/second-factors").content.decode()
    address = re.search(r"/accounts/second-factors/[0-9a-f-]{36}", page)[0]
    assert three["audit"].client.post(address, {"grant": "yes"}).status_code == 302
    assert not queries.has_factor(cast.officer.user)


def test_each_action_leaves_one_record_without_codes(cast, three, still):
    fresh = with_authenticator(cast.officer)
    actions.pass_code(user=cast.officer.user, code=code())
    with pytest.raises(CodeRefused):
        actions.pass_code(user=cast.officer.user, code="000000")
    actions.remove_factor(actor=cast.officer.actor, user=cast.officer.user, factor=Factor.objects.get())
    rows = Pending.objects.filter(action__startswith="signin.").order_by("pk")
    assert sorted(row.action for row in rows) == [
        "signin.add_authenticator", "signin.pass_code", "signin.refuse_code", "signin.remove_factor",
    ]  # fmt: skip
    assert not any(one.encode() in bytes(row.body) for row in rows for one in (*fresh, code()))


def test_a_paused_second_factor_says_when_to_come_back(cast, still):
    with_authenticator(cast.officer)
    for _try in range(5):
        with pytest.raises(CodeRefused):
            actions.pass_code(user=cast.officer.user, code="000000")
    with pytest.raises(SecondFactorPaused) as paused:
        actions.pass_code(user=cast.officer.user, code=code())
    assert paused.value.problem()["retry_after"] == 900
