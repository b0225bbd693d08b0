"""Every write of this app; the only public writer."""

from groundplan.kernel.signin.actions.factors import (
    add_authenticator,
    add_passkey,
    confirm_password,
    pass_code,
    pass_passkey,
    remove_factor,
    renew_recovery_codes,
)
from groundplan.kernel.signin.actions.resets import ask_reset, decide_reset

__all__ = [
    "add_authenticator",
    "add_passkey",
    "ask_reset",
    "confirm_password",
    "decide_reset",
    "pass_code",
    "pass_passkey",
    "remove_factor",
    "renew_recovery_codes",
]
