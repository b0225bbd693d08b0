"""What goes into a case: typed data, sealed personal data, its number, its files, its words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.cases.errors import DataInvalid
from groundplan.kernel.cases.logic import values
from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.models import Attachment, Case, Step, Task
from groundplan.kernel.cases.queries.privacy import opened_secret
from groundplan.kernel.files.models import StoredFile
from groundplan.lib import search, sql
from groundplan.lib.crypto import encrypt, keyed_hash
from groundplan.lib.sql import rows

if TYPE_CHECKING:
    from groundplan.kernel.cases.actions._move import Move

LONGEST_TITLE = 300
NEXT = """INSERT INTO cases_number_series (name, value) VALUES (%s, 1)
    ON CONFLICT (name) DO UPDATE SET value = cases_number_series.value + 1 RETURNING value"""
# Committed at once and without waiting for the disk: whatever is committed later waits for this as well.
NEXT_AT_ONCE = """WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO cases_number_series (name, value) SELECT %s, 1 FROM quick
    ON CONFLICT (name) DO UPDATE SET value = cases_number_series.value + 1 RETURNING value"""


class Written:
    """New rows on their way to the server; their keys come back with the journey."""

    def __init__(self) -> None:
        self._sent: list[tuple[Any, Any]] = []

    def insert(self, made: Any, expressions: Mapping[str, tuple[str, Any]] | None = None) -> None:
        """Send a row."""
        self._sent.append((made, rows.insert(made, expressions)))

    def keep_keys(self) -> None:
        """Give the objects their keys, after the journey."""
        for made, cursor in self._sent:
            rows.keep_key(made, cursor)


def checked_data(
    flow: Flow, data: Mapping[str, Any], personal: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Typed values, the ordinary ones and the personal ones.

    Raises:
        DataInvalid: ``fields`` names each value that does not fit.
    """
    stored, wrong = values.clean(flow.fields, data)
    secret, wrong_secret = values.clean(flow.fields, personal)
    wrong |= wrong_secret
    wrong |= {name: "personal" for name in stored if flow.fields[name].personal and stored[name] is not None}
    wrong |= {name: "not personal" for name in secret if not flow.fields[name].personal}
    if wrong:
        refuse_data(flow, wrong)
    return stored, {name: value for name, value in secret.items() if value is not None}


def refuse_data(flow: Flow, wrong: Mapping[str, str]) -> None:
    """Refuse values, naming each field and what it accepts.

    Raises:
        DataInvalid: always.
    """
    names = "、".join(flow.fields[name].label.get("zh-hans", name) if name in flow.fields else name for name in wrong)
    raise DataInvalid(
        _("请核对：%(names)s") % {"names": names},
        fields=[{"field": name, "reason": reason} for name, reason in wrong.items()],
    )


def seal(case: Case, secret: Mapping[str, Any]) -> None:
    """Keep personal values encrypted, joined with those that are there; the phone also as a keyed hash."""
    if not secret:
        return
    kept = {**opened_secret(case), **secret}
    case.personal = encrypt(json.dumps(kept, ensure_ascii=False))
    phone = next((value for name, value in kept.items() if name.endswith("phone")), None)
    if phone:
        case.reporter_hash = keyed_hash(str(phone), purpose="cases.reporter")


def seal_anew(case: Case, secret: Mapping[str, Any]) -> None:
    """Keep exactly these personal values, without those that were there before."""
    case.personal, case.reporter_hash = None, None
    seal(case, secret)


def next_number(flow: Flow, now: datetime, *, at_once: bool = False) -> str:
    """The next number of a flow's series; the series' row is locked until the case is written.

    Args:
        flow: the flow.
        now: when; the series may name the day.
        at_once: outside a transaction: the row is locked for this statement alone, and a number whose case is not
            written after all is skipped.
    """
    local = timezone.localtime(now)
    name = flow.number.split("{seq")[0].format(flow=flow.flow, date=local)
    ((value,),) = sql.run(NEXT_AT_ONCE if at_once else NEXT, [name]).fetchall()
    return flow.number.format(flow=flow.flow, date=local, seq=value)


def attach_to(case: Case, step: Step, files: Iterable[StoredFile]) -> None:
    """Hang stored files on a step."""
    given = [Attachment(case=case, step=step, file=file) for file in dict.fromkeys(files)]
    if given:
        Attachment.objects.bulk_create(given, ignore_conflicts=True)


def words_of(case: Case, flow: Flow) -> str:
    """The words by which a case is found: of its number, title and the fields marked searchable."""
    texts = [str(case.data[name]) for name, field in flow.fields.items() if field.searchable and case.data.get(name)]
    return search.document(case.number, case.title, *texts)


def index_words(case: Case, flow: Flow) -> None:
    """Index the words of a case."""
    sql.run(f"UPDATE cases_case SET search = {search.vector_sql()} WHERE id = %s", [words_of(case, flow), case.pk])  # noqa: S608 - no value inside.


def clean_title(title: str) -> str:
    """The one line that a case is shown by.

    Raises:
        DataInvalid: nothing is left of it.
    """
    text = " ".join(title.replace("\x00", "").split())
    if not text:
        raise DataInvalid(_("标题不能为空。"), fields=[{"field": "title", "reason": "missing"}])
    return text[:LONGEST_TITLE]


def tell_offline(move: Move, done_at: datetime | None, task: Task | None = None) -> dict[str, str]:
    """Say on the timeline when something was done on the spot; the clocks go by the receipt. What the record adds."""
    if done_at is None:
        return {}
    done, received = (f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" for moment in (done_at, move.now))
    move.step("offline", task=task, done=done, received=received)
    return {"done_at": done_at.isoformat()}
