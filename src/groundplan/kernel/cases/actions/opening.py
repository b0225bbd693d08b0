"""Opening a case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import clockwork, deciding
from groundplan.kernel.cases.actions.flows import version_in_force
from groundplan.kernel.cases.actions.move import Move
from groundplan.kernel.cases.actions.owners import owner_for
from groundplan.kernel.cases.errors import DataInvalid
from groundplan.kernel.cases.logic import values
from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.models import Attachment, Case, NumberSeries, Step
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import search
from groundplan.lib.crypto import decrypt, encrypt, keyed_hash
from groundplan.lib.identity import uuid7

LONGEST_TITLE = 300


@transaction.atomic
def open_case(
    *,
    actor: Actor,
    flow: str,
    title: str,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
    point: tuple[float, float] | None = None,
    division_codes: Mapping[str, str] | None = None,
    channel: str = "web",
    subject: str = "",
    reporter: str = "",
    public_id: UUID | None = None,
    files: Iterable[StoredFile] = (),
) -> Case:
    """Open a case of a flow; it enters the first stage and has an owner from its first moment.

    Args:
        actor: who opens it.
        flow: key of the flow.
        title: one line that names it, without personal data.
        data: values of the flow's fields.
        personal: values of its personal fields; stored encrypted.
        point: longitude and latitude, CGCS2000.
        division_codes: codes by level (``district``, ``street``, ``community``, ``unit_grid``, ``governance_grid``).
        channel: how it came in.
        subject: what it is about, such as ``component:<id>``.
        reporter: actor id of the resident who may follow it.
        public_id: the id it shall have, so that files can be stored under it before.
        files: attachments, already stored under this case.

    Raises:
        FlowUnknown: no such flow is in force.
        DataInvalid: ``fields`` names each value that does not fit.
        OwnerMissing: the first stage has no owner.
    """
    version = version_in_force(flow)
    form = deciding.flow_of(version.pk)
    stored, secret = checked_data(form, data or {}, personal or {})
    case = Case(
        public_id=public_id or uuid7(),
        flow_version=version,
        flow=form.flow,
        title=_clean_title(title),
        channel=channel,
        subject=subject,
        data=stored,
        reporter=reporter,
        opened_by=actor.actor_id,
        longitude=point[0] if point else None,
        latitude=point[1] if point else None,
        divisions=dict(division_codes or {}),
        district=(division_codes or {}).get("district", ""),
    )
    move = Move(actor, case, form)
    case.opened_at = move.now
    seal(case, secret)
    first = move.step("open", noun=form.noun)
    spans, _decision = deciding.spans_for(form, case, form.total, actor)
    clockwork.start(case, spans, move.now, form.calendar)
    for observer in form.observers:
        move.involve(owner_for(observer, case, "observers"), "observer")
    move.enter(form.start)
    case.number = next_number(form, move.now)
    move.announce("case.opened.v1", channel=channel, district=case.district, calendar_missing=case.calendar_missing)
    move.announced.insert(0, move.announced.pop())
    move.finish("open", first=first, data={"channel": channel, "version": version.number})
    attach_to(case, first, files)
    index_words(case, form)
    return case


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


def opened_secret(case: Case) -> dict[str, Any]:
    """The personal values of a case in the clear; callers answer for who sees them."""
    if not case.personal:
        return {}
    found: dict[str, Any] = json.loads(decrypt(bytes(case.personal)))
    return found


def next_number(flow: Flow, now: datetime) -> str:
    """The next number of a flow's series; the series' row is locked until the case is written."""
    local = timezone.localtime(now)
    name = flow.number.split("{seq")[0].format(flow=flow.flow, date=local)
    if not NumberSeries.objects.filter(name=name).update(value=F("value") + 1):
        NumberSeries.objects.get_or_create(name=name)
        NumberSeries.objects.filter(name=name).update(value=F("value") + 1)
    value = NumberSeries.objects.values_list("value", flat=True).get(name=name)
    return flow.number.format(flow=flow.flow, date=local, seq=value)


def attach_to(case: Case, step: Step, files: Iterable[StoredFile]) -> None:
    """Hang stored files on a step."""
    Attachment.objects.bulk_create(
        [Attachment(case=case, step=step, file=file) for file in dict.fromkeys(files)], ignore_conflicts=True
    )


def index_words(case: Case, flow: Flow) -> None:
    """Index the words of a case: number, title and the fields marked searchable."""
    texts = [str(case.data[name]) for name, field in flow.fields.items() if field.searchable and case.data.get(name)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE cases_case SET search = {search.vector_sql()} WHERE id = %s",  # noqa: S608 - no value inside.
            [search.document(case.number, case.title, *texts), case.pk],
        )


def _clean_title(title: str) -> str:
    text = " ".join(title.replace("\x00", "").split())
    if not text:
        raise DataInvalid(_("标题不能为空。"), fields=[{"field": "title", "reason": "missing"}])
    return text[:LONGEST_TITLE]
