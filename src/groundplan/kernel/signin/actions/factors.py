"""Second factors of one's own account: set up, used, removed."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.signin import queries
from groundplan.kernel.signin.actions._tries import own, record, tried
from groundplan.kernel.signin.errors import CodeRefused, FactorTaken, PasskeyRefused
from groundplan.kernel.signin.logic import codes, passkeys
from groundplan.kernel.signin.models import Factor, RecoveryCode
from groundplan.lib import clock, crypto


def add_authenticator(*, actor: Actor, user: User, secret: bytes, code: str, name: str = "") -> list[str]:
    """Set up an authenticator, once its owner has shown a code of it.

    Args:
        actor: the holder of the account.
        user: the account.
        secret: what the QR code held.
        code: the code that the authenticator shows now.
        name: what the owner calls it.

    Returns:
        Recovery codes, shown once; empty when the account has some already.

    Raises:
        NotAllowed: it is somebody else's account.
        CodeRefused: the code does not belong to the secret now.
        FactorTaken: the account has an authenticator.
    """
    own(actor, user)
    step = codes.matching_step(secret, codes.cleaned(code), clock.world())
    if step is None:
        raise CodeRefused(_("动态口令不正确。"), next_step=_("请核对手机时间是否准确，并输入最新显示的 6 位数字。"))
    sealed = crypto.encrypt(secret.hex())
    with transaction.atomic():
        made = _insert(Factor(user=user, kind="totp", name=name.strip()[:64], sealed=sealed, counter=step))
        fresh = _first_codes(user)
        data = {"factor": str(made.public_id), "kind": "totp", "recovery_codes": len(fresh)}
        record(actor.actor_id, "signin.add_authenticator", user, data)
    return fresh


def add_passkey(
    *, actor: Actor, user: User, site: passkeys.Site, state: dict[str, Any] | None, answer: str, name: str = ""
) -> list[str]:
    """Set up a passkey, once it has answered what the session asked.

    Args:
        actor: the holder of the account.
        user: the account.
        site: the site under which the browser sees us.
        state: what the session kept when it asked.
        answer: the browser's answer, JSON.
        name: what the owner calls it.

    Returns:
        Recovery codes, shown once; empty when the account has some already.

    Raises:
        NotAllowed: it is somebody else's account.
        PasskeyRefused: the answer does not hold.
        FactorTaken: the passkey is registered already.
    """
    own(actor, user)
    try:
        credential_id, credential, counter = passkeys.finish_registration(site, state, answer)
    except passkeys.Refused:
        raise PasskeyRefused(_("通行密钥未能登记。"), next_step=_("请重新开始登记；每次登记须在本页完成。")) from None
    with transaction.atomic():
        made = _insert(
            Factor(
                user=user,
                kind="passkey",
                name=name.strip()[:64],
                sealed=crypto.encrypt(credential.hex()),
                credential_id=credential_id,
                counter=counter,
            )
        )
        fresh = _first_codes(user)
        data = {"factor": str(made.public_id), "kind": "passkey", "recovery_codes": len(fresh)}
        record(actor.actor_id, "signin.add_passkey", user, data)
    return fresh


def pass_code(*, user: User, code: str) -> str:
    """Show a code of the authenticator, or a recovery code; each opens once.

    Returns:
        ``totp`` or ``recovery``.

    Raises:
        CodeRefused: it is wrong, was used before, or its time is over.
        SecondFactorPaused: too many failures in a row.
    """
    typed = codes.cleaned(code)
    by = tried(
        user,
        lambda: _used_authenticator(user, typed) or _used_recovery(user, typed),
        passed="signin.pass_code",
        refused="signin.refuse_code",
    )
    if by is None:
        raise CodeRefused(
            _("验证码不正确，或已经用过。"), next_step=_("请等待下一个动态口令，或输入一个未用过的恢复码。")
        )
    return by


def pass_passkey(*, user: User, site: passkeys.Site, state: dict[str, Any] | None, answer: str) -> str:
    """Show a passkey; a counter that does not grow gives a copied one away.

    Returns:
        ``passkey``.

    Raises:
        PasskeyRefused: the answer does not hold.
        SecondFactorPaused: too many failures in a row.
    """
    by = tried(
        user,
        lambda: _used_passkey(user, site, state, answer),
        passed="signin.pass_passkey",
        refused="signin.refuse_passkey",
    )
    if by is None:
        raise PasskeyRefused(_("通行密钥未通过验证。"), next_step=_("请重试，或改用动态口令、恢复码。"))
    return by


def confirm_password(*, user: User, password: str) -> None:
    """Show the password again before something delicate.

    Raises:
        CodeRefused: it is wrong.
        SecondFactorPaused: too many failures in a row.
    """
    if tried(
        user,
        lambda: "password" if user.check_password(password) else None,
        passed="signin.confirm_password",
        refused="signin.refuse_password",
    ) is None:  # fmt: skip
        raise CodeRefused(_("密码不正确。"))


def remove_factor(*, actor: Actor, user: User, factor: Factor) -> None:
    """Take a factor off one's own account; with the last one its recovery codes go as well.

    Raises:
        NotAllowed: it is somebody else's account.
        FactorNotFound: it was removed before.
    """
    own(actor, user)
    with transaction.atomic():
        found = queries.factor(user, factor.public_id)
        Factor.objects.filter(pk=found.pk).update(removed_at=clock.now())
        last = not queries.has_factor(user)
        if last:
            RecoveryCode.objects.filter(user=user).delete()
        data = {"factor": str(found.public_id), "kind": found.kind, "last": last}
        record(actor.actor_id, "signin.remove_factor", user, data)


def renew_recovery_codes(*, actor: Actor, user: User) -> list[str]:
    """Make ten new recovery codes; all earlier ones end.

    Returns:
        The codes, shown once.

    Raises:
        NotAllowed: it is somebody else's account.
        CodeRefused: the account has no factor that they could stand in for.
    """
    own(actor, user)
    if not queries.has_factor(user):
        raise CodeRefused(_("请先设置动态口令或通行密钥。"))
    with transaction.atomic():
        fresh = _new_codes(user)
        record(actor.actor_id, "signin.renew_recovery_codes", user, {"recovery_codes": len(fresh)})
    return fresh


def _insert(factor: Factor) -> Factor:
    try:
        with transaction.atomic():
            factor.save(force_insert=True)
    except IntegrityError:
        raise FactorTaken(
            _("本账号已设置动态口令，或此通行密钥已登记。"), next_step=_("如需更换，请先移除原有的。")
        ) from None
    return factor


def _first_codes(user: User) -> list[str]:
    return [] if queries.recovery_codes_left(user) else _new_codes(user)


def _new_codes(user: User) -> list[str]:
    fresh = codes.recovery_codes()
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, found_by=_hash(code)) for code in fresh)
    return fresh


def _hash(code: str) -> bytes:
    return crypto.keyed_hash(codes.cleaned(code), purpose="recovery-code")


def _used_authenticator(user: User, typed: str) -> str | None:
    factor = queries.factors(user).filter(kind="totp").first()
    if factor is None:
        return None
    step = codes.matching_step(bytes.fromhex(crypto.decrypt(bytes(factor.sealed))), typed, clock.world())
    # A code opens once, and none older than the last one opens (RFC 6238, 5.2).
    fresh = Factor.objects.filter(pk=factor.pk, counter__lt=step) if step is not None else Factor.objects.none()
    return "totp" if fresh.update(counter=step, used_at=clock.now()) else None


def _used_recovery(user: User, typed: str) -> str | None:
    unused = RecoveryCode.objects.filter(user=user, used_at=None, found_by=_hash(typed))
    return "recovery" if unused.update(used_at=clock.now()) else None


def _used_passkey(user: User, site: passkeys.Site, state: dict[str, Any] | None, answer: str) -> str | None:
    held = queries.factors(user).filter(kind="passkey")
    try:
        credential_id, counter = passkeys.finish_use(site, state, answer, known=queries.credentials(user))
    except passkeys.Refused:
        return None
    used = held.filter(credential_id=credential_id)
    # Authenticators without a counter always say 0 (WebAuthn, 6.1.1).
    fresh = used.filter(counter__lt=counter) if counter else used.filter(counter=0)
    return "passkey" if fresh.update(counter=counter, used_at=clock.now()) else None
