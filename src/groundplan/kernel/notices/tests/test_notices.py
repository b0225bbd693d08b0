"""Who is told what, and over which channels."""

import datetime as dt
from uuid import UUID

import pytest

from groundplan.kernel.events import actions as events
from groundplan.kernel.events import registry as event_registry
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.notices import actions, errors, queries, registry
from groundplan.kernel.notices.models import Notice
from groundplan.kernel.parties import actions as party_actions
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_officer, make_user
from groundplan.lib import clock

TITLE = {"zh-hans": "新待办：{number}", "en": "New task: {number}"}


@pytest.fixture
def cast(db):
    return make_cast()


def tell(*recipients, **kwargs):
    return actions.notify(
        **{
            "actor": SYSTEM,
            "recipients": recipients,
            "kind": "task.offered",
            "title": TITLE,
            "values": {"number": "RX-1"},
            "subject": "case:1",
            "url": "/cases/1",
            **kwargs,
        }
    )


def test_everybody_in_a_role_is_told_once(cast):
    second = make_officer(cast.officer.unit, "dispatcher")
    party_actions.grant_membership(actor=SYSTEM, user=cast.officer.user, party=cast.officer.unit, role="dispatcher")
    assert tell((cast.officer.unit.pk, ["handler", "dispatcher"]), cast.officer.user) == 2
    assert queries.unread(cast.officer.actor) == 1
    assert Notice.objects.get(user=second).title == {"zh-hans": "新待办：RX-1", "en": "New task: RX-1"}


def test_an_outsider_is_not_told_and_reads_nothing(cast):
    tell((cast.officer.unit.pk, ["handler"]))
    notice = Notice.objects.get()
    for player in (cast.outsider, cast.resident, cast.vendor):
        assert queries.unread(player.actor) == 0
        assert queries.notices_for(player.actor).items == []
        with pytest.raises(errors.NoticeNotFound):
            actions.read_notice(actor=player.actor, public_id=notice.public_id)
        assert player.client.post(f"/notices/{notice.public_id}").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_no_recipient_leaves_no_trace(cast):
    before = Pending.objects.count()
    assert tell((cast.officer.unit.pk, ["leader"])) == 0
    assert Pending.objects.count() == before


def test_one_record_a_call_without_the_text(cast):
    tell(cast.officer.user, cast.outsider.user)
    row = Pending.objects.get(action="notices.notify")
    assert b"RX-1" not in bytes(row.body)
    assert cast.officer.actor.actor_id.encode() in bytes(row.body)


def test_a_text_without_its_value_is_an_error_naming_it(cast):
    with pytest.raises(errors.NoticeInvalid, match="number"):
        tell(cast.officer.user, values={})
    with pytest.raises(errors.NoticeInvalid, match=r"never\.registered"):
        tell(cast.officer.user, kind="never.registered", title=None)


def test_a_registered_kind_brings_its_text(cast, monkeypatch):
    monkeypatch.setitem(registry.kinds, "task.offered", TITLE)
    tell(cast.officer.user, title=None, values={"number": "RX-2"})
    assert Notice.objects.get().title["en"] == "New task: RX-2"


def test_notices_are_forgotten_after_half_a_year(cast):
    tell(cast.officer.user)
    assert actions.forget_notices() == 0
    with clock.standing_at(clock.now() + dt.timedelta(days=181)):
        assert actions.forget_notices() == 1


def test_the_page_lists_ones_own_and_opening_marks_read(cast):
    tell(cast.officer.user)
    tell(cast.outsider.user, values={"number": "RX-9"})
    client = cast.officer.client
    page = client.get("/notices").content.decode()
    assert "RX-1" in page
    assert "RX-9" not in page
    notice = Notice.objects.get(user=cast.officer.user)
    opened = client.post(f"/notices/{notice.public_id}")
    assert opened["Location"] == "/cases/1"
    assert queries.unread(cast.officer.actor) == 0
    assert "RX-1" not in client.get("/notices?show=unread").content.decode()


def test_a_notice_never_leads_out_of_the_house(cast):
    tell(cast.officer.user, url="https://evil.example/")
    notice = Notice.objects.get()
    assert cast.officer.client.post(f"/notices/{notice.public_id}")["Location"] == "/notices"


def test_the_bell_shows_the_number_and_marking_all_clears_it(cast):
    tell(cast.officer.user)
    tell(cast.officer.user)
    client = cast.officer.client
    assert ">2<" in client.get("/notices/bell").content.decode()
    client.post("/notices/read")
    assert "gp-count" not in client.get("/notices/bell").content.decode()


def test_the_api_pages_by_key_and_needs_a_token(cast, client):
    for number in range(3):
        tell(cast.officer.user, values={"number": number})
    assert client.get("/api/v1/notices").status_code == 401
    headers = {"Authorization": f"Bearer {cast.officer.token}"}
    first = client.get("/api/v1/notices?size=2", headers=headers).json()
    rest = client.get(f"/api/v1/notices?size=2&after={first['next']}", headers=headers).json()
    assert [item["title"]["en"] for item in first["items"] + rest["items"]] == [
        "New task: 2",
        "New task: 1",
        "New task: 0",
    ]
    assert rest["next"] is None
    assert client.get("/api/v1/notices/unread", headers=headers).json() == {"unread": 3}
    read = client.post(f"/api/v1/notices/{first['items'][0]['id']}/read", headers=headers)
    assert read.json()["read_at"]
    stranger = {"Authorization": f"Bearer {cast.outsider.token}"}
    assert client.get("/api/v1/notices", headers=stranger).json()["items"] == []
    assert client.post(f"/api/v1/notices/{first['items'][0]['id']}/read", headers=stranger).status_code == 404


@pytest.fixture
def fake(fresh_database):
    channel = registry.FakeChannel()
    registry.channel("fake", channel.send)
    yield channel
    event_registry.subscriptions.pop("notices.fake")


def test_a_channel_is_given_each_notice_in_the_language_of_its_recipient(fake):
    chinese, english = make_user(), make_user(language="en")
    tell(chinese, english)
    events.dispatch()
    events.dispatch()
    assert {(message.recipient, message.text) for message in fake.sent} == {
        (chinese.actor_id, "新待办：RX-1"),
        (english.actor_id, "New task: RX-1"),
    }
    assert len(fake.sent) == 2


def test_a_channel_that_fails_is_tried_again_and_holds_up_no_other(fake):
    failures = []

    def broken(message):
        failures.append(message)
        raise ConnectionError

    registry.channel("broken", broken)
    try:
        tell(make_user())
        events.dispatch()
        assert (len(failures), len(fake.sent)) == (1, 1)
        with clock.standing_at(clock.now() + dt.timedelta(hours=1)):
            events.dispatch()
        assert len(failures) == 2
    finally:
        event_registry.subscriptions.pop("notices.broken")


def test_what_was_read_meanwhile_is_not_sent(fake):
    user = make_user()
    tell(user)
    Notice.objects.update(read_at=clock.now())
    events.dispatch()
    assert fake.sent == []


def contract_of_channels(send, sent):
    """Every channel keeps this: a message goes out, and the same notice again does not go out twice."""
    message = registry.Message(
        notice=UUID(int=1),
        recipient="u",
        display_name="n",
        language="en",
        text="t",
        url="/",
        kind="k",
    )
    send(message)
    send(message)
    assert [item.text for item in sent()] == ["t"]


def test_the_fake_keeps_the_contract_of_channels():
    channel = registry.FakeChannel()
    contract_of_channels(channel.send, lambda: channel.sent)
