"""What several actions check before they write: rights, secrets, names of units and shelves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.errors import EntryInvalid, EntrySecret
from groundplan.base.catalogue.logic.content import Content, read_content
from groundplan.base.catalogue.logic.screening import secret_marks
from groundplan.base.catalogue.models import Entry, Shelf
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import NotAllowed

SECRETS = {
    "zh-hans": "《政务数据共享条例》（国务院令第809号）：国家秘密、工作秘密不纳入政务数据目录",
    "en": "Regulation on Sharing Government Data (Decree 809): state and work secrets are not catalogued",
}


@dataclass(frozen=True)
class Checked:
    """A content that fits, with the rows that it names."""

    content: Content
    shelf: Shelf
    sources: Mapping[str, Party]


def require_editor(actor: Actor, provider_id: int) -> None:
    """Refuse who does not write for a unit.

    Raises:
        NotAllowed: the actor neither handles for it nor is of the data office.
    """
    if not queries.edits_for(actor, provider_id):
        raise NotAllowed(_("只有本单位人员和数据管理部门可以维护该单位的目录。"), accepted=", ".join(queries.EDITORS))


def unit_of(code: str) -> Party:
    """The unit of a code.

    Raises:
        EntryInvalid: there is none.
    """
    try:
        return parties.party_by_code(code.strip()[:64].replace("\x00", ""))
    except PartyNotFound as error:
        raise EntryInvalid(
            _("没有代码为“%(code)s”的单位。") % {"code": code[:40]}, fields=[{"field": "provider", "reason": "unknown"}]
        ) from error


def checked(given: Mapping[str, Any] | Content) -> Checked:
    """A content that may be catalogued.

    Raises:
        EntryInvalid: ``fields`` names each place that does not fit.
        EntrySecret: it is, or says that it is, a state or work secret.
    """
    content, wrong = (given, []) if isinstance(given, Content) else read_content(given)
    if content is None:
        raise _invalid(wrong)
    refuse_secrets(content)
    shelf = queries.shelves().filter(key=content.shelf).first()
    if shelf is None:
        wrong.append({"field": "shelf", "reason": content.shelf})
    codes = {each.source for each in content.elements if each.source}
    sources = {party.code: party for party in Party.objects.filter(code__in=codes)}
    wrong += [
        {"field": f"elements.{at}.source", "reason": each.source}
        for at, each in enumerate(content.elements)
        if each.source and each.source not in sources
    ]
    named = {name for name in (content.series, *content.derived_from) if name}
    known = set(Entry.objects.filter(identifier__in=named).values_list("identifier", flat=True))
    wrong += [{"field": "series" if name == content.series else "derived_from", "reason": name}
              for name in sorted(named - known)]  # fmt: skip
    if wrong or shelf is None:
        raise _invalid(wrong)
    return Checked(content, shelf, sources)


def refuse_secrets(content: Content) -> None:
    """Refuse at the door what is secret by declaration or by a mark in its words.

    Raises:
        EntrySecret: with the basis.
    """
    if content.secrecy != "none":
        raise EntrySecret(_("已声明涉及国家秘密或工作秘密，不予编目。"), basis=SECRETS, word="")
    found = secret_marks(content.texts(), queries.terms("secret"))
    if found:
        basis = dict(found[0].basis) or SECRETS
        words = "、".join(dict.fromkeys(each.word for each in found))
        raise EntrySecret(
            _("内容含“%(words)s”字样，疑似国家秘密或工作秘密，不予编目。") % {"words": words},
            accepted=basis.get("zh-hans", ""),
            next_step=_("请按保密规定处理；确不涉密的，删去该字样后重新提交。"),
            basis=basis,
            word=words,
        )


def note(actor: Actor, action: str, entry: Entry, **data: Any) -> None:
    """The one record of an action on an entry."""
    record(
        actor=actor.actor_id, action=f"catalogue.{action}", subject=f"entry:{entry.public_id}",
        data={"identifier": entry.identifier, **data},
    )  # fmt: skip


def announce(actor: Actor, type_name: str, entry: Entry, **data: Any) -> None:
    """Tell the provider, and other systems, that something happened."""
    events.publish(
        type=type_name,
        subject=f"entry:{entry.public_id}",
        data={"entry": str(entry.public_id), "identifier": entry.identifier, "provider": entry.provider.code, **data},
        actor=actor.actor_id,
        audience=[f"party:{entry.provider_id}"],
    )


def entry_locked(actor: Actor, entry: UUID | str) -> Entry:
    """An entry that the actor may write, locked.

    Raises:
        EntryNotFound: none that the actor sees.
        NotAllowed: it is another unit's.
    """
    seen = queries.entry_for(actor, entry)
    require_editor(actor, seen.provider_id)
    return Entry.objects.select_for_update(of=("self",)).select_related("provider", "shelf").get(pk=seen.pk)


def _invalid(wrong: list[dict[str, str]]) -> EntryInvalid:
    places = "；".join(f"{each['field']} {each['reason']}" for each in wrong[:10])
    return EntryInvalid(_("请核对：%(names)s") % {"names": places}, fields=wrong)
