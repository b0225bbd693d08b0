"""Tasks in the to-do lists of 政务钉钉 and 政务微信: made, changed and ended there as they are here, each once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from groundplan.kernel.events import logic as delivering
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.notices import logic, queries
from groundplan.kernel.notices.actions import _dingtalk
from groundplan.kernel.notices.actions._carriers import wecom_post, wecom_token
from groundplan.kernel.notices.actions.sending import KEPT, LEASE, MOST_ATTEMPTS
from groundplan.kernel.notices.models import Channel, Preference, Todo
from groundplan.kernel.parties.models import User
from groundplan.lib import clock, crypto

CREATE = "/tc/v2/openapi/task/create.json"
FINISH = "/tc/openapi/task/finish.json"
CANCEL = "/tc/openapi/task/cancel.json"
WORDS = {"done": "已办结", "cancelled": "无需办理", "open": "已更新"}
# A card of 政务微信 can be changed for 72 hours; after that its code means nothing and the card stays as it is.
TOO_LATE = "refused"


@transaction.atomic
def set_todos(
    *, about: UUID, people: Collection[User], title: Mapping[str, str], url: str, due_at: dt.datetime | None, ended: str
) -> int:
    """Say in whose to-do lists something is to stand; safe to repeat. Whoever is not named has it no more.

    Args:
        about: what it is, such as a task.
        people: whose to-do it is now; nobody when it is over.
        title: label.
        url: page that it opens, relative to the installation.
        due_at: when it is due.
        ended: ``done`` or ``cancelled``: what becomes of it for the others.

    Returns:
        How many entries changed.
    """
    channels = list(Channel.objects.filter(kind__in=logic.LISTING_KINDS, todos=True).exclude(state="ended"))
    told = {row.user_id: row for row in Preference.objects.filter(user__in=people)} if channels else {}
    changed, now = 0, clock.now()
    for channel in channels:
        wanted = [user for user in people if queries.address_for(told.get(user.pk), channel.kind)]
        for user in wanted:
            row, new = Todo.objects.get_or_create(
                channel=channel, about=about, user=user, defaults={"title": dict(title), "url": url, "due_at": due_at}
            )
            if not new and (row.wanted, row.due_at, row.title) != ("open", due_at, dict(title)):
                Todo.objects.filter(pk=row.pk).update(
                    wanted="open", due_at=due_at, title=dict(title), url=url, edition=F("edition") + 1,
                    state="waiting", attempts=0, next_at=now, changed_at=now,
                )  # fmt: skip
                new = True
            changed += new
    over = Todo.objects.filter(about=about, wanted="open").exclude(user__in=people)
    return changed + over.update(wanted=ended, state="waiting", attempts=0, next_at=now, changed_at=now)


def push_todos(*, batch: int = 100) -> int:
    """Bring what differs to the message apps, each entry once at a time and always under its own id.

    Returns:
        How many entries were dealt with.
    """
    done = 0
    while done < batch:
        with transaction.atomic():
            row = (
                Todo.objects.select_for_update(skip_locked=True, of=("self",)).select_related("channel", "user")
                .filter(state="waiting", next_at__lte=clock.now(), channel__state="active").order_by("next_at").first()
            )  # fmt: skip
            if row is None:
                break
            row.attempts, row.next_at = row.attempts + 1, clock.now() + LEASE
            row.save(update_fields=["attempts", "next_at"])
        _push(row)
        done += 1
    return done


def forget_todos() -> int:
    """Delete entries that ended 180 days ago.

    Returns:
        How many were deleted.
    """
    old = Todo.objects.filter(changed_at__lt=clock.now() - KEPT).filter(~Q(wanted="open"))
    return old.delete()[0]


def _push(row: Todo) -> None:
    told = Preference.objects.filter(user_id=row.user_id).first()
    to = queries.address_for(told, row.channel.kind)
    stands = row.shown == "open"
    failed = "" if to else "no-address"
    if to and stands and (row.wanted != "open" or row.edition != row.shown_edition):
        failed = _close(row, to, row.wanted)
        if not failed:
            stands = False
            Todo.objects.filter(pk=row.pk).update(shown="cancelled" if row.wanted == "open" else row.wanted)
    if to and not failed and row.wanted == "open" and not stands:
        failed, theirs = _open(row, to)
        if not failed:
            Todo.objects.filter(pk=row.pk).update(their_id=theirs[:300], shown="open", shown_edition=row.edition)
    _note(row, failed)


def _note(row: Todo, failed: str) -> None:
    same = Todo.objects.filter(pk=row.pk, state="waiting", attempts=row.attempts, edition=row.edition)
    if not failed or failed == "no-address":
        same.filter(wanted=row.wanted).update(state="settled", reason=failed)
    elif failed in logic.CREDENTIAL:
        _pause(row, failed)
    elif failed in logic.PERMANENT or row.attempts >= MOST_ATTEMPTS:
        same.update(state="dead", reason=failed)
    else:
        wait = dt.timedelta(seconds=delivering.wait_s(row.attempts + 2))
        same.update(next_at=clock.now() + wait, reason=failed)


@transaction.atomic
def _pause(row: Todo, failed: str) -> None:
    Todo.objects.filter(pk=row.pk, state="waiting").update(
        attempts=row.attempts - 1, next_at=clock.now(), reason=failed
    )
    if Channel.objects.filter(pk=row.channel_id, state="active").update(state="paused", paused_because=failed):
        ledger.record(
            actor="system", action="notices.pause_channel", subject=f"channel:{row.channel.public_id}",
            data={"because": failed},
        )  # fmt: skip


def _named(row: Todo) -> str:
    return f"{row.public_id}-{row.edition}"


def _open(row: Todo, to: str) -> tuple[str, str]:
    """Make an entry; the same edition again is the same entry there."""
    channel, secret = row.channel, crypto.decrypt(bytes(row.channel.sealed))
    language = row.user.language or settings.LANGUAGE_CODE
    text = row.title.get(language) or next(iter(row.title.values()))
    text = logic.outside_text(text, language, with_text=channel.with_text)[:120]
    link = queries.absolute(row.url) or channel.address
    if channel.kind == "dingtalk":
        form = {
            "tenantId": channel.options["tenant_id"], "subject": text, "creatorId": to, "assigneeId": to, "url": link,
            "mobileUrl": link, "bizTaskId": _named(row),
        }  # fmt: skip
        if row.due_at is not None:
            form["dueTime"] = row.due_at.astimezone(_dingtalk.BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        failed, said = _said(*_dingtalk.ask(channel, secret, CREATE, form))
        return failed, str(said.get("taskUuid", "")) if not failed else ""
    failed, token = wecom_token(channel, secret)
    if failed:
        return failed, ""
    card = {
        "card_type": "button_interaction", "main_title": {"title": text}, "task_id": _named(row),
        "button_list": [{"type": 1, "text": "去办理", "style": 1, "key": "open", "url": link}],
    }  # fmt: skip
    body = {
        "touser": to, "msgtype": "template_card", "agentid": int(channel.options["agent_id"]), "template_card": card,
        "enable_duplicate_check": 1, "duplicate_check_interval": 14400,
    }  # fmt: skip
    failed, answer = wecom_post(channel, token, "message/send", body)
    return failed, str(answer.get("response_code", ""))


def _close(row: Todo, to: str, wanted: str) -> str:
    """End an entry there."""
    channel, secret = row.channel, crypto.decrypt(bytes(row.channel.sealed))
    if channel.kind == "dingtalk":
        form = {"taskUuid": row.their_id, "userId": to}
        path = FINISH if wanted == "done" else CANCEL
        form["closePackage" if wanted == "done" else "cancelPakcage"] = "true"  # The platform spells it so.
        return _said(*_dingtalk.ask(channel, secret, path, form))[0]
    failed, token = wecom_token(channel, secret)
    if failed:
        return failed
    body = {
        "userids": [to], "agentid": int(channel.options["agent_id"]), "response_code": row.their_id,
        "button": {"replace_name": WORDS[wanted]},
    }  # fmt: skip
    failed, _answer = wecom_post(channel, token, "message/update_template_card", body)
    late = failed == TOO_LATE and clock.now() - row.changed_at > dt.timedelta(hours=72)
    return "" if late else failed


def _said(failed: str, answer: bytes) -> tuple[str, dict[str, object]]:
    """What 政务钉钉 answers: success twice, and data as JSON inside the JSON."""
    if failed:
        return failed, {}
    try:
        said = json.loads(answer or b"{}")
        content = said.get("content") if isinstance(said.get("content"), dict) else {}
        data = json.loads(content["data"]) if isinstance(content.get("data"), str) else content.get("data")
    except (ValueError, AttributeError):
        return "busy", {}
    if "success" not in said:
        return "busy", {}
    taken = said["success"] is True and content.get("success", True) is True
    return ("" if taken else "refused"), data if isinstance(data, dict) else {}
