"""Many cases handled at once: each through its normal action, one by one, with a result for each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from groundplan.commons.worklists.errors import BulkInvalid
from groundplan.commons.worklists.logic import DOINGS, Doing
from groundplan.commons.worklists.models import BulkItem, BulkRun
from groundplan.commons.worklists.queries.runs import MOST, Choice, chosen_for
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.models import Party, User
from groundplan.kernel.parties.queries import Actor, actor_for_user
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError, NotAllowed

INLINE = 20
LONGEST_TEXT = 2000
LONGEST_REASON = 400
log = logging.getLogger(__name__)


def start_bulk(
    *, actor: Actor, key: str, action: str, choices: Sequence[Choice], unit: str = "", text: str = ""
) -> BulkRun:
    """Start one action on many cases; sent again with the same key it is the same run and nothing happens twice.

    Few are handled at once, many by the worker; :func:`carry_on_bulk` does either.

    Args:
        actor: who acts; rights are asked for each case when its turn comes.
        key: made by the page of confirmation or by the client, 8 to 64 characters.
        action: one of ``logic.DOINGS``.
        choices: at most 200 cases.
        unit: code or full name of the receiving unit, for actions that ask for one.
        text: reason, demand or comment, for actions that ask for one.

    Raises:
        BulkInvalid: no such action, nothing or too much chosen, unit or text missing.
        NotAllowed: the actor is no user with an office.
    """
    doing = DOINGS.get(action)
    if actor.user_id is None or not actor.scopes:
        raise NotAllowed
    if doing is None or not 8 <= len(key) <= 64:  # noqa: PLR2004 - the column's length, and no key by accident.
        raise BulkInvalid(_("请选择要办理的事项。"), accepted=", ".join(DOINGS))
    known = BulkRun.objects.filter(actor=actor.actor_id, key=key).first()
    if known is not None:
        return known
    given = _given(doing, unit, text)
    items = _items(actor, doing, choices)
    try:
        run = _started(actor, key, action, given, items)
    except IntegrityError:
        return BulkRun.objects.get(actor=actor.actor_id, key=key)
    if run.total <= INLINE:
        carry_on_bulk(run=run.public_id)
        run.refresh_from_db()
    return run


def carry_on_bulk(*, run: UUID | str) -> int:
    """Handle what still waits in a run, one case a transaction; safe to repeat and to run twice at once.

    The rights of the person who started it are asked anew, as they are now.

    Returns:
        How many cases had their turn.
    """
    found = BulkRun.objects.select_related("user").get(public_id=run)
    handled = 0
    with override(found.language):
        while _next(found):
            handled += 1
    ended = BulkRun.objects.filter(pk=found.pk, state="running").exclude(Q(items__state="waiting"))
    ended.update(state="done", finished_at=clock.now())
    return handled


def _next(run: BulkRun) -> bool:
    """Handle the next case, with its result in the same transaction; False when none waits."""
    with transaction.atomic():
        waiting = run.items.filter(state="waiting").select_for_update(skip_locked=True, of=("self",))
        item = waiting.select_related("case", "task").order_by("position").first()
        if item is None:
            return False
        item.state, item.reason = _handled(run, item)
        item.at = clock.now()
        item.save(update_fields=["state", "reason", "at"])
    return True


def _handled(run: BulkRun, item: BulkItem) -> tuple[str, str]:
    try:
        with transaction.atomic():
            _require_account(run)
            _ACTS[run.action](actor_for_user(run.user), item, run.given)
    except GroundplanError as error:
        return "refused", (error.detail or str(error.title))[:LONGEST_REASON]
    except Exception:
        log.exception("a case of a bulk run failed")
        return "refused", _("系统错误，本件没有办理，请单独办理。")
    return "done", ""


def _require_account(run: BulkRun) -> None:
    if not run.user.is_active:
        raise NotAllowed(_("账号已停用。"))


def _given(doing: Doing, unit: str, text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    if "unit" in doing.asks:
        named = unit.rsplit("(", 1)[-1].rstrip(")").strip() if unit.endswith(")") else unit.strip()
        wanted = Q(code=named) | Q(**{"name__zh-hans": named}) | Q(name__en=named)
        party = Party.objects.on().filter(wanted).first() if named and "\x00" not in named else None
        if party is None:
            raise BulkInvalid(_("没有名为“%(text)s”的单位。") % {"text": unit[:60]})
        given["unit"] = party.code
    if "text" in doing.asks:
        given["text"] = text.replace("\x00", "").strip()[:LONGEST_TEXT]
        if not given["text"]:
            raise BulkInvalid(_("请填写理由或要求。"))
    return given


def _items(actor: Actor, doing: Doing, choices: Sequence[Choice]) -> list[BulkItem]:
    if not 1 <= len(choices) <= MOST:
        raise BulkInvalid(_("一次可办理 1 至 %(most)s 件。") % {"most": MOST}, accepted=f"1–{MOST}")
    found = chosen_for(actor, doing, choices)
    if not found:
        raise BulkInvalid(_("所选办件都不存在，或不在您的权限范围内。"))
    made = []
    for position, each in enumerate(found):
        item = BulkItem(position=position, case=each.case, task=each.task, seen=each.seen)
        if not each.fits:
            item.state, item.reason, item.at = "refused", _("当前不能这样办理。"), clock.now()
        made.append(item)
    return made


@transaction.atomic
def _started(actor: Actor, key: str, action: str, given: Mapping[str, str], items: list[BulkItem]) -> BulkRun:
    language, user = get_language() or "zh-hans", User.objects.get(pk=actor.user_id or 0)
    run = BulkRun.objects.create(
        key=key, action=action, given=dict(given), actor=actor.actor_id, user=user, language=language,
        total=len(items),
    )  # fmt: skip
    for item in items:
        item.run = run
    BulkItem.objects.bulk_create(items)
    data = {"action": action, "cases": len(items)}
    record(actor=actor.actor_id, action="worklists.start_bulk", subject=f"bulk:{run.public_id}", data=data)
    if run.total > INLINE:
        from groundplan.commons.worklists.jobs import carry_on  # noqa: PLC0415 - jobs import actions.

        carry_on.defer(run=str(run.public_id))
    return run


def _task(actor: Actor, item: BulkItem) -> dict[str, Any]:
    if item.task is None:
        raise BulkInvalid(_("当前不能这样办理。"))
    return {"actor": actor, "task": item.task.public_id, "seen": item.seen}


def _case(actor: Actor, item: BulkItem) -> dict[str, Any]:
    return {"actor": actor, "case": item.case.public_id}


_ACTS: dict[str, Callable[[Actor, BulkItem, Mapping[str, str]], Any]] = {
    "sign": lambda actor, item, given: cases.sign_task(**_task(actor, item)),  # noqa: ARG005 - one signature.
    "transfer": lambda actor, item, given: cases.transfer_task(
        **_task(actor, item), to_party=given["unit"], reason=given["text"]
    ),
    "redispatch": lambda actor, item, given: cases.redispatch_task(
        **_task(actor, item), to_party=given["unit"], note=given["text"]
    ),
    "supervise": lambda actor, item, given: cases.supervise_case(
        **_case(actor, item), seen=item.seen, text=given["text"]
    ),
    "comment": lambda actor, item, given: cases.comment(**_case(actor, item), text=given["text"]),
}
