"""Every write of identity."""

from groundplan.kernel.identity.actions._kinds._fake import FakeHouse
from groundplan.kernel.identity.actions._server import SERVER, give_token, take_back
from groundplan.kernel.identity.actions.clients import change_client, decide_client, propose_client, renew_secret
from groundplan.kernel.identity.actions.going import come_back, forget_tokens, send_out
from groundplan.kernel.identity.actions.keys import published_keys, rotate_signing_key
from groundplan.kernel.identity.actions.sources import change_source, decide_source, propose_source
from groundplan.kernel.identity.actions.ties import (
    TiedRow,
    come_in,
    give_consent,
    import_ties,
    take_consent_back,
    tie_account,
    tie_own_account,
    untie,
)

__all__ = [
    "SERVER",
    "FakeHouse",
    "TiedRow",
    "change_client",
    "change_source",
    "come_back",
    "come_in",
    "decide_client",
    "decide_source",
    "forget_tokens",
    "give_consent",
    "give_token",
    "import_ties",
    "propose_client",
    "propose_source",
    "published_keys",
    "renew_secret",
    "rotate_signing_key",
    "send_out",
    "take_back",
    "take_consent_back",
    "tie_account",
    "tie_own_account",
    "untie",
]
