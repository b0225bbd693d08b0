"""Mail: encrypted or not at all, one letter, no header that a text could add."""

import pytest

from groundplan.kernel.events.errors import AddressRefused
from groundplan.kernel.notices import actions, errors, logic
from groundplan.kernel.notices.actions import _mail
from groundplan.kernel.notices.actions._carriers import Outside, carry
from groundplan.kernel.notices.actions._mailhouse import FakeMailhouse
from groundplan.kernel.parties.tests.factories import make_cast, make_player
from groundplan.lib.errors import NotAllowed

SECRET = "mailbox1"
TO = "zhang.san@city.example.org"
OPTIONS = {"sender": "notice@city.example.org", "account": "city"}


@pytest.fixture
def keeper(db):
    return make_player(make_cast().officer.unit, "system_admin", "keeper")


def channel(keeper, address, **given):
    return actions.create_channel(
        actor=keeper.actor,
        **{"kind": "mail", "name": "邮件", "address": address, "secret": SECRET, "options": OPTIONS, **given},
    )


@pytest.mark.parametrize("implicit", [True, False])
def test_a_letter_goes_out_encrypted_in_both_ways(implicit, keeper, monkeypatch):
    with FakeMailhouse(SECRET, implicit=implicit) as house:
        monkeypatch.setattr(_mail, "trust", house.believed)
        row = channel(keeper, house.address)
        assert carry(row, Outside("m-1", TO, "新待办：RX-1", "https://city.example.org/cases/1")) == ""
    letter = house.taken["<m-1@city.example.org>"]
    assert (letter["To"], letter["From"], letter["Subject"]) == (TO, OPTIONS["sender"], "新待办：RX-1")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().split() == ["新待办：RX-1", "https://city.example.org/cases/1"]


def test_no_password_is_said_in_the_clear_nor_to_an_unknown_certificate(keeper, monkeypatch):
    with FakeMailhouse(SECRET, offers_tls=False) as house:
        assert carry(channel(keeper, house.address), Outside("m", TO, "t", "")) == "no-encryption"
    assert "no-encryption" in logic.CREDENTIAL
    for implicit in (True, False):
        with FakeMailhouse(SECRET, implicit=implicit) as house, FakeMailhouse(SECRET) as other:
            monkeypatch.setattr(_mail, "trust", other.believed)
            assert carry(channel(keeper, house.address), Outside("m", TO, "t", "")) == "certificate-refused"
        assert (house.requests, house.taken) == (0, {})


@pytest.mark.parametrize(
    "text", ["t\r\nBcc: x@evil.example", "t\nTo: x@evil.example", "t\x00\x0b\x85\u2028Bcc: x@evil.example", "长" * 5000]
)
def test_no_text_adds_a_header_or_a_recipient(text, keeper, monkeypatch):
    with FakeMailhouse(SECRET) as house:
        monkeypatch.setattr(_mail, "trust", house.believed)
        assert carry(channel(keeper, house.address), Outside("m", TO, text, "")) == ""
    (letter,) = house.taken.values()
    assert (letter["Bcc"], letter.get_all("To"), len(letter["Subject"]) <= 120) == (None, [TO], True)


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nRCPT TO:<x@evil.example>", "a@b.example\nb", "a@b.example,x@evil.example", "a b@c.example", "a@b",
     "<a@b.example>", ".a@b.example", "a..b@c.example", "名@例.example", f"{'a' * 120}@b.example", "@b.example"],
)  # fmt: skip
def test_what_is_not_one_mailbox_is_refused(address, keeper):
    assert not logic.may_be_address("mail", address)
    with FakeMailhouse(SECRET) as house:
        row = channel(keeper, house.address)
        assert carry(row, Outside("m", address, "t", "")) == "refused"
        with pytest.raises(errors.ChannelInvalid):
            channel(keeper, house.address, options={**OPTIONS, "sender": address})
    assert house.requests == 0


def test_a_mail_channel_calls_mail_servers_only_and_others_none(keeper, settings):
    for address in ("https://127.0.0.1/", "smtps://10.0.0.1", "smtp://city@127.0.0.1", "file:///etc/passwd"):
        with pytest.raises(AddressRefused):
            channel(keeper, address)
    with pytest.raises(AddressRefused):
        channel(keeper, "smtps://127.0.0.1", kind="webhook", secret="a-secret-of-16-chars", options={})
    with pytest.raises(errors.ChannelInvalid):
        channel(keeper, "smtps://127.0.0.1", secret="seven77")
    settings.PRODUCTION = True
    with pytest.raises(NotAllowed), FakeMailhouse(SECRET):
        pass


def test_a_mail_server_that_is_away_is_tried_again(keeper):
    with FakeMailhouse(SECRET) as house:
        row = channel(keeper, house.address)
    assert carry(row, Outside("m", TO, "t", "")) == "no-connection"
    assert "no-connection" not in logic.PERMANENT + logic.CREDENTIAL
