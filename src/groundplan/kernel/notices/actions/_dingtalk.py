"""Work notifications (工作通知) of 政务钉钉: a signed form to the platform that the city names."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from groundplan.kernel.events import actions as events
from groundplan.lib import clock

if TYPE_CHECKING:
    from groundplan.kernel.notices.actions._carriers import Outside
    from groundplan.kernel.notices.models import Channel

PATH = "/message/workNotification"
MOST = 100_000
# The platform reads the time of a request in the time of Beijing, wherever the city's server stands.
BEIJING = dt.timezone(dt.timedelta(hours=8))


def send(channel: Channel, secret: str, message: Outside) -> str:
    """Give one notification to the platform; the id of the delivery is its ``bizMsgId`` at each attempt.

    Returns:
        Why it was not taken, as a short code; empty when it was.
    """
    content = "\n".join(filter(None, (message.text, message.link)))
    form = {
        "tenantId": channel.options["tenant_id"],
        "receiverIds": message.to,
        "bizMsgId": message.id,
        "msg": json.dumps({"msgtype": "text", "text": {"content": content}}, ensure_ascii=False),
    }
    failed, answer = ask(channel, secret, PATH, form)
    return failed or _code(answer)


def ask(channel: Channel, secret: str, path: str, form: Mapping[str, str]) -> tuple[str, bytes]:
    """One signed request to the platform: why it failed, and what it answered."""
    moment = clock.world()
    stamp = moment.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S.000+08:00")
    nonce = f"{int(moment.timestamp())}000{secrets.randbelow(9000) + 1000}"
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "apiKey": channel.options["app_key"],
        "X-Hmac-Auth-Version": "1.0",
        "X-Hmac-Auth-Timestamp": stamp,
        "X-Hmac-Auth-Nonce": nonce,
        "X-Hmac-Auth-Signature": signature(secret, stamp, nonce, form, path),
    }
    target = f"{channel.address.rstrip('/')}{path}"
    return events.call("POST", target, urlencode(form).encode(), headers, most=MOST)


def signature(secret: str, stamp: str, nonce: str, form: Mapping[str, str], path: str = PATH) -> str:
    """What signs a notification: method, time, nonce, path and the sorted values as they are before encoding."""
    values = "&".join(sorted(f"{name}={value}" for name, value in form.items()))
    signed = f"POST\n{stamp}\n{nonce}\n{path}\n{values}"
    return base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha256")).decode()


def _code(answer: bytes) -> str:
    """The platform says twice how it went: for the gateway, and inside for the notification."""
    try:
        said = json.loads(answer or b"{}")
    except ValueError:
        return "busy"
    if not isinstance(said, dict) or "success" not in said:
        return "busy"
    content = said.get("content")
    inner = content.get("success", True) if isinstance(content, dict) else True
    return "" if said["success"] is True and inner is True else "refused"
