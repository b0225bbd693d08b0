"""What a message outside may say, what it costs, and when nobody is to be disturbed. Pure functions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

KINDS: dict[str, dict[str, str]] = {
    "sms": {"zh-hans": "短信", "en": "SMS"},
    "wecom": {"zh-hans": "政务微信", "en": "Government WeChat"},
    "dingtalk": {"zh-hans": "政务钉钉", "en": "Government DingTalk"},
    "webhook": {"zh-hans": "推送地址", "en": "Webhook"},
    "mail": {"zh-hans": "邮件", "en": "Mail"},
}
LISTING_KINDS = ("wecom", "dingtalk")
# What a channel of a kind needs beside its address and secret.
NEEDED: dict[str, tuple[str, ...]] = {
    "sms": ("sign_name", "template"),
    "wecom": ("corp_id", "agent_id"),
    "dingtalk": ("app_key", "tenant_id"),
    "webhook": (),
    "mail": ("sender", "account"),
}
# One mailbox in ASCII, without quotes, blanks or line ends: nothing in it can begin another header or recipient.
MAIL = re.compile(r"(?=.{6,120}\Z)[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
MAIL_PORTS = {"smtps": 465, "smtp": 587}
FORMS = {
    "sign_name": re.compile(r"[\w\u4e00-\u9fff]{2,20}"),
    "template": re.compile(r"[\w-]{1,40}"),
    "corp_id": re.compile(r"[\w-]{1,64}"),
    "agent_id": re.compile(r"\d{1,12}"),
    "app_key": re.compile(r"[A-Za-z0-9_-]{1,100}"),
    "tenant_id": re.compile(r"[0-9]{1,20}"),
    "sender": MAIL,
    "account": re.compile(r"[A-Za-z0-9_.@+-]{1,120}"),
}
MOBILE = re.compile(r"\+?\d{6,15}")
ACCOUNT = re.compile(r"[\w.@-]{1,64}")
# Seven digits may be a telephone or a citizen number, however they are spaced; the number of a case is not.
NUMBERS = re.compile(r"(?:\d[\s.\-–]*){7,}")
CASE_NUMBER = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{8}-[0-9]{5,7}(?![0-9])")
PLAIN = {"zh-hans": "您有一条新的政务消息，请登录查看。", "en": "You have a new notice; please sign in to read it."}
LONGEST_VALUE = 35
SINGLE_SMS, JOINED_SMS = 70, 67
PERMANENT = ("refused", "address-refused", "http-400", "http-404", "http-410", "http-422")
CREDENTIAL = ("credential-refused", "no-encryption", "http-401", "http-403")
# A password of a mailbox is what the mail server gives; other secrets are made for us.
SHORTEST_SECRET = {"mail": 8}


def wrong_options(kind: str, options: Mapping[str, str]) -> list[str]:
    """The names of what is missing or of the wrong form."""
    return [name for name in NEEDED[kind] if not FORMS[name].fullmatch(options.get(name, ""))]


def may_be_address(kind: str, address: str) -> bool:
    """Whether a text can be where somebody is reached over a channel of a kind."""
    return bool({"sms": MOBILE, "mail": MAIL}.get(kind, ACCOUNT).fullmatch(address))


def shortest_secret(kind: str) -> int:
    """How many characters a secret must have."""
    return SHORTEST_SECRET.get(kind, 16)


def outside_text(text: str, language: str, *, with_text: bool) -> str:
    """What leaves the house: the text only where the city allows it and it holds nothing that names a person.

    >>> outside_text("新待办：RX20260302-00001", "zh-hans", with_text=True)
    '新待办：RX20260302-00001'
    >>> outside_text("请回电 138 0013-8000", "zh-hans", with_text=True)
    '您有一条新的政务消息，请登录查看。'
    """
    if with_text and not NUMBERS.search(CASE_NUMBER.sub("", text)):
        return text
    return PLAIN.get(language, PLAIN["zh-hans"])


def sms_parts(text: str) -> int:
    """How many messages an SMS is charged as: one to 70 characters, longer ones in pieces of 67.

    >>> [sms_parts("字" * n) for n in (1, 70, 71, 134, 135)]
    [1, 1, 2, 2, 3]
    """
    return 1 if len(text) <= SINGLE_SMS else -(-len(text) // JOINED_SMS)


def quiet_until(now: dt.datetime, start: dt.time | None, end: dt.time | None) -> dt.datetime | None:
    """The end of the quiet hours that a local moment lies in; None outside them.

    >>> night = dt.time(22), dt.time(7)
    >>> quiet_until(dt.datetime(2026, 3, 2, 23, 30), *night)
    datetime.datetime(2026, 3, 3, 7, 0)
    >>> quiet_until(dt.datetime(2026, 3, 3, 6, 59), *night)
    datetime.datetime(2026, 3, 3, 7, 0)
    >>> quiet_until(dt.datetime(2026, 3, 3, 7, 0), *night) is None
    True
    """
    if start is None or end is None or start == end:
        return None
    at = now.timetz().replace(tzinfo=None)
    inside = start <= at < end if start < end else at >= start or at < end
    if not inside:
        return None
    day = now.date() + dt.timedelta(days=1 if start > end and at >= start else 0)
    return dt.datetime.combine(day, end, tzinfo=now.tzinfo)
