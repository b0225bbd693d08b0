"""Doors of pages and of the API."""

import datetime as dt

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from groundplan.config import readiness
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties import access, actions, queries
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.tests.factories import PASSWORD, make_cast, make_officer, make_unit, make_user
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in():
    def post(client, username, password):
        return client.post("/sign-in", {"username": username, "password": password, "next": "/"})

    return post


def test_the_right_password_opens_and_the_session_key_changes(sign_in):
    user, client = make_user(), Client()
    client.get("/sign-in")
    client.session["before"] = "1"
    before = client.session.session_key
    assert sign_in(client, user.username, PASSWORD).status_code == 302
    assert client.session.session_key != before
    assert int(client.session["_auth_user_id"]) == user.pk


def test_five_wrong_passwords_pause_signing_in_and_say_so(sign_in):
    user, client = make_user(), Client()
    for _try in range(4):
        assert "用户名或密码不正确" in sign_in(client, user.username, "wrong").content.decode()
    answer = sign_in(client, user.username, "wrong")
    assert answer.status_code == 429
    assert "15 分钟" in answer.content.decode()
    assert sign_in(client, user.username, PASSWORD).status_code == 429


def test_the_lockout_table_keeps_neither_name_nor_password(sign_in):
    sign_in(Client(), "zhang.san", "wrong-secret")
    row = AccessAttempt.objects.get()
    assert "zhang.san" not in row.username + row.post_data
    assert "wrong-secret" not in row.post_data


def test_a_closed_account_does_not_open(sign_in):
    user, client = make_user(), Client()
    actions.close_user(actor=queries.SYSTEM, user=user)
    assert sign_in(client, user.username, PASSWORD).status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("end", [actions.close_user, actions.reset_password])
def test_closing_an_account_or_resetting_its_password_ends_sessions_and_tokens_at_once(end):
    cast = make_cast()
    browser, token, other = cast.officer.client, cast.officer.token, cast.outsider.token
    program = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert browser.get("/account").status_code == 200
    assert Client().get("/api/v1/parties/me", **program).status_code == 200
    end(actor=queries.SYSTEM, user=cast.officer.user)
    assert browser.get("/account").status_code == 302
    assert Client().get("/api/v1/parties/me", **program).status_code == 401
    assert Client().get("/api/v1/parties/me", HTTP_AUTHORIZATION=f"Bearer {other}").status_code == 200
    record = Pending.objects.filter(action=f"parties.{end.__name__}").get()
    assert b'"tokens":1' in bytes(record.body)


def test_an_outsider_ends_nobodys_sessions_and_tokens():
    cast = make_cast()
    token = cast.officer.token
    for end in (actions.close_user, actions.reset_password):
        with pytest.raises(NotAllowed):
            end(actor=cast.outsider.actor, user=cast.officer.user)
    assert Client().get("/api/v1/parties/me", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 200


def test_a_stream_of_a_closed_account_hears_what_is_public_only():
    cast = make_cast()
    cookie = cast.officer.client.cookies["sessionid"].value
    headers = [(b"cookie", f"sessionid={cookie}".encode())]
    assert f"user:{cast.officer.actor.actor_id}" in readiness.audience_of(headers)
    actions.reset_password(actor=queries.SYSTEM, user=cast.officer.user)
    assert readiness.audience_of(headers) == {"public"}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "x y", ""])
@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/parties/me", "/account/password"])
def test_a_request_under_a_strange_name_is_refused_without_repeating_it(host, path):
    answer = Client().get(path, HTTP_HOST=host, HTTP_REFERER=f"http://{host}/", HTTP_X_FORWARDED_HOST="evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


def test_no_forwarded_name_changes_where_signing_in_leads(sign_in):
    user = make_user()
    answer = Client().post(
        "/sign-in", {"username": user.username, "password": PASSWORD, "next": "https://evil.example/"},
        HTTP_X_FORWARDED_HOST="evil.example",
    )  # fmt: skip
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith("//")


def test_signing_out_takes_a_post():
    client = make_cast().officer.client
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_first_password_must_be_changed_before_anything_else(sign_in):
    user, client = make_user(must_change_password=True), Client()
    sign_in(client, user.username, PASSWORD)
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/password?next=")
    new = "another long pass phrase"
    done = client.post("/account/password", {"old": PASSWORD, "new": new, "again": new, "next": "//evil.example"})
    assert done["Location"] == "/"
    assert client.get("/").status_code == 200
    assert User.objects.get(pk=user.pk).check_password(new)


def test_a_weak_new_password_is_refused_with_the_reason():
    user = make_user()
    client = Client()
    client.force_login(user)
    answer = client.post("/account/password", {"old": PASSWORD, "new": "short", "again": "short"})
    assert answer.status_code == 200
    assert "alert" in answer.content.decode()
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


@access.officer("handler")
def handlers_page(request):
    return HttpResponse(request.actor.actor_id)


def request_of(user, **headers):
    request = RequestFactory().get("/page", headers=headers)
    request.user = user
    return request


def test_a_page_opens_to_its_roles_only():
    cast = make_cast()
    assert handlers_page(request_of(cast.officer.user)).content.decode() == cast.officer.actor.actor_id
    with pytest.raises(NotAllowed):
        handlers_page(request_of(cast.resident.user))
    with pytest.raises(NotAllowed):
        handlers_page(request_of(cast.vendor.user))


def test_a_reader_who_is_not_signed_in_is_sent_to_sign_in():
    answer = handlers_page(request_of(AnonymousUser()))
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in?next=/page"
    fragment = handlers_page(request_of(AnonymousUser(), HX_Request="true"))
    assert fragment.status_code == 401
    assert fragment["HX-Redirect"] == "/sign-in"


def test_a_door_for_a_role_that_does_not_exist_is_a_mistake_of_the_programmer():
    with pytest.raises(ValueError, match="janitor"):
        access.officer("janitor")


def test_a_bearer_token_carries_the_rights_of_its_user_until_it_is_revoked():
    user = make_officer(make_unit())
    actor = queries.actor_for_user(user)
    row, token = actions.issue_token(actor=actor, user=user, name="script")
    assert queries.actor_for_token(token) == actor
    assert queries.actor_for_token(token + "x") is None
    actions.revoke_token(actor=actor, token=row)
    assert queries.actor_for_token(token) is None


def test_a_token_ends_with_its_term():
    user = make_user()
    _row, token = actions.issue_token(actor=queries.actor_for_user(user), user=user, name="script", days=1)
    with clock.standing_at(clock.now() + dt.timedelta(days=1)):
        assert queries.actor_for_token(token) is None


def test_the_language_of_the_account_is_used():
    user = make_user(language="en")
    client = Client()
    client.force_login(user)
    with translation.override(None):
        assert client.get("/").headers["Content-Language"] == "en"


def test_sign_ins_are_on_record_without_a_name(sign_in):
    user, client = make_user("li.si"), Client()
    sign_in(client, user.username, "wrong")
    sign_in(client, user.username, PASSWORD)
    client.post("/sign-out")
    pending = Pending.objects.filter(subject=f"user:{user.actor_id}").order_by("at")
    assert [row.action for row in pending] == [
        "parties.add_user",
        "parties.refuse_sign_in",
        "parties.sign_in",
        "parties.sign_out",
    ]
    assert all(b"li.si" not in bytes(row.body) for row in pending)


def test_failed_sign_ins_and_ended_sessions_are_forgotten(sign_in):
    client = make_cast().officer.client
    sign_in(Client(), "nobody", "wrong")
    assert actions.forget_sessions() == 0
    with clock.standing_at(clock.now() + dt.timedelta(days=60)):
        assert actions.forget_sessions() == 2
    assert client.get("/account").status_code == 302
    assert not AccessAttempt.objects.exists()
