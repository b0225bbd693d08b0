"""The units, relations and people of the sample city, entered through the public actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from groundplan.demo import names
from groundplan.demo.plan import Piece, Plan
from groundplan.kernel.parties import actions
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.lib.identifiers import credit_check_character, organisation_check_character

BEGINNING = date(2020, 1, 1)
PASSWORD = "lanting-2026"  # noqa: S105 - the password of the sample city is printed when it starts.
UNITS = 120


@lru_cache
def text() -> dict[str, Any]:
    """The file of units."""
    source = files("groundplan.demo").joinpath("data", "units.yaml")
    document: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return document


@dataclass
class Units:
    """What was entered: parties by code, credit codes by code."""

    parties: dict[str, Party] = field(default_factory=dict)
    credit_codes: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, code: str, name: dict[str, str], *, parent: str = "", division: str = "3399") -> Party:
        """Enter a unit with its credit code, below its parent."""
        party = actions.create_party(
            actor=SYSTEM, kind=kind, code=code, name=name, division_code=division, valid_from=BEGINNING
        )
        credit = credit_code(len(self.parties), division)
        actions.add_identifier(actor=SYSTEM, party=party, scheme="credit_code", value=credit)
        self.parties[code], self.credit_codes[code] = party, credit
        if parent:
            self.relate("belongs_to", code, parent)
        return party

    def relate(self, kind: str, low: str, up: str) -> None:
        """Set one unit in relation to another."""
        actions.relate(
            actor=SYSTEM,
            kind=kind,
            from_party=self.parties[low],
            to_party=self.parties[up],
            valid_from=BEGINNING,
        )


def credit_code(number: int, division: str) -> str:
    """An invented unified social credit code that passes every check.

    >>> len(credit_code(1, "339901"))
    18
    """
    body = f"MD{number:06d}"
    first = "11" + division[:6].ljust(6, "0") + body + organisation_check_character(body)
    return first + credit_check_character(first)


def enter_units(plan: Plan) -> Units:
    """Enter all 120 units with their relations."""
    units, document = Units(), text()
    root = document["city"]["code"]
    units.add("city", root, document["city"]["name"])
    for kind, group in (("department", "departments"), ("utility", "utilities"), ("vertical", "verticals")):
        for code, name in document[group].items():
            units.add(kind, code, name, parent=root if kind == "department" else "")
    for code, section in document["sections"].items():
        units.add("section", code, section["name"], parent=section["parent"])
    units.add("zone", document["zone"]["code"], document["zone"]["name"], parent=root, division="339901")
    units.add("firm", document["firm"]["code"], document["firm"]["name"])
    for district in plan.districts:
        units.add("district", party_code(district), office_of(district), parent=root, division=district.code)
        for code in document["guided"]:
            units.relate("guided_by", party_code(district), code)
    for street in plan.streets:
        units.add("street", party_code(street), office_of(street), parent=f"d{street.parent}", division=street.code)
        units.relate("territory_of", party_code(street), f"d{street.parent}")
        units.relate("reports_work_to", party_code(street), f"d{street.parent}")
    for community in served_communities(plan, UNITS - len(units.parties)):
        above, code = f"d{community.parent}", party_code(community)
        units.add("community", code, office_of(community), parent=above, division=community.code)
        units.relate("territory_of", party_code(community), f"d{community.parent}")
    for low, up in document["maintains"].items():
        units.relate("maintains", low, up)
    return units


def party_code(piece: Piece) -> str:
    """The code of the unit that answers for a piece of land."""
    return f"d{piece.code}"


def office_of(piece: Piece) -> dict[str, str]:
    """The name of the unit that answers for a piece of land."""
    name = piece.name["zh-hans"]
    ends = {6: ("人民政府", "Government"), 9: ("办事处", "Office"), 12: ("居民委员会", "Committee")}
    chinese, english = ends[len(piece.code)]
    if name.endswith("镇"):
        chinese = "人民政府"
    if name.endswith("村"):
        chinese = "村民委员会"
    return {
        "zh-hans": name.removesuffix("村" if name.endswith("村") else "") + chinese,
        "en": f"{piece.name['en']} {english}",
    }


def served_communities(plan: Plan, count: int) -> list[Piece]:
    """The communities that have a unit of their own in the sample: the first one of so many streets."""
    firsts: dict[str, Piece] = {}
    for community in plan.communities:
        firsts.setdefault(community.parent, community)
    return list(firsts.values())[:count]


def enter_people(units: Units, seed: int) -> None:
    """Enter the people: the printed sign-ins, the crew of the simulated day, one handler for every unit."""
    given, document = names.people(seed), text()
    for entry in document["sign_ins"]:
        user = actions.add_user(
            actor=SYSTEM,
            username=entry["username"],
            display_name=f"{next(given)}（{entry['label']['zh-hans']}）",
            password=PASSWORD,
            must_change_password=False,
        )
        if entry["role"]:
            grant(units, user, entry["unit"], entry["role"])
    for unit, role, count in document["crew"]:
        for number in range(2, count + 2):
            enter_officer(units, f"{unit}-{role}-{number}", next(given), unit, role)
    offices = {entry["unit"] for entry in document["sign_ins"]} - {"lanting", "justice", "audit", "data-office"}
    for code, party in units.parties.items():
        if code not in offices and party.kind != "city":
            enter_officer(units, f"{code}-handler", next(given), code, "handler")


def enter_officer(units: Units, username: str, name: str, unit: str, role: str) -> None:
    """Enter a user without a password who holds one role."""
    user = actions.add_user(actor=SYSTEM, username=username, display_name=name)
    grant(units, user, unit, role)


def grant(units: Units, user: Any, unit: str, role: str) -> None:
    """Give a role since the beginning."""
    actions.grant_membership(actor=SYSTEM, user=user, party=units.parties[unit], role=role, valid_from=BEGINNING)
