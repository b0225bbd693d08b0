"""Hides phone numbers, citizen numbers and addresses of mail inside free text, before anybody sees the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_GAP = r"[ \-—–.·]?"
_CITIZEN = re.compile(
    rf"(?<!\d)[1-9](?:{_GAP}\d){{5}}{_GAP}(?:1[89]|20){_GAP}\d{_GAP}\d{_GAP}(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12]\d|3[01])"
    rf"(?:{_GAP}\d){{3}}{_GAP}[\dXx](?!\d)"
)
_CITIZEN_OLD = re.compile(r"(?<!\d)[1-9]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?1[3-9](?:{_GAP}\d){{9}}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(?:\(0\d{2,3}\)|0\d{2,3})[ \-]?[2-9]\d{6,7}(?!\d)")
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")


@dataclass(frozen=True)
class Masked:
    """A text that may be shown, and how many personal parts were hidden in it."""

    text: str
    hidden: int


def mask_text(text: str, *, wholly: bool = False) -> Masked:
    """Replace personal numbers by stars; full-width digits are recognised too.

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
        >>> mask_text("赔偿 12000 元").hidden
        0
        >>> mask_text("请回电13800138000", wholly=True).text
        '请回电****'
    """
    plain = "".join(_narrow(sign) for sign in text)
    hidden = 0

    def stars(keep_front: int, keep_back: int, found: re.Match[str]) -> str:
        nonlocal hidden
        hidden += 1
        if wholly:
            return "****"
        digits = re.sub(r"[^0-9Xx]", "", found.group())
        if keep_front == 3 and len(digits) > 11:  # noqa: PLR2004 - a country code stands before the 11 digits.
            digits = digits[-11:]
        middle = "*" * max(4, len(digits) - keep_front - keep_back)
        return digits[:keep_front] + middle + digits[-keep_back:]

    plain = _CITIZEN.sub(lambda found: stars(6, 4, found), plain)
    plain = _MOBILE.sub(lambda found: stars(3, 4, found), plain)
    plain = _LANDLINE.sub(lambda found: stars(4, 2, found), plain)
    plain = _CITIZEN_OLD.sub(lambda found: stars(6, 3, found), plain)
    plain, mails = _MAIL.subn("***@***", plain)
    return Masked(plain, hidden + mails)


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
