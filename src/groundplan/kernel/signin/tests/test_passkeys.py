"""Passkeys, with an authenticator made of keys: what is accepted, and every kind of answer that is not."""

import hashlib
import json
import struct

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

from groundplan.kernel.parties.tests.factories import make_cast
from groundplan.kernel.signin import actions, queries
from groundplan.kernel.signin.errors import FactorTaken, PasskeyRefused, SecondFactorPaused
from groundplan.kernel.signin.logic import passkeys
from groundplan.lib.errors import NotAllowed

SITE = passkeys.Site("city.example", "https://city.example", "城基")
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Device:
    """An authenticator with one key."""

    def __init__(self, number=1):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = bytes([number]) * 32
        self.counter = 0

    def client_data(self, kind, state, **changes):
        said = {"type": f"webauthn.{kind}", "challenge": state["challenge"], "origin": SITE.origin, **changes}
        return json.dumps(said).encode()

    def data(self, flags, host):
        self.counter += 1
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + struct.pack(">I", self.counter)

    def created(self, state, host=SITE.host, flags=PRESENT | VERIFIED, **changes):
        public = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))
        data = self.data(flags | ATTESTED, host) + bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self.answer({"clientDataJSON": self.client_data("create", state, **changes), "attestationObject": made})

    def used(self, state, host=SITE.host, flags=PRESENT | VERIFIED, spoil=0, **changes):
        client, data = self.client_data("get", state, **changes), self.data(flags, host)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        if spoil:
            data = data[:-1] + bytes([data[-1] + spoil])
        return self.answer({"clientDataJSON": client, "authenticatorData": data, "signature": signature})

    def answer(self, response):
        written = {name: websafe_encode(value) for name, value in response.items()}
        own = websafe_encode(self.id)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": written})


def asked_to_register(user):
    return passkeys.begin_registration(SITE, handle=user.public_id.bytes, name=user.username, known=[])[1]


def asked_to_show(user):
    return passkeys.begin_use(SITE, known=queries.credentials(user))[1]


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def device(cast):
    made, state = Device(), asked_to_register(cast.officer.user)
    fresh = actions.add_passkey(
        actor=cast.officer.actor, user=cast.officer.user, site=SITE, state=state, answer=made.created(state)
    )
    assert len(fresh) == 10
    return made


def show(cast, answer, state):
    return actions.pass_passkey(user=cast.officer.user, site=SITE, state=state, answer=answer)


def test_a_registered_passkey_opens(cast, device):
    state = asked_to_show(cast.officer.user)
    assert show(cast, device.used(state), state) == "passkey"


@pytest.mark.parametrize(
    "hostile",
    [
        {"origin": "https://city.example.evil.example"},
        {"origin": "http://city.example"},
        {"host": "evil.example"},
        {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"type": "webauthn.create"},
        {"flags": 0},
        {"spoil": 1},
    ],
    ids="-".join,
)
def test_no_other_site_challenge_kind_or_signature_opens(cast, device, hostile):
    state = asked_to_show(cast.officer.user)
    with pytest.raises(PasskeyRefused):
        show(cast, device.used(state, **hostile), state)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"id":1}', "x" * 30_000, "深" * 100, '{"rawId":"AA"}'])
def test_an_answer_that_is_none_is_refused(cast, device, text):
    with pytest.raises(PasskeyRefused):
        show(cast, text, asked_to_show(cast.officer.user))


def test_an_answer_to_nothing_is_refused_and_one_that_comes_again_as_well(cast, device):
    state = asked_to_show(cast.officer.user)
    answer = device.used(state)
    with pytest.raises(PasskeyRefused):
        show(cast, answer, None)
    assert show(cast, answer, state) == "passkey"
    with pytest.raises(PasskeyRefused):
        show(cast, answer, state)


def test_a_copied_passkey_gives_itself_away_by_its_counter(cast, device):
    state = asked_to_show(cast.officer.user)
    show(cast, device.used(state), state)
    device.counter = 0
    with pytest.raises(PasskeyRefused):
        show(cast, device.used(state), state)


def test_a_passkey_opens_only_its_own_account(cast, device):
    stranger, state = Device(2), asked_to_register(cast.outsider.user)
    actions.add_passkey(
        actor=cast.outsider.actor, user=cast.outsider.user, site=SITE, state=state, answer=stranger.created(state)
    )
    state = asked_to_show(cast.officer.user)
    with pytest.raises(PasskeyRefused):
        show(cast, stranger.used(state), state)


def test_one_passkey_is_registered_once_and_by_its_owner_alone(cast, device):
    state = asked_to_register(cast.officer.user)
    added = {"user": cast.officer.user, "site": SITE, "state": state, "answer": device.created(state)}
    with pytest.raises(FactorTaken):
        actions.add_passkey(actor=cast.officer.actor, **added)
    with pytest.raises(NotAllowed):
        actions.add_passkey(actor=cast.outsider.actor, **added)


@pytest.mark.parametrize("hostile", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": 0}])
def test_registration_for_another_site_is_refused(cast, hostile):
    state = asked_to_register(cast.officer.user)
    with pytest.raises(PasskeyRefused):
        actions.add_passkey(
            actor=cast.officer.actor, user=cast.officer.user, site=SITE, state=state,
            answer=Device().created(state, **hostile),
        )  # fmt: skip


def test_five_refused_answers_pause_the_account(cast, device):
    state = asked_to_show(cast.officer.user)
    for _try in range(5):
        with pytest.raises(PasskeyRefused):
            show(cast, "{}", state)
    with pytest.raises(SecondFactorPaused):
        show(cast, device.used(state), state)
