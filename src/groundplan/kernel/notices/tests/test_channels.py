"""Messages out of the house: every adapter keeps one contract against the shipped fake."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from groundplan.kernel.events import logic as delivering
from groundplan.kernel.events import queries as events
from groundplan.kernel.events.actions import _posting, dispatch
from groundplan.kernel.events.errors import AddressRefused
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.notices import actions, errors, queries
from groundplan.kernel.notices.actions import _dingtalk, _mail
from groundplan.kernel.notices.actions._gateway import FakeGateway
from groundplan.kernel.notices.actions._mailhouse import FakeMailhouse
from groundplan.kernel.notices.models import Channel, Delivery, Notice, Preference
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_player
from groundplan.lib import clock
from groundplan.lib.errors import Conflict, NotAllowed

SECRET = "a-secret-of-the-gateway"
PHONE = "13800138000"
KINDS = {
    "sms": {"sign_name": "兰汀市政务", "template": "SMS_1001"},
    "wecom": {"corp_id": "ww1", "agent_id": "1000002"},
    "dingtalk": {"app_key": "app-1", "tenant_id": "50516"},
    "webhook": {},
    "mail": {"sender": "notice@city.example.org", "account": "city"},
}
MAILBOX = "zhang.san@city.example.org"
NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)  # 12:00 in the city.


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def keeper(cast):
    return make_player(cast.officer.unit, "system_admin", "keeper")


@pytest.fixture
def gateway(db):
    with FakeGateway(SECRET) as fake, clock.standing_at(NOON):
        yield fake


@pytest.fixture
def mailhouse(db, monkeypatch):
    with FakeMailhouse(SECRET) as fake, clock.standing_at(NOON):
        monkeypatch.setattr(_mail, "trust", fake.believed)
        yield fake


@pytest.fixture
def outside(kind, request):
    """The fake that speaks for a kind."""
    return request.getfixturevalue("mailhouse" if kind == "mail" else "gateway")


def set_up(keeper, gateway, kind="sms", **given):
    options = given.pop("options", KINDS.get(kind, {}))
    return actions.create_channel(
        actor=keeper.actor,
        **{"kind": kind, "name": "渠道", "address": gateway.address, "secret": SECRET, "options": options, **given},
    )


def reachable(player, **given):
    addresses = {"sms": PHONE, "wecom": "zhangsan", "dingtalk": "1002003", "webhook": "zhangsan", "mail": MAILBOX}
    return actions.set_preference(actor=player.actor, addresses=addresses, **given)


def tell(player, title="新待办：RX-1"):
    actions.notify(
        actor=SYSTEM,
        recipients=[player.user],
        kind="k",
        title={"zh-hans": title, "en": title},
        subject="case:1",
        url="/cases/1",
    )
    row = Outgoing.objects.filter(type="notice.created.v1").order_by("-id").first()
    event = events.registry.Event(
        position=1, id=row.event_id, type=row.type, subject=row.subject, at=row.at, actor=row.actor,
        audience=tuple(row.audience), data=row.data,
    )  # fmt: skip
    actions.queue_notice(event=event)
    actions.queue_notice(event=event)
    return Delivery.objects.order_by("-id").first()


def after(minutes):
    with clock.standing_at(NOON + dt.timedelta(minutes=minutes)):
        return actions.deliver_waiting()


# (what the gateway does in turn, state at once, state after an hour, messages taken)
CONTRACT = {
    "accepted": (["ok"], "sent", "sent", 1),
    "refused": (["refused"], "dead", "dead", 0),
    "slow": (["slow"], "waiting", "sent", 1),
    "500 then ok": (["error"], "waiting", "sent", 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_adapter_keeps_the_contract(kind, cast, keeper, outside, monkeypatch):
    monkeypatch.setattr(_posting, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(_mail, "TIMEOUT_S", 0.3)
    outside.slow_s = 0.6
    set_up(keeper, outside, kind)
    reachable(cast.officer)
    for name, (answers, at_once, later, taken) in CONTRACT.items():
        outside.answers = list(answers)
        row = tell(cast.officer)
        assert actions.deliver_waiting() == 1, name
        row.refresh_from_db()
        assert row.state == at_once, (name, row.reason)
        after(60)
        row.refresh_from_db()
        # A slow outside may take both attempts: they bear one id.
        assert (row.state, sum(str(row.public_id) in key for key in outside.taken)) == (later, taken), name
        assert after(120) == 0, name


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_sent_twice_is_one_to_the_receiver(kind, cast, keeper, outside):
    set_up(keeper, outside, kind)
    reachable(cast.officer)
    row = tell(cast.officer)
    actions.deliver_waiting()
    # As if the process had died between the sending and the note of it.
    Delivery.objects.filter(pk=row.pk).update(state="waiting", next_at=NOON)
    assert actions.deliver_waiting() == 1
    assert (outside.requests, len(outside.taken)) == (2, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_revoked_credential_pauses_the_channel_and_loses_nothing(kind, cast, keeper, outside):
    channel = set_up(keeper, outside, kind)
    reachable(cast.officer)
    outside.answers = ["revoked"]
    first, second = tell(cast.officer), tell(cast.officer, "新待办：RX-2")
    actions.deliver_waiting()
    channel.refresh_from_db()
    assert channel.state == "paused"
    assert channel.paused_because in ("credential-refused", "http-401")
    assert (outside.requests, Delivery.objects.filter(state="waiting").count()) == (1, 2)
    actions.change_channel(actor=keeper.actor, channel=channel.public_id, change="resume")
    assert actions.deliver_waiting() == 2
    assert set(Delivery.objects.filter(pk__in=[first.pk, second.pk]).values_list("state", flat=True)) == {"sent"}
    assert len(outside.taken) == 2


def test_a_wrong_secret_opens_no_gateway(cast, keeper, gateway, mailhouse):
    for kind in KINDS:
        set_up(keeper, mailhouse if kind == "mail" else gateway, kind, secret="another-secret-of-16")
    reachable(cast.officer)
    tell(cast.officer)
    actions.deliver_waiting()
    assert gateway.taken == mailhouse.taken == {}
    assert set(Channel.objects.values_list("state", flat=True)) == {"paused"}


def test_a_notification_of_dingtalk_is_signed_over_its_values_and_bears_one_id(cast, keeper, gateway, monkeypatch):
    said = []
    monkeypatch.setattr(gateway, "judge", lambda *given: said.append(given) or (200, {"success": True}))
    set_up(keeper, gateway, "dingtalk")
    reachable(cast.officer)
    row = tell(cast.officer)
    actions.deliver_waiting()
    ((path, body, headers),) = said
    form = dict(parse_qsl(body.decode()))
    assert (path, form["tenantId"], form["receiverIds"]) == ("/message/workNotification", "50516", "1002003")
    assert (form["bizMsgId"], headers["apiKey"]) == (str(row.public_id), "app-1")
    assert json.loads(form["msg"]) == {"msgtype": "text", "text": {"content": "您有一条新的政务消息，请登录查看。"}}
    assert headers["X-Hmac-Auth-Timestamp"] == "2026-03-02T12:00:00.000+08:00"
    text = (
        f"POST\n2026-03-02T12:00:00.000+08:00\n{headers['X-Hmac-Auth-Nonce']}\n/message/workNotification\n"
        f"bizMsgId={row.public_id}&msg={form['msg']}&receiverIds=1002003&tenantId=50516"
    )
    wanted = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    assert headers["X-Hmac-Auth-Signature"] == wanted


@pytest.mark.parametrize("answer", [b"", b"[]", b"<html>", b"{}", b"\xff"])
def test_an_answer_of_dingtalk_that_says_nothing_is_no_success(answer):
    assert _dingtalk._code(answer) == "busy"


def test_a_gateway_that_is_away_gets_eight_tries_then_the_letter_is_dead_until_replayed(cast, keeper, gateway):
    channel = set_up(keeper, gateway)
    reachable(cast.officer)
    gateway.answers = ["error"] * 8
    row = tell(cast.officer)
    for number in range(20):
        after(number * 90)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.reason, gateway.requests) == ("dead", 8, "http-500", 8)
    assert queries.dead_deliveries() == 1
    assert actions.replay_deliveries(actor=keeper.actor, channel=channel.public_id) == 1
    assert actions.deliver_waiting() == 1
    assert list(gateway.taken) == [str(row.public_id)]


def test_an_sms_bears_signature_and_template_and_by_default_only_a_link(cast, keeper, gateway, settings):
    settings.ALLOWED_HOSTS = ["city.example.org"]
    set_up(keeper, gateway)
    reachable(cast.officer)
    row = tell(cast.officer, "某人举报某事 13800138000")
    actions.deliver_waiting()
    (said,) = gateway.taken.values()
    assert (said["sign_name"], said["template"], said["phone"]) == ("兰汀市政务", "SMS_1001", PHONE)
    assert said["params"] == {
        "content": "您有一条新的政务消息，请登录查看。", "link": said["params"]["link"]
    }  # fmt: skip
    assert said["params"]["link"].endswith("://city.example.org/cases/1")
    row.refresh_from_db()
    assert row.parts == 1


def test_texts_leave_the_house_only_where_allowed_and_never_with_a_number(cast, keeper, gateway):
    set_up(keeper, gateway, with_text=True)
    reachable(cast.officer)
    for title in ("新待办：RX20260302-00001", "请回电 13800138000", "证件 110101199003070011"):
        tell(cast.officer, title)
    actions.deliver_waiting()
    texts = [said["params"]["content"] for said in gateway.taken.values()]
    assert texts.count("您有一条新的政务消息，请登录查看。") == 2
    assert "新待办：RX20260302-00001" in texts


def test_quiet_hours_hold_a_message_until_they_end(cast, keeper, gateway):
    set_up(keeper, gateway)
    reachable(cast.officer, quiet_from=dt.time(11), quiet_until=dt.time(14))
    row = tell(cast.officer)
    actions.deliver_waiting()
    row.refresh_from_db()
    assert (row.state, row.reason, row.attempts, gateway.requests) == ("waiting", "quiet-hours", 0, 0)
    assert row.next_at == NOON + dt.timedelta(hours=2)
    assert (after(119), after(120), gateway.requests) == (0, 1, 1)


def test_who_does_not_want_a_channel_or_has_no_address_is_left_alone(cast, keeper, gateway):
    set_up(keeper, gateway)
    reachable(cast.officer, off=["sms"])
    assert tell(cast.officer) is None
    assert tell(cast.outsider) is None
    reachable(cast.officer)
    row = tell(cast.officer)
    Notice.objects.update(read_at=NOON)
    actions.deliver_waiting()
    row.refresh_from_db()
    assert (row.state, gateway.requests) == ("skipped", 0)


def report(channel, row, secret=SECRET, *, arrived=True, at=None):
    body = json.dumps({"id": str(row.public_id), "arrived": arrived, "reason": "DELIVRD"}).encode()
    stamp = str(int((at or clock.now()).timestamp()))
    signed = delivering.signature(secret.encode(), "m1", stamp, body)
    headers = {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": signed}
    address = f"/api/v1/notices/reports/{channel.public_id}"
    return Client().post(address, body, content_type="application/json", headers=headers).status_code


def test_a_signed_report_tells_what_became_of_a_message_once(cast, keeper, gateway):
    channel, other = set_up(keeper, gateway), set_up(keeper, gateway, name="另一渠道", secret="second-secret-of-16")
    reachable(cast.officer)
    tell(cast.officer)
    row = Delivery.objects.get(channel=channel)
    actions.deliver_waiting()
    assert report(channel, row, "wrong-secret-of-16-") == 403
    assert report(channel, row, at=NOON - dt.timedelta(minutes=6)) == 403
    assert report(other, row, "second-secret-of-16") == 204
    row.refresh_from_db()
    assert row.state == "sent"
    before = Pending.objects.count()
    assert (report(channel, row), report(channel, row, arrived=False)) == (204, 204)
    row.refresh_from_db()
    assert (row.state, Pending.objects.count() - before) == ("delivered", 1)
    assert Client().post(
        f"/api/v1/notices/reports/{row.public_id}", b"{}", content_type="application/json"
    ).status_code in (403, 422)


def test_addresses_and_secrets_stand_encrypted(cast, keeper, gateway):
    set_up(keeper, gateway)
    reachable(cast.officer)
    assert PHONE.encode() not in bytes(Preference.objects.get().sealed)
    assert SECRET.encode() not in bytes(Channel.objects.get().sealed)
    for row in Pending.objects.all():
        assert PHONE.encode() not in bytes(row.body)
        assert base64.b64encode(SECRET.encode()) not in bytes(row.body)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "pigeon"}, {"name": " "}, {"secret": "short"}, {"options": {"sign_name": "x" * 30, "template": "T"}},
        {"options": {"sign_name": "签名", "template": "T{x}"}},
    ],
)  # fmt: skip
def test_a_channel_that_is_not_set_up_right_is_refused(given, keeper, gateway):
    with pytest.raises(errors.ChannelInvalid):
        set_up(keeper, gateway, **given)
    assert Channel.objects.count() == 0


def test_addresses_inside_the_network_are_refused(keeper, gateway, settings):
    for address in (
        "http://10.0.0.1/",
        "http://169.254.169.254/latest",
        "ftp://127.0.0.1",
        "http://[::ffff:10.0.0.1]/",
    ):
        with pytest.raises(AddressRefused):
            set_up(keeper, gateway, address=address)
    settings.PRODUCTION = True
    with pytest.raises(AddressRefused):
        set_up(keeper, gateway)
    with pytest.raises(NotAllowed), FakeGateway(SECRET):
        pass


def test_only_the_system_administration_keeps_channels(cast, keeper, gateway):
    channel = set_up(keeper, gateway)
    written = Pending.objects.filter(action__startswith="notices.")
    before = written.count()
    for player in (cast.officer, cast.outsider, cast.resident):
        with pytest.raises(NotAllowed):
            set_up(player, gateway)
        with pytest.raises(NotAllowed):
            actions.change_channel(actor=player.actor, channel=channel.public_id, change="end")
        with pytest.raises(NotAllowed):
            actions.try_channel(actor=player.actor, channel=channel.public_id, to=PHONE)
        with pytest.raises(NotAllowed):
            actions.replay_deliveries(actor=player.actor, channel=channel.public_id)
        assert player.client.get("/notices/channels").status_code == 403
    assert written.count() == before
    with pytest.raises(Conflict):
        actions.change_channel(actor=keeper.actor, channel=channel.public_id, change="resume")


def test_the_page_sets_up_tries_and_ends_a_channel_and_never_shows_its_secret(cast, keeper, gateway):
    form = {"kind": "sms", "name": "短信网关", "address": gateway.address, "secret": SECRET, **KINDS["sms"]}
    assert keeper.client.post("/notices/channels/add", {**form, "template": ""}).status_code == 422
    assert keeper.client.post("/notices/channels/add", form).status_code == 302
    channel = Channel.objects.get()
    address = f"/notices/channels/{channel.public_id}"
    assert "已被接收" in keeper.client.post(f"{address}/try", {"to": PHONE}, follow=True).content.decode()
    assert len(gateway.taken) == 1
    assert "格式不对" in keeper.client.post(f"{address}/try", {"to": "a b"}, follow=True).content.decode()
    gateway.answers = ["refused"]
    page = keeper.client.post(f"{address}/try", {"to": PHONE}, follow=True).content.decode()
    assert "http-422" in page
    assert SECRET not in page
    reachable(cast.officer)
    tell(cast.officer)
    assert "最近投递" in keeper.client.get("/notices/channels").content.decode()
    for change in ("pause", "resume", "replay", "end"):
        assert keeper.client.post(f"{address}/{change}").status_code == 302
    assert Channel.objects.get().state == "ended"


def test_everybody_sets_their_own_addresses_and_quiet_hours(cast):
    client = cast.officer.client
    sent = {"address-sms": PHONE, "on-sms": "on", "quiet_from": "22:00", "quiet_until": "07:00"}
    assert client.post("/notices/preference", sent).status_code == 302
    page = client.get("/notices/preference").content.decode()
    assert PHONE in page
    assert "22:00" in page
    assert PHONE not in cast.outsider.client.get("/notices/preference").content.decode()
    assert client.post("/notices/preference", {"address-sms": "<script>"}).status_code == 422
    assert Preference.objects.get().off == ["wecom", "dingtalk", "webhook", "mail"]


def test_the_dispatcher_puts_a_new_notice_on_its_way(fresh_database):
    cast = make_cast()
    keeper = make_player(cast.officer.unit, "system_admin", "keeper")
    with FakeGateway(SECRET) as gateway:
        set_up(keeper, gateway)
        reachable(cast.officer)
        actions.notify(
            actor=SYSTEM, recipients=[cast.officer.user], kind="k", title={"zh-hans": "新", "en": "n"}, subject="case:1"
        )
        dispatch()
        assert actions.deliver_waiting() == 1
        assert len(gateway.taken) == 1


def test_deliveries_are_forgotten_after_half_a_year(cast, keeper, gateway):
    set_up(keeper, gateway)
    reachable(cast.officer)
    tell(cast.officer)
    assert actions.forget_deliveries() == 0
    with clock.standing_at(NOON + dt.timedelta(days=181)):
        assert actions.forget_deliveries() == 1
