"""The shipped fake of every system outside: an HTTP server on this machine, never in production."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.conf import settings

from groundplan.kernel.events import logic as delivering
from groundplan.kernel.notices.actions import _dingtalk
from groundplan.lib.errors import NotAllowed

LARGEST = 100_000


@dataclass
class FakeGateway:
    """Speaks for an SMS gateway, applications of 政务微信 and 政务钉钉 and a webhook receiver, and does as it is told.

    Args:
        secret: what it believes.
        answers: how it treats the next requests, in turn: ``ok refused slow error revoked``; then ``ok``.
        todos: what stands in its to-do lists, by the id it gave.
        taken: what it took, by the id of the message, so that the same message twice is one.
    """

    secret: str
    answers: list[str] = field(default_factory=list)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    todos: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0
    slow_s: float = 2.0

    def __enter__(self) -> Self:
        """Start it on a free port of this machine."""
        if settings.PRODUCTION:
            raise NotAllowed("The fake gateway does not run in production.")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                """A token for the secret."""
                asked = parse_qs(urlsplit(self.path).query)
                right = asked.get("corpsecret") == [fake.secret]
                self._say(200, {"errcode": 0, "access_token": "t-1"} if right else {"errcode": 40001})

            def do_POST(self) -> None:
                """A message."""
                fake.requests += 1
                body = self.rfile.read(min(int(self.headers.get("content-length", 0)), LARGEST))
                self._say(*fake.judge(self.path, body, self.headers))

            def _say(self, status: int, said: dict[str, Any]) -> None:
                answer = json.dumps(said).encode()
                # A caller that has given up waiting is gone.
                with suppress(OSError):
                    self.send_response(status)
                    self.send_header("content-length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

        return Handler

    def judge(self, path: str, body: bytes, headers: Any) -> tuple[int, dict[str, Any]]:
        """How one message is treated."""
        wecom = path.startswith("/cgi-bin/")
        ding = path == _dingtalk.PATH or path.startswith("/tc/")
        said: Any = dict(parse_qsl(body.decode())) if ding else json.loads(body)
        answer = self.answers.pop(0) if self.answers else "ok"
        if answer == "slow":
            time.sleep(self.slow_s)
        if answer == "error":
            return 500, {}
        if answer == "revoked" or not (
            wecom or (self._ding(said, headers, path) if ding else self._signed(body, headers))
        ):
            return (200, {"errcode": 42001}) if wecom else (401, {})
        if answer == "refused":
            if ding:
                return 200, {"success": True, "content": {"success": False}}
            return (200, {"errcode": 81013}) if wecom else (422, {})
        if path.startswith("/tc/") or said.get("msgtype") == "template_card" or "update_template" in path:
            return 200, self._todo(path, said, lost=answer == "lost")
        # 政务微信 knows a message again by its content, the others by its id.
        name = said["textcard"]["url"] if wecom else said["bizMsgId"] if ding else headers["webhook-id"]
        self.taken[name] = said
        return 200, {"success": True, "content": {"success": True}} if ding else {"errcode": 0}

    def _todo(self, path: str, said: dict[str, Any], *, lost: bool) -> dict[str, Any]:
        """To-dos: made once by the caller's id, ended by theirs."""
        if path.endswith("create.json"):
            self.todos.setdefault(said["bizTaskId"], {**said, "state": "open"})
            data = json.dumps({"taskUuid": said["bizTaskId"]})
            return {} if lost else {"success": True, "content": {"success": True, "data": data}}
        if path.startswith("/tc/"):
            self.todos[said["taskUuid"]]["state"] = "done" if "finish" in path else "cancelled"
            return {} if lost else {"success": True, "content": {"success": True}}
        if "update_template" in path:
            self.todos[said["response_code"]]["state"] = said["button"]["replace_name"]
            return {} if lost else {"errcode": 0}
        card = said["template_card"]
        if card["task_id"] in self.todos:
            return {"errcode": 0, "response_code": card["task_id"]}
        self.todos[card["task_id"]] = {**said, "url": card["button_list"][0]["url"], "state": "open"}
        return {} if lost else {"errcode": 0, "response_code": card["task_id"]}

    def _ding(self, form: dict[str, str], headers: Any, path: str) -> bool:
        stamp, nonce, given = (str(headers.get(f"X-Hmac-Auth-{name}")) for name in ("Timestamp", "Nonce", "Signature"))
        return headers.get("apiKey") == "app-1" and _dingtalk.signature(self.secret, stamp, nonce, form, path) == given

    def _signed(self, body: bytes, headers: Any) -> bool:
        given = [str(headers.get(f"webhook-{name}", "")) for name in ("id", "timestamp", "signature")]
        return delivering.signature(self.secret.encode(), given[0], given[1], body) == given[2]
