"""The numbers by which parties are known: checked on entry, masked when shown."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from groundplan.kernel.parties.logic import roles
from groundplan.lib import identifiers
from groundplan.lib.errors import Invalid

MOBILE = re.compile(r"1[3-9]\d{9}")


def checked(scheme: str, value: str) -> str:
    """The normal form of a number.

    Raises:
        Invalid: the scheme is unknown, or the number breaks the scheme's rule (GB 32100, GB 11714, GB 11643).
    """
    text = re.sub(r"[\s-]", "", value).upper()
    if scheme == "credit_code":
        identifiers.check_credit_code(text)
    elif scheme == "organisation_code":
        identifiers.check_organisation_code(text)
    elif scheme == "citizen_number":
        identifiers.check_citizen_number(text)
    elif scheme == "phone":
        if not MOBILE.fullmatch(text):
            raise Invalid(_("手机号码格式不正确。"), accepted="13800138000")
    else:
        raise Invalid(_("证件类型 %(scheme)s 不存在。") % {"scheme": scheme}, accepted=", ".join(roles.SCHEMES))
    return text


def masked(scheme: str, text: str) -> str:
    """What is shown instead of a personal number; other numbers are public.

    >>> masked("phone", "13800138000")
    '138****8000'
    """
    if scheme == "citizen_number":
        return identifiers.mask_citizen_number(text)
    if scheme == "phone":
        return f"{text[:3]}****{text[-4:]}"
    return text
