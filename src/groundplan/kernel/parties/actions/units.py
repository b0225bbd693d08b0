"""Units, firms and people: they begin, change, relate, merge and end."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from groundplan.kernel.parties.actions._duty import record, require
from groundplan.kernel.parties.actions._rows import (
    close_party,
    insert_relation,
    lock_relations,
    make_identifier,
    move_membership,
    move_relation,
    party_subject,
    refuse_circle,
    sort_key,
)
from groundplan.kernel.parties.errors import CodeTaken, PartyEnded, RelationRefused
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Identifier, Membership, Party, Relation, today
from groundplan.kernel.parties.queries import Actor, survivor
from groundplan.lib import crypto
from groundplan.lib.errors import Conflict, Invalid

KEEPERS = ("system_admin",)
CHANGEABLE = ("name", "short_name", "division_code", "address", "public_phone", "duties")
UNMASKERS = ("operator", "supervisor", "data_office")


def create_party(
    *,
    actor: Actor,
    kind: str,
    code: str,
    name: roles.Labels,
    short_name: roles.Labels | None = None,
    division_code: str = "",
    address: str = "",
    public_phone: str = "",
    duties: roles.Labels | None = None,
    valid_from: dt.date | None = None,
) -> Party:
    """Enter a unit, firm or person in the register.

    Args:
        actor: the system, or a system administrator.
        kind: one of ``roles.KINDS``.
        code: stable name in files and rules; never reused.
        name: label; at least one language.
        short_name: label, shown where the full name does not fit.
        division_code: division in which the party sits or for which it stands.
        address: public address.
        public_phone: telephone of the office.
        duties: label: what the unit answers for.
        valid_from: first day, today if none is given.

    Raises:
        NotAllowed: the actor keeps no register.
        CodeTaken: another party has this code.
        Invalid: the kind is unknown, or the code or name is empty.
    """
    require(actor, *KEEPERS)
    if kind not in roles.KINDS:
        raise Invalid(_("机构类型 %(kind)s 不存在。") % {"kind": kind}, accepted=", ".join(roles.KINDS))
    if not code.strip() or not any(name.values()):
        raise Invalid(_("机构必须有编码和名称。"), accepted="code, name")
    with transaction.atomic():
        party = Party(
            kind=kind,
            code=code.strip(),
            name=name,
            short_name=short_name or {},
            sort_key=sort_key(name),
            division_code=division_code,
            address=address,
            public_phone=public_phone,
            duties=duties or {},
            valid_from=valid_from or today(),
        )
        try:
            with transaction.atomic():
                party.save(force_insert=True)
        except IntegrityError:
            raise CodeTaken(_("编码 %(code)s 已属于另一机构。") % {"code": code}) from None
        record(actor, "parties.create_party", party_subject(party), {"kind": kind, "code": party.code})
    return party


def update_party(*, actor: Actor, party: Party, seen: int, **changes: Any) -> Party:
    """Change what a party is called and where it is found.

    Args:
        actor: the system, or a system administrator.
        party: the party.
        seen: the version the actor saw.
        changes: any of ``CHANGEABLE``.

    Raises:
        NotAllowed: the actor keeps no register.
        Conflict: somebody else changed the party meanwhile.
        Invalid: a field cannot be changed.
    """
    require(actor, *KEEPERS)
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise Invalid(f"{', '.join(sorted(unknown))} cannot be changed.", accepted=", ".join(CHANGEABLE))
    if "name" in changes:
        changes["sort_key"] = sort_key(changes["name"])
    with transaction.atomic():
        if not Party.objects.filter(pk=party.pk, version=seen).update(version=seen + 1, **changes):
            raise Conflict(_("机构信息已被他人修改，请刷新后再试。"))
        record(actor, "parties.update_party", party_subject(party), {"fields": sorted(changes)})
    party.refresh_from_db()
    return party


def relate(
    *,
    actor: Actor,
    kind: str,
    from_party: Party,
    to_party: Party,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> Relation:
    """Set one party in a dated relation to another.

    Args:
        actor: the system, or a system administrator.
        kind: one of ``roles.RELATIONS``.
        from_party: the lower, guided, reporting or maintaining one.
        to_party: the upper, guiding or served one.
        valid_from: first day, today if none is given.
        valid_until: first day on which it no longer holds; open if none is given.

    Raises:
        NotAllowed: the actor keeps no register.
        RelationRefused: it would repeat one, give a second superior, or close a circle on some day.
    """
    require(actor, *KEEPERS)
    if kind not in roles.RELATIONS:
        raise RelationRefused(_("关系类型 %(kind)s 不存在。") % {"kind": kind}, accepted=", ".join(roles.RELATIONS))
    start = valid_from or today()
    if valid_until is not None and valid_until <= start:
        raise RelationRefused(_("关系的终止日期必须晚于起始日期。"), accepted="valid_until > valid_from")
    with transaction.atomic():
        lock_relations()
        made = Relation(kind=kind, from_party=from_party, to_party=to_party, valid_from=start, valid_until=valid_until)
        insert_relation(made)
        if kind in roles.COVERING:
            refuse_circle(kind, from_party)
        data = {"kind": kind, "to": str(to_party.public_id), "from_day": start.isoformat()}
        record(actor, "parties.relate", party_subject(from_party), data)
    return made


def end_relation(*, actor: Actor, relation: Relation, on: dt.date | None = None) -> Relation:
    """Let a relation end on a day; it stays on record.

    Raises:
        NotAllowed: the actor keeps no register.
        Conflict: it ended before.
    """
    require(actor, *KEEPERS)
    day = on or today()
    with transaction.atomic():
        open_still = Q(valid_until=None) | Q(valid_until__gt=day)
        if not Relation.objects.filter(open_still, pk=relation.pk, valid_from__lte=day).update(valid_until=day):
            raise Conflict(_("该关系此前已终止。"))
        record(actor, "parties.end_relation", party_subject(relation.from_party), {"kind": relation.kind})
    relation.refresh_from_db()
    return relation


def end_party(*, actor: Actor, party: Party, on: dt.date | None = None) -> Party:
    """Let a party end on a day, with its relations and memberships; it stays on record.

    Raises:
        NotAllowed: the actor keeps no register.
        PartyEnded: it ended before.
    """
    require(actor, *KEEPERS)
    day = on or today()
    with transaction.atomic():
        close_party(party, day)
        record(actor, "parties.end_party", party_subject(party), {"day": day.isoformat()})
    party.refresh_from_db()
    return party


def merge_parties(*, actor: Actor, absorbed: Party, into: Party, on: dt.date | None = None) -> Party:
    """Record that a party went into another: its relations move, its code keeps leading to the survivor.

    Args:
        actor: the system, or a system administrator.
        absorbed: the party that ends.
        into: the party that lives on.
        on: the day of the merger, today if none is given.

    Returns:
        The survivor.

    Raises:
        NotAllowed: the actor keeps no register.
        PartyEnded: the absorbed party ended before, or the survivor is not in force.
        RelationRefused: the moved relations would close a circle.
    """
    require(actor, *KEEPERS)
    day = on or today()
    into = survivor(into)
    if into.pk == absorbed.pk or not into.is_current:
        raise PartyEnded(_("%(unit)s 不能接收合并。") % {"unit": into.shown_name})
    with transaction.atomic():
        lock_relations()
        open_now = Relation.objects.on(day).filter(Q(from_party=absorbed) | Q(to_party=absorbed))
        held = list(open_now.order_by("id"))
        memberships = list(Membership.objects.on(day).filter(party=absorbed).order_by("id"))
        close_party(absorbed, day, merged_into=into)
        moved = sum(move_relation(relation, absorbed, into, day) for relation in held)
        for membership in memberships:
            move_membership(membership, into, day)
        for kind in roles.COVERING:
            refuse_circle(kind)
        data = {"into": str(into.public_id), "relations_moved": moved, "members_moved": len(memberships)}
        record(actor, "parties.merge_parties", party_subject(absorbed), data)
    absorbed.refresh_from_db()
    return into


def add_identifier(*, actor: Actor, party: Party, scheme: str, value: str) -> Identifier:
    """Enter a checked identifier of a party; personal numbers are encrypted and found by a keyed hash.

    Raises:
        NotAllowed: the actor keeps no register.
        Invalid: the scheme is unknown or the number is not valid.
        IdentifierTaken: another party has it.
    """
    require(actor, *KEEPERS)
    with transaction.atomic():
        made = make_identifier(party, scheme, value)
        record(actor, "parties.add_identifier", party_subject(party), {"scheme": scheme})
    return made


def unmask_identifier(*, actor: Actor, identifier: Identifier, purpose: str, reference: str = "") -> str:
    """Show a personal number in full, for a purpose, and leave a record of it.

    Args:
        actor: an operator, a supervisor or the data office.
        identifier: the masked number.
        purpose: one of ``roles.PURPOSES``.
        reference: number of the case it is needed for.

    Raises:
        NotAllowed: the actor may not unmask.
        Invalid: no purpose of the list is given.
    """
    require(actor, *UNMASKERS)
    if purpose not in roles.PURPOSES:
        raise Invalid(_("查看完整号码必须选择用途。"), accepted=", ".join(roles.PURPOSES))
    with transaction.atomic():
        data = {"scheme": identifier.scheme, "purpose": purpose, "reference": reference[:64]}
        record(actor, "parties.unmask_identifier", party_subject(identifier.party), data)
    return identifier.value or crypto.decrypt(bytes(identifier.sealed or b""))


def reencrypt_identifiers(*, actor: Actor, batch: int = 500) -> int:
    """Bring personal numbers that stand under an older key under the current one.

    Returns:
        How many were re-encrypted; call again until it returns 0.
    """
    require(actor, *KEEPERS)
    done = 0
    with transaction.atomic():
        rows = Identifier.objects.select_for_update(skip_locked=True).filter(sealed__isnull=False).order_by("id")
        for row in rows.iterator():
            if crypto.is_current(bytes(row.sealed or b"")):
                continue
            row.sealed = crypto.encrypt(crypto.decrypt(bytes(row.sealed or b"")))
            row.save(update_fields=["sealed"])
            done += 1
            if done == batch:
                break
        if done:
            record(actor, "parties.reencrypt_identifiers", "parties", {"count": done})
    return done
