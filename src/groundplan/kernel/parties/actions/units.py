"""Units, firms and people: they begin, change, relate, merge and end."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from groundplan.kernel.parties import logic, roles
from groundplan.kernel.parties.actions.duty import record, require
from groundplan.kernel.parties.errors import CodeTaken, IdentifierTaken, PartyEnded, RelationRefused
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
        record(actor, "party.created", subject(party), {"kind": kind, "code": party.code})
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
        record(actor, "party.updated", subject(party), {"fields": sorted(changes)})
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
        record(actor, "party.related", subject(from_party), data)
    return made


def insert_relation(made: Relation) -> None:
    """Store a relation and explain what the database refuses.

    Raises:
        RelationRefused: it would repeat one, give a second superior or relate a party to itself.
    """
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if "relation_one_superior" in str(error):
            reason = _("%(unit)s 在这段时间已有隶属上级，请先终止原隶属关系。")
        elif "relation_not_to_itself" in str(error):
            reason = _("%(unit)s 不能与自身建立关系。")
        else:
            reason = _("%(unit)s 在这段时间已有相同关系。")
        raise RelationRefused(reason % {"unit": made.from_party.shown_name}) from None


def refuse_circle(kind: str, lowest: Party | None = None) -> None:
    """Refuse what closes a circle on some day.

    Args:
        kind: the kind of relation that may not circle.
        lowest: look only above this party; everywhere if none is given.

    Raises:
        RelationRefused: naming the parties of the circle.
    """
    edges: list[logic.Edge] = []
    wanted = Relation.objects.filter(kind=kind).values_list("from_party_id", "to_party_id", "valid_from", "valid_until")
    if lowest is None:
        edges = [logic.Edge(low, up, logic.Period.between(start, end)) for low, up, start, end in wanted]
    else:
        frontier, known = {lowest.pk}, {lowest.pk}
        while frontier:
            rows = list(wanted.filter(from_party_id__in=frontier))
            edges += [logic.Edge(low, up, logic.Period.between(start, end)) for low, up, start, end in rows]
            frontier = {row[1] for row in rows} - known
            known |= frontier
    circle = logic.find_cycle(edges)
    if circle:
        names = {party.pk: party.shown_name for party in Party.objects.filter(pk__in=circle)}
        shown = " → ".join(names[pk] for pk in (*circle, circle[0]))
        raise RelationRefused(_("关系形成循环：%(circle)s。") % {"circle": shown})


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
        record(actor, "party.relation_ended", subject(relation.from_party), {"kind": relation.kind})
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
        record(actor, "party.ended", subject(party), {"day": day.isoformat()})
    party.refresh_from_db()
    return party


def close_party(party: Party, day: dt.date, **marks: Any) -> None:
    """End a party and everything dated that hangs on it.

    Raises:
        PartyEnded: it ended before.
    """
    open_still = Q(valid_until=None) | Q(valid_until__gt=day)
    if not Party.objects.filter(open_still, pk=party.pk).update(valid_until=day, **marks):
        raise PartyEnded(_("%(unit)s 此前已终止。") % {"unit": party.shown_name})
    for rows in (
        Relation.objects.filter(Q(from_party=party) | Q(to_party=party)),
        Membership.objects.filter(party=party),
    ):
        rows.filter(open_still, valid_from__lte=day).update(valid_until=day)
        # What would have begun later never begins.
        for row in rows.filter(valid_from__gt=day):
            type(row).objects.filter(pk=row.pk).update(valid_until=row.valid_from)


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
        moved = sum(_move_relation(relation, absorbed, into, day) for relation in held)
        for membership in memberships:
            _move_membership(membership, into, day)
        for kind in roles.COVERING:
            refuse_circle(kind)
        data = {"into": str(into.public_id), "relations_moved": moved, "members_moved": len(memberships)}
        record(actor, "party.merged", subject(absorbed), data)
    absorbed.refresh_from_db()
    return into


def _move_relation(relation: Relation, absorbed: Party, into: Party, day: dt.date) -> bool:
    """Open the same relation for the survivor unless it has it, or it would bind the survivor to itself."""
    lower = into.pk if relation.from_party_id == absorbed.pk else relation.from_party_id
    upper = into.pk if relation.to_party_id == absorbed.pk else relation.to_party_id
    same = Relation.objects.on(day).filter(kind=relation.kind, from_party_id=lower)
    if relation.kind != "belongs_to":
        same = same.filter(to_party_id=upper)
    if lower == upper or same.exists():
        return False
    until = Relation.objects.values_list("valid_until", flat=True).filter(pk=relation.pk).first()
    planned = relation.valid_until if relation.valid_until != until else None
    Relation.objects.create(
        kind=relation.kind, from_party_id=lower, to_party_id=upper, valid_from=day, valid_until=planned
    )
    return True


def _move_membership(membership: Membership, into: Party, day: dt.date) -> None:
    """Open the same role in the survivor unless the user has it there."""
    there = Membership.objects.on(day).filter(
        user_id=membership.user_id, party=into, role=membership.role, territory=membership.territory
    )
    if not there.exists():
        Membership.objects.create(
            user_id=membership.user_id,
            party=into,
            role=membership.role,
            territory=membership.territory,
            valid_from=day,
            valid_until=membership.valid_until,
            granted_by_id=membership.granted_by_id,
        )


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
        record(actor, "party.identified", subject(party), {"scheme": scheme})
    return made


def make_identifier(party: Party, scheme: str, value: str) -> Identifier:
    """Store an identifier unless the party has it already.

    Raises:
        Invalid: the scheme is unknown or the number is not valid.
        IdentifierTaken: another party has it.
    """
    from groundplan.kernel.parties.identifiers import checked, masked  # noqa: PLC0415

    text = checked(scheme, value)
    personal = scheme in roles.PERSONAL_SCHEMES
    made, _created = Identifier.objects.get_or_create(
        scheme=scheme,
        found_by=crypto.keyed_hash(text, purpose=scheme),
        defaults={
            "party": party,
            "value": "" if personal else text,
            "sealed": crypto.encrypt(text) if personal else None,
            "masked": masked(scheme, text),
        },
    )
    if made.party_id != party.pk:
        raise IdentifierTaken(_("%(number)s 已登记在另一机构或个人名下。") % {"number": made.masked})
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
        record(actor, "party.unmasked", subject(identifier.party), data)
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
            record(actor, "party.identifiers_reencrypted", "parties", {"count": done})
    return done


def lock_relations() -> None:
    """Let one transaction at a time change relations: a circle could otherwise close between two of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('parties.relations'))")


def sort_key(name: roles.Labels) -> str:
    """The sound of a name: pinyin of the Chinese one, else the first as it is written."""
    text = name.get("zh-hans") or next(iter(name.values()), "")
    return " ".join(lazy_pinyin(text)).lower()[:200]


def subject(party: Party) -> str:
    """The name of a party in log and events."""
    return f"party:{party.public_id}"
