"""Rows of parties, relations and identifiers: what the actions share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from groundplan.kernel.parties.actions._identifiers import checked, masked
from groundplan.kernel.parties.errors import IdentifierTaken, PartyEnded, RelationRefused
from groundplan.kernel.parties.logic import relations, roles
from groundplan.kernel.parties.models import Identifier, Membership, Party, Relation
from groundplan.lib import crypto, sql


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
    edges: list[relations.Edge] = []
    wanted = Relation.objects.filter(kind=kind).values_list("from_party_id", "to_party_id", "valid_from", "valid_until")
    if lowest is None:
        edges = [relations.Edge(low, up, relations.Period.between(start, end)) for low, up, start, end in wanted]
    else:
        frontier, known = {lowest.pk}, {lowest.pk}
        while frontier:
            rows = list(wanted.filter(from_party_id__in=frontier))
            edges += [relations.Edge(low, up, relations.Period.between(start, end)) for low, up, start, end in rows]
            frontier = {row[1] for row in rows} - known
            known |= frontier
    circle = relations.find_cycle(edges)
    if circle:
        names = {party.pk: party.shown_name for party in Party.objects.filter(pk__in=circle)}
        shown = " → ".join(names[pk] for pk in (*circle, circle[0]))
        raise RelationRefused(_("关系形成循环：%(circle)s。") % {"circle": shown})


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


def move_relation(relation: Relation, absorbed: Party, into: Party, day: dt.date) -> bool:
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


def move_membership(membership: Membership, into: Party, day: dt.date) -> None:
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


def make_identifier(party: Party, scheme: str, value: str) -> Identifier:
    """Store an identifier unless the party has it already.

    Raises:
        Invalid: the scheme is unknown or the number is not valid.
        IdentifierTaken: another party has it.
    """
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


def lock_relations() -> None:
    """Let one transaction at a time change relations: a circle could otherwise close between two of them."""
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, "groundplan.parties.relations")


def sort_key(name: roles.Labels) -> str:
    """The sound of a name: pinyin of the Chinese one, else the first as it is written."""
    text = name.get("zh-hans") or next(iter(name.values()), "")
    return " ".join(lazy_pinyin(text)).lower()[:200]


def party_subject(party: Party) -> str:
    """The name of a party in log and events."""
    return f"party:{party.public_id}"
