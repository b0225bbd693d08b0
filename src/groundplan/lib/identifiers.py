"""Identifiers with check characters: GB 32100-2015, GB 11714-1997, GB 11643-1999; division codes of GB/T 2260."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from django.utils.translation import gettext as _

from groundplan.lib.errors import Invalid

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_CHECKS = "10X98765432"
# The first two digits of GB/T 2260; stable since 1997, so they stand in code while the codes below them are data.
PROVINCES = frozenset(
    str(number)
    for numbers in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82),
    )
    for number in numbers
)
DIVISION_LENGTHS = {2: "province", 4: "city", 6: "district", 9: "street", 12: "community"}


class BadIdentifier(Invalid):
    """An identifier breaks its standard; ``position`` is the first character at fault, counted from 1."""

    code = "bad-identifier"
    title: ClassVar[dict[str, str]] = {"zh-hans": "编码有误", "en": "Wrong identifier"}


@dataclass(frozen=True)
class CreditCode:
    """A unified social credit code in its parts (GB 32100-2015, clause 4)."""

    text: str
    authority: str
    category: str
    division: str
    organisation: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class CitizenNumber:
    """What a citizen number says (GB 11643-1999, clause 4); sensitive: never log ``text``."""

    text: str
    division: str
    birth: date
    sex: Literal["male", "female"]

    def __repr__(self) -> str:
        return f"CitizenNumber({mask_citizen_number(self.text)})"


def check_credit_code(text: str) -> CreditCode:
    """The parts of a unified social credit code whose two check characters are right.

    >>> check_credit_code("91330100799655058B").division
    '330100'
    >>> check_credit_code("91350100M000100Y43").organisation
    'M000100Y4'
    >>> str(check_credit_code(" 91110000802100433b "))
    '91110000802100433B'

    Raises:
        BadIdentifier: names the first position at fault.

    Source: GB 32100-2015, clauses 4 and 5.
    """
    code = _normal(text)
    _check_length(code, (18,))
    _check_alphabet(code, CREDIT_ALPHABET, start=1)
    for position, character in enumerate(code[2:8], start=3):
        if not character.isdigit():
            raise _wrong(code, position, accepted="0–9")
    check_organisation_code(code[8:17], start=9)
    expected = credit_check_character(code[:17])
    if code[17] != expected:
        raise _wrong(code, 18, accepted=expected)
    return CreditCode(code, code[0], code[1], code[2:8], code[8:17])


def credit_check_character(first_17: str) -> str:
    """The check character of the 17 characters before it.

    >>> credit_check_character("91330100799655058")
    'B'
    """
    total = sum(CREDIT_ALPHABET.index(c) * w for c, w in zip(first_17, CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def check_organisation_code(text: str, *, start: int = 1) -> str:
    """An organisation code of 8 + 1 characters without its hyphen, checked.

    Args:
        text: the code; a hyphen before the check character is allowed.
        start: position of the first character, when the code is part of a longer one.

    >>> check_organisation_code("80210043-3")
    '802100433'

    Raises:
        BadIdentifier: names the first position at fault.

    Source: GB 11714-1997, clause 3.
    """
    code = _normal(text).replace("-", "")
    _check_length(code, (9,))
    _check_alphabet(code[:8], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=start)
    expected = organisation_check_character(code[:8])
    if code[8] != expected:
        raise _wrong(code, 9, accepted=expected, shown=start + 8)
    return code


def organisation_check_character(first_8: str) -> str:
    """The check character of an organisation code.

    >>> organisation_check_character("80210043")
    '3'
    """
    total = sum(int(c, 36) * w for c, w in zip(first_8, ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def check_citizen_number(text: str) -> CitizenNumber:
    """What a citizen number of 18 characters says, after its check.

    >>> check_citizen_number("11010519491231002X").birth
    datetime.date(1949, 12, 31)
    >>> check_citizen_number("440524188001010014").sex
    'male'

    Raises:
        BadIdentifier: names the first position at fault and never repeats the number.

    Source: GB 11643-1999, clauses 4 and 5; ISO 7064 MOD 11-2.
    """
    code = _normal(text)
    _check_length(code, (18,), secret=True)
    for position, character in enumerate(code[:17], start=1):
        if not ("0" <= character <= "9"):
            raise _wrong(code, position, accepted="0–9", secret=True)
    if code[:2] not in PROVINCES:
        raise _wrong(code, 1, accepted=_("省级行政区划代码"), secret=True)
    try:
        birth = date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        raise _wrong(code, 7, accepted=_("真实存在的日期，格式 YYYYMMDD"), secret=True) from None
    total = sum(int(c) * w for c, w in zip(code[:17], CITIZEN_WEIGHTS, strict=True))
    if code[17] != CITIZEN_CHECKS[total % 11]:
        raise _wrong(code, 18, accepted=_("与前 17 位相符的校验码，请核对有无抄错"), secret=True)
    return CitizenNumber(code, code[:6], birth, "male" if int(code[16]) % 2 else "female")


def mask_citizen_number(text: str) -> str:
    """A citizen number as it may be shown: the first three and the last two characters.

    >>> mask_citizen_number("11010519491231002X")
    '110*************2X'
    """
    return text[:3] + "*" * max(len(text) - 5, 0) + text[-2:] if len(text) > 5 else "*" * len(text)  # noqa: PLR2004


def check_division_code(text: str) -> str:
    """A division code of 2, 4, 6, 9 or 12 digits whose form is right; whether it was in use on a day, places knows.

    >>> check_division_code("330106")
    '330106'

    Raises:
        BadIdentifier: names the first position at fault.

    Source: GB/T 2260-2007; GB/T 10114-2003 and the statistics extension for 9 and 12 digits.
    """
    code = _normal(text)
    _check_length(code, tuple(DIVISION_LENGTHS))
    _check_alphabet(code, "0123456789", start=1)
    if code[:2] not in PROVINCES:
        raise _wrong(code, 1, accepted=_("省级行政区划代码"))
    return code


def _normal(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def _check_length(code: str, lengths: tuple[int, ...], *, secret: bool = False) -> None:
    if len(code) in lengths:
        return
    accepted = _("%(lengths)s 位") % {"lengths": "、".join(map(str, lengths))}
    shown = "" if secret else f" {code}"
    raise BadIdentifier(
        _("编码%(shown)s 共 %(count)d 位，长度不对。") % {"shown": shown, "count": len(code)},
        accepted=accepted,
        next_step=_("请核对有无漏字或多字。"),
        position=min(len(code), max(lengths)) + (len(code) < max(lengths)),
    )


def _check_alphabet(code: str, alphabet: str, *, start: int) -> None:
    for offset, character in enumerate(code):
        if character not in alphabet:
            raise _wrong(code, offset + 1, accepted=alphabet, shown=start + offset)


def _wrong(code: str, position: int, *, accepted: str, secret: bool = False, shown: int | None = None) -> BadIdentifier:
    place = position if shown is None else shown
    if secret:
        detail = _("第 %(position)d 位有误。") % {"position": place}
    else:
        detail = _("编码 %(code)s 第 %(position)d 位“%(found)s”有误。") % {
            "code": code,
            "position": place,
            "found": code[position - 1],
        }
    return BadIdentifier(detail, accepted=accepted, next_step=_("请对照证照原件核对。"), position=place)
