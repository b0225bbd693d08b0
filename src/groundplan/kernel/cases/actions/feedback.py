"""What is said about a case: comments, files, ratings, call-backs; and who looked behind a mask."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions._data import attach_to
from groundplan.kernel.cases.actions._loading import load_case
from groundplan.kernel.cases.actions._rights import require_control, require_reason
from groundplan.kernel.cases.errors import CaseNotFound, DataInvalid, IdentityHidden
from groundplan.kernel.cases.logic.texts import Labels
from groundplan.kernel.cases.models import Case, Rating, Step
from groundplan.kernel.cases.queries.privacy import hidden_fields, opened_secret
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.logic.roles import PURPOSES
from groundplan.kernel.parties.queries import Actor

SOURCES = ("callback", "reporter")
STARS = range(1, 6)


@transaction.atomic
def comment(*, actor: Actor, case: UUID | str, text: str, files: Iterable[StoredFile] = ()) -> Step:
    """Say something on a case, or add files to it; every unit in the case reads it. Its reporter may add to it too.

    Raises:
        CaseNotFound: the actor may not see the case.
        DataInvalid: neither text nor file.
    """
    by_reporter = Case.objects.filter(public_id=case, reporter=actor.actor_id).exclude(reporter="").exists()
    move = load_case(actor, case, None, by_reporter=by_reporter)
    added = list(files)
    first = move.step("attach" if added and not text.strip() else "comment", note=text.strip()[:4000])
    if not added:
        require_reason(text)
    move.announce("case.commented.v1", files=len(added))
    move.finish("comment", first=first, data={"files": len(added)})
    attach_to(move.case, first, added)
    return first


@transaction.atomic
def rate_case(
    *,
    actor: Actor,
    case: UUID | str,
    source: str,
    satisfaction: int | None = None,
    solved: bool | None = None,
    reached: bool = True,
    note: str = "",
) -> Rating:
    """Keep what the reporter says: in a call-back (回访), or by themselves.

    Args:
        actor: the officer who called, or the resident.
        case: public id of the case.
        source: ``callback`` or ``reporter``.
        satisfaction: 1 (very dissatisfied) to 5 (very satisfied).
        solved: whether the reporter says that it is solved.
        reached: whether the reporter was reached at all.
        note: in the reporter's words.

    Raises:
        CaseNotFound: the actor may not see the case, or is not its reporter.
        NotYourTask: a call-back by another unit than the one that controls the flow.
        DataInvalid: another source or number of stars.
    """
    found = Case.objects.only("reporter").filter(public_id=case).first()
    if source == "reporter" and (found is None or not found.reporter or found.reporter != actor.actor_id):
        raise CaseNotFound
    if source not in SOURCES or (satisfaction is not None and satisfaction not in STARS):
        raise DataInvalid(_("满意度为 1 至 5。"), fields=[{"field": "satisfaction", "reason": "1 to 5"}])
    move = load_case(actor, case, None, by_reporter=source == "reporter")
    if source == "callback":
        require_control(move, actor)  # A unit does not say of its own work that the reporter is content.
    first = move.step(
        "callback" if source == "callback" else "rate", note=note[:2000], result=_result(solved, satisfaction)
    )
    made = Rating.objects.create(
        case=move.case,
        source=source,
        reached=reached,
        solved=solved,
        satisfaction=satisfaction,
        note=note[:2000],
        actor=move.actor.actor_id,
        at=move.now,
    )
    move.announce("case.rated.v1", source=source, solved=solved, satisfaction=satisfaction)
    move.finish("rate", first=first, data={"source": source, "solved": solved, "satisfaction": satisfaction})
    return made


@transaction.atomic
def unmask_field(*, actor: Actor, case: UUID | str, field: str, purpose: str) -> str:
    """Show a personal value in the clear, for a purpose that is recorded.

    Args:
        actor: an officer who sees the case.
        case: public id of the case.
        field: name of the personal field.
        purpose: one of ``parties.roles.PURPOSES``.

    Raises:
        CaseNotFound: the actor may not see the case.
        IdentityHidden: the field is hidden from the actor's roles.
        DataInvalid: no such field or purpose.
    """
    move = load_case(actor, case, None)
    if field in hidden_fields(actor, move.case, move.flow):
        raise IdentityHidden(_("该信息对承办单位保密。"), field=field)
    form = move.flow.fields.get(field)
    if form is None or not form.personal or purpose not in PURPOSES:
        raise DataInvalid(
            _("请选择查看目的。"), accepted=", ".join(PURPOSES), fields=[{"field": "purpose", "reason": purpose}]
        )
    first = move.step("unmask", field=form.label, note=PURPOSES[purpose]["zh-hans"])
    move.finish("unmask", first=first, data={"field": field, "purpose": purpose})
    return str(opened_secret(move.case).get(field, ""))


def _result(solved: bool | None, satisfaction: int | None) -> Labels:  # noqa: FBT001 - as asked.
    said = {None: ("未答", "no answer"), True: ("已解决", "solved"), False: ("未解决", "not solved")}[solved]
    stars = "★" * satisfaction if satisfaction else ""
    return {"zh-hans": f"{said[0]} {stars}".strip(), "en": f"{said[1]} {stars}".strip()}
