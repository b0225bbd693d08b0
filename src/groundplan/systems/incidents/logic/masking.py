"""Hides phone numbers, citizen numbers and addresses of mail inside free text, before anybody sees the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# What people put between digits: blanks of any kind, hyphens, dots, signs that are not seen.
_GAP = r"[\s\-‐‑‒—–－_.·・．\u200b\u200c\u200d\ufeff]{0,3}"
# Numbers spelled in Chinese, in the ordinary and the financial signs, with 幺 as it is said on the telephone.
_SPOKEN = str.maketrans("〇零○一壹幺二贰貳三叁參四肆五伍六陆陸七柒八捌九玖", "0001112223334455666778899")
_CITIZEN = re.compile(
    rf"(?<!\d)[1-9](?:{_GAP}\d){{5}}{_GAP}(?:1{_GAP}[89]|2{_GAP}0){_GAP}\d{_GAP}\d{_GAP}(?:0{_GAP}[1-9]|1{_GAP}[0-2]){_GAP}"
    rf"(?:0{_GAP}[1-9]|[12]{_GAP}\d|3{_GAP}[01])(?:{_GAP}\d){{3}}{_GAP}[\dXx](?!\d)"
)
_CITIZEN_OLD = re.compile(r"(?<!\d)[1-9]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?1{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(?:\(0\d{2,3}\)|0\d{2,3})[ \-]?[2-9]\d{6,7}(?!\d)")
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
# What is hidden, and how many digits of it stay in front and behind.
_HIDDEN = ((_CITIZEN, 6, 4), (_MOBILE, 3, 4), (_LANDLINE, 4, 2), (_CITIZEN_OLD, 6, 3))


@dataclass(frozen=True)
class Masked:
    """A text that may be shown, and how many personal parts were hidden in it."""

    text: str
    hidden: int


def mask_text(text: str, *, wholly: bool = False) -> Masked:
    """Replace personal numbers by stars, in whatever digits they are written: full-width, Chinese, with blanks between.

    Numbers of 17 digits (components) and amounts stay as they are.

    Args:
        text: what a person wrote.
        wholly: leave no digit of a hidden number, because even its ends may tell who wrote.

    Returns:
        The masked text, of the same meaning otherwise, and the count of hidden parts.

    Example:
        >>> mask_text("请回电１３８００１３８０００，井盖坏了")
        Masked(text='请回电138****8000，井盖坏了', hidden=1)
        >>> mask_text("身份证11010519491231002X")
        Masked(text='身份证110105********002X', hidden=1)
        >>> mask_text("电话一三八零零一三八零零零，井盖坏了")
        Masked(text='电话138****8000，井盖坏了', hidden=1)
        >>> mask_text("赔偿 12000 元").hidden
        0
        >>> mask_text("请回电13800138000", wholly=True).text
        '请回电****'
    """
    plain = text if text.isascii() else "".join(_narrow(sign) for sign in text)
    hidden = 0
    for pattern, front, back in _HIDDEN:
        plain, found = _starred(plain, pattern, front, back, wholly=wholly)
        hidden += found
    plain, mails = _MAIL.subn("***@***", plain)
    return Masked(plain, hidden + mails)


def _starred(text: str, pattern: re.Pattern[str], front: int, back: int, *, wholly: bool) -> tuple[str, int]:
    """Stars for what a pattern finds in the digits of a text; everything else stays as it was written."""
    parts, end, hidden = [], 0, 0
    for found in pattern.finditer(_in_digits(text)):
        digits = re.sub(r"[^0-9Xx]", "", found.group())
        if pattern is _MOBILE:
            digits = digits[-11:]  # Without a country code.
        middle = "*" * max(4, len(digits) - front - back)
        parts += [text[end : found.start()], "****" if wholly else digits[:front] + middle + digits[-back:]]
        end, hidden = found.end(), hidden + 1
    return "".join([*parts, text[end:]]), hidden


def _in_digits(text: str) -> str:
    """The text of the same length with every sign that stands for one digit written as that digit."""
    if text.isascii():
        return text
    return "".join(sign if sign.isascii() else str(unicodedata.digit(sign, sign)) for sign in text.translate(_SPOKEN))


def mask_phone(phone: str) -> str:
    """A phone number with its middle hidden, for lists and pages.

    Example:
        >>> mask_phone("13800138000")
        '138****8000'
    """
    digits = re.sub(r"\D", "", phone)
    if len(digits) < 7:  # noqa: PLR2004 - short numbers would be guessable.
        return "*" * len(digits)
    return digits[:3] + "****" + digits[-4:] if len(digits) >= 11 else digits[:2] + "****" + digits[-2:]  # noqa: PLR2004


def mask_name(name: str) -> str:
    """A person's name with all but the first character hidden.

    Example:
        >>> mask_name("欧阳修")
        '欧**'
    """
    return name[:1] + "*" * (len(name) - 1)


def mask_names(text: str, *names: str) -> str:
    """A text in which who reports is called so and not by name, since handling units read it.

    Example:
        >>> mask_names("我是王小明，住三号楼", "王小明")
        '我是反映人，住三号楼'
    """
    for name in sorted({given.strip() for given in names}, key=len, reverse=True):
        if len(name) >= 2:  # noqa: PLR2004 - one character would hide half the text.
            text = text.replace(name, "反映人")
    return text


def normal_phone(phone: str) -> str:
    """Digits only, without the country code, so that one caller is found again.

    Example:
        >>> normal_phone("+86 138-0013-8000")
        '13800138000'
    """
    digits = re.sub(r"\D", "", "".join(_narrow(sign) for sign in phone))
    return digits[-11:] if len(digits) in (13, 15) and digits[-11] == "1" else digits


def _narrow(sign: str) -> str:
    return unicodedata.normalize("NFKC", sign) if "０" <= sign <= "９" or sign in "＠－＋．ＸｘＡ" else sign


def storable(text: str) -> str:
    """The text without what PostgreSQL cannot keep and without invisible controls."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        sign for sign in text if sign in "\n\t" or not (unicodedata.category(sign) in {"Cc", "Cs"} or sign == "\ufeff")
    )
