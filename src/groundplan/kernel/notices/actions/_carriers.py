"""Adapters of channels: each gives one message to a system outside and says how it ended, as a short code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from groundplan.kernel.events import actions as events
from groundplan.kernel.notices import logic
from groundplan.kernel.notices.actions import _dingtalk, _mail
from groundplan.kernel.notices.models import Channel
from groundplan.lib import crypto
from groundplan.lib.canonical import canonical_json

MOST = 100_000
# WeCom: wrong secret, expired or wrong token, application stopped or without rights.
WECOM_CREDENTIAL = (40001, 40013, 40014, 42001, 48002, 50001, 60011)
WECOM_BUSY = (-1, 45009)


@dataclass(frozen=True)
class Outside:
    """A message as it leaves the house.

    Args:
        id: the same at each attempt, so that the receiver can know it again.
        to: where the recipient is reached over this channel.
        text: what it says.
        link: absolute address, or empty.
    """

    id: str
    to: str
    text: str
    link: str


def carry(channel: Channel, message: Outside) -> str:
    """Give one message to a channel; only the address that the city has configured is called.

    Returns:
        Why it was not taken, as a short code; empty when it was.
    """
    return ADAPTERS[channel.kind](channel, crypto.decrypt(bytes(channel.sealed)), message)


def _sms(channel: Channel, secret: str, message: Outside) -> str:
    """An SMS gateway: signature and template as registered with the operator, checked values."""
    params = {"content": message.text[: logic.LONGEST_VALUE], "link": message.link}
    body = {
        "id": message.id, "phone": message.to, "sign_name": channel.options["sign_name"],
        "template": channel.options["template"], "params": params,
    }  # fmt: skip
    return _signed(f"{channel.address.rstrip('/')}/messages", body, secret, message.id)


def _webhook(channel: Channel, secret: str, message: Outside) -> str:
    """Any receiver of signed messages (Standard Webhooks)."""
    body = {"id": message.id, "to": message.to, "text": message.text, "link": message.link}
    return _signed(channel.address, body, secret, message.id)


def _wecom(channel: Channel, secret: str, message: Outside) -> str:
    """An application of 政务微信: a token for its secret, then a text card with the link."""
    failed, token = wecom_token(channel, secret)
    if failed:
        return failed
    base = channel.address.rstrip("/")
    # 政务微信 tells a repeated message by its content: the id makes each one its own, and a retry the same.
    card = {
        "title": message.text[:128], "description": message.text[:512], "url": f"{message.link or base}#{message.id}",
        "btntxt": "查看",
    }  # fmt: skip
    body = {
        "touser": message.to, "msgtype": "textcard", "agentid": int(channel.options["agent_id"]), "textcard": card,
        "enable_duplicate_check": 1, "duplicate_check_interval": 14400,
    }  # fmt: skip
    failed, said = wecom_post(channel, token, "message/send", body)
    if failed:
        return failed
    return "refused" if message.to in str(said.get("invaliduser", "")).split("|") else ""


def wecom_token(channel: Channel, secret: str) -> tuple[str, str]:
    """A token for the application's secret: why there is none, and the token."""
    asked = urlencode({"corpid": channel.options["corp_id"], "corpsecret": secret})
    target = f"{channel.address.rstrip('/')}/cgi-bin/gettoken?{asked}"
    failed, answer = events.call("GET", target, b"", {}, most=MOST)
    said = _object(answer)
    if failed or said.get("errcode") != 0:
        return failed or _wecom_code(said), ""
    return "", str(said.get("access_token", ""))


def wecom_post(channel: Channel, token: str, path: str, body: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """One request of the application: why it failed, and what was answered."""
    target = f"{channel.address.rstrip('/')}/cgi-bin/{path}?{urlencode({'access_token': token})}"
    content = json.dumps(body, ensure_ascii=False).encode()
    failed, answer = events.call("POST", target, content, {"content-type": "application/json"}, most=MOST)
    said = _object(answer)
    return (failed or ("" if said.get("errcode") == 0 else _wecom_code(said))), said


def _signed(target: str, body: Mapping[str, object], secret: str, message_id: str) -> str:
    return events.post(
        target, canonical_json(body), message_id, secret.encode(), kind="application/json; charset=utf-8"
    )


def _wecom_code(said: dict[str, object]) -> str:
    code = said.get("errcode")
    if code in WECOM_CREDENTIAL:
        return "credential-refused"
    return "busy" if code in WECOM_BUSY or code is None else "refused"


def _object(answer: bytes) -> dict[str, object]:
    try:
        found = json.loads(answer or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


ADAPTERS: dict[str, Callable[[Channel, str, Outside], str]] = {
    "sms": _sms,
    "webhook": _webhook,
    "wecom": _wecom,
    "dingtalk": _dingtalk.send,
    "mail": _mail.send,
}
