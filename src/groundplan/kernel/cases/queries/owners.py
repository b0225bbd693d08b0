"""Finds the units that a flow names: by code, by field, by the output of a rule, by an earlier stage, by relation."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _

from groundplan.kernel.cases import registry
from groundplan.kernel.cases.errors import OwnerMissing
from groundplan.kernel.cases.logic.flow import Owner
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.models import Party


def owner_for(owner: Owner, case: Case, where: str) -> Party:
    """The unit that an owner reference names for a case.

    Raises:
        OwnerMissing: it names none; the action fails and the case stays with its present owner.
    """
    found, named = _find(owner, case)
    if found is not None:
        return found
    if owner.otherwise is not None:
        return owner_for(owner.otherwise, case, where)
    raise OwnerMissing(
        _("环节“%(where)s”找不到承办单位（%(named)s）。") % {"where": where, "named": named},
        next_step=_("请核对机构代码或派单目录。"),
        stage=where,
    )


def superior_of(party_id: int) -> Party | None:
    """The unit that a unit answers to: the one it reports work to, else the one it belongs to."""
    return parties.superior(party_id, "reports_work_to") or parties.superior(party_id, "belongs_to")


def party_of_code(code: str) -> Party:
    """The unit of a code or of an alias that a profile registered.

    Raises:
        PartyNotFound: no unit has it.
    """
    return parties.party_by_code(registry.aliases.get(code, code))


def _find(owner: Owner, case: Case) -> tuple[Party | None, str]:
    if owner.relation is not None:
        below = _owner_of(owner.stage or "", case)
        find = partial(parties.superior, kind=owner.kind)
        return (find(below.pk) or superior_of(below.pk)) if below else None, f"superior_of {owner.stage}"
    if owner.owner_of is not None:
        return _owner_of(owner.owner_of, case), f"owner_of {owner.owner_of}"
    code = owner.party
    if owner.field is not None:
        code = case.data.get(owner.field)
    elif owner.output is not None:
        code = case.outputs.get(owner.output)
    if not code:
        return None, f"{owner.field or owner.output} = –"
    try:
        return party_of_code(str(code)), str(code)
    except PartyNotFound:
        return None, str(code)


def _owner_of(stage: str, case: Case) -> Party | None:
    task = (
        Task.objects.filter(case_id=case.pk, stage=stage, kind="work").select_related("party").order_by("-id").first()
        if case.pk
        else None
    )
    return task.party if task else None
