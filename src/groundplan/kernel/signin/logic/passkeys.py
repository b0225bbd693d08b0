"""The two ceremonies of WebAuthn (W3C Web Authentication, level 2), with the checks of the relying party."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    UserVerificationRequirement,
)

ANSWER_MAX = 20_000


@dataclass(frozen=True)
class Site:
    """The site as browsers know it.

    Args:
        host: the name without port: the relying party's id.
        origin: scheme, name and port.
        title: shown by the browser.
    """

    host: str
    origin: str
    title: str

    @property
    def server(self) -> Fido2Server:
        """The relying party; answers made for any other origin are refused."""
        return Fido2Server(
            PublicKeyCredentialRpEntity(id=self.host, name=self.title), verify_origin=lambda said: said == self.origin
        )


class Refused(ValueError):
    """An answer that does not hold."""


def begin_registration(site: Site, *, handle: bytes, name: str, known: Sequence[bytes]) -> tuple[str, dict[str, Any]]:
    """What the browser is asked, as JSON, and what the session keeps until the answer."""
    options, state = site.server.register_begin(
        PublicKeyCredentialUserEntity(id=handle, name=name, display_name=name),
        credentials=[AttestedCredentialData(row) for row in known],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return json.dumps(dict(options)["publicKey"], default=dict), state


def finish_registration(site: Site, state: dict[str, Any] | None, answer: str) -> tuple[bytes, bytes, int]:
    """The credential's id, the credential and its counter.

    Raises:
        Refused: another origin, challenge or kind of answer, or nothing was asked.
    """
    try:
        made = site.server.register_complete(_asked(state), _answer(answer))
    except Exception as error:  # noqa: BLE001 - hostile input raises many kinds in the library; all mean no.
        raise Refused(str(error)) from None
    data = made.credential_data
    if data is None:
        raise Refused("no credential in the answer")
    return data.credential_id, bytes(data), made.counter


def begin_use(site: Site, *, known: Sequence[bytes]) -> tuple[str, dict[str, Any]]:
    """What the browser is asked, as JSON, and what the session keeps until the answer."""
    options, state = site.server.authenticate_begin(
        [AttestedCredentialData(row) for row in known], user_verification=UserVerificationRequirement.PREFERRED
    )
    return json.dumps(dict(options)["publicKey"], default=dict), state


def finish_use(site: Site, state: dict[str, Any] | None, answer: str, *, known: Sequence[bytes]) -> tuple[bytes, int]:
    """The id of the credential that signed, and its counter.

    Raises:
        Refused: another origin, challenge or kind of answer, an unknown credential or a wrong signature.
    """
    try:
        said = _answer(answer)
        used = site.server.authenticate_complete(_asked(state), [AttestedCredentialData(row) for row in known], said)
        counter = AuthenticationResponse.from_dict(said).response.authenticator_data.counter
    except Exception as error:  # noqa: BLE001 - the same.
        raise Refused(str(error)) from None
    return used.credential_id, counter


def _asked(state: dict[str, Any] | None) -> dict[str, Any]:
    if not state:
        raise Refused("nothing was asked")
    return state


def _answer(text: str) -> dict[str, Any]:
    if len(text) > ANSWER_MAX:
        raise Refused("the answer is too long")
    read = json.loads(text)
    if not isinstance(read, dict):
        raise Refused("the answer is no object")
    return read
