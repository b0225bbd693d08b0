"""The shipped fake of every house that says who somebody is: an HTTP server on this machine, never in production."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from django.conf import settings
from joserfc import jwk, jwt

from groundplan.kernel.identity.actions._kinds import _dingtalk
from groundplan.lib import platform_signature
from groundplan.lib.errors import NotAllowed

LARGEST = 100_000


@dataclass
class FakeHouse:
    """Speaks for an OpenID provider, a province's identity service, 政务微信 and 政务钉钉, and does as it is told.

    Args:
        secret: what it believes.
        person: who confirms on its page: ``sub`` and ``name``.
        answers: how it treats the next exchanges, in turn: ``ok refused slow error not-json``; then ``ok``.
        twist: claims that it changes in ID tokens, as an attacker or a broken house would.
    """

    secret: str
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "person-0001", "name": "张三"})
    answers: list[str] = field(default_factory=list)
    twist: dict[str, Any] = field(default_factory=dict)
    slow_s: float = 2.0
    key: Any = field(default_factory=lambda: jwk.RSAKey.generate_key(2048))

    def __enter__(self) -> Self:
        """Start it on a free port of this machine."""
        if settings.PRODUCTION:
            raise NotAllowed("The fake house does not run in production.")
        self.codes: dict[str, dict[str, str]] = {}
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

    def confirm(self, going: str) -> str:
        """What the person does on the house's page: the address to which the browser is sent back."""
        asked = dict(parse_qsl(urlsplit(going).query))
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        back = asked["redirect_uri"]
        more = f"code={code}" + (f"&state={asked['state']}" if "state" in asked else "")
        return f"{back}{'&' if '?' in back else '?'}{more}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                """A page, a key, a token or a person."""
                parts = urlsplit(self.path)
                self._say(*fake.judge("GET", parts.path, dict(parse_qsl(parts.query)), self.headers))

            def do_POST(self) -> None:
                """A code for a token."""
                body = self.rfile.read(min(int(self.headers.get("content-length", 0)), LARGEST))
                self._say(*fake.judge("POST", urlsplit(self.path).path, dict(parse_qsl(body.decode())), self.headers))

            def _say(self, status: int, said: Any) -> None:
                answer = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
                # A caller that has given up waiting is gone.
                with suppress(OSError):
                    self.send_response(status)
                    self.send_header("content-length", str(len(answer)))
                    if status == 302:  # noqa: PLR2004 - RFC 9110: found elsewhere.
                        self.send_header("location", answer.decode())
                    self.end_headers()
                    self.wfile.write(answer)

        return Handler

    def judge(self, method: str, path: str, given: dict[str, str], headers: Any) -> tuple[int, Any]:
        """How one request is treated."""
        if path == "/.well-known/openid-configuration":
            return 200, self._published()
        if path == "/keys":
            return 200, {"keys": [{**self.key.as_dict(private=False), "kid": "k1", "alg": "RS256"}]}
        if path in ("/authorize", "/wwopen/sso/qrConnect", "/oauth2/auth.htm"):
            return 302, self.confirm(f"?{urlencode(given)}").encode()
        answer = self.answers.pop(0) if self.answers else "ok"
        if answer == "slow":
            time.sleep(self.slow_s)
        if answer in ("error", "not-json"):
            return (500, {}) if answer == "error" else (200, b"<html>")
        ways = {
            "/token": self._token, "/user": self._user, "/cgi-bin/gettoken": self._wecom_token,
            "/cgi-bin/auth/getuserinfo": self._wecom_person, _dingtalk.TOKEN: self._ding, _dingtalk.PERSON: self._ding,
        }  # fmt: skip
        way = ways.get(path)
        return way(given, headers, f"{method} {path}", answer) if way else (404, {})

    def _published(self) -> dict[str, Any]:
        base = self.address
        return {
            "issuer": self.twist.get("issuer", base), "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token", "jwks_uri": f"{base}/keys",
        }  # fmt: skip

    def _token(self, given: dict[str, str], headers: Any, _call: str, answer: str) -> tuple[int, Any]:
        asked = self.codes.pop(given.get("code", ""), None)
        basic = base64.b64decode(headers.get("authorization", "Basic ").split(" ")[1]).decode()
        secret = unquote(basic.partition(":")[2]) or given.get("client_secret")
        if (
            asked is None
            or secret != self.secret
            or answer == "refused"
            or given.get("redirect_uri") != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        if "code_challenge" in asked:
            shown = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
            if shown.decode().rstrip("=") != asked["code_challenge"]:
                return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "t-1", "token_type": "Bearer", "id_token": self._signed(asked)}

    def _signed(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address, "sub": self.person["sub"], "aud": asked.get("client_id"), "exp": now + 300, "iat": now,
            "nonce": asked.get("nonce", ""), "name": self.person["name"], "amr": self.person.get("amr", ["pwd"]),
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "k1"}, {**claims, **self.twist}, self.key)

    def _user(self, _given: dict[str, str], headers: Any, _call: str, answer: str) -> tuple[int, Any]:
        if headers.get("authorization") != "Bearer t-1" or answer == "refused":
            return 401, {}
        return 200, {"data": {"userId": self.person["sub"], "name": self.person["name"], "level": "3"}}

    def _wecom_token(self, given: dict[str, str], _headers: Any, _call: str, _answer: str) -> tuple[int, Any]:
        right = given.get("corpsecret") == self.secret
        return 200, {"errcode": 0, "access_token": "t-1"} if right else {"errcode": 40001}

    def _wecom_person(self, given: dict[str, str], _headers: Any, _call: str, answer: str) -> tuple[int, Any]:
        known = self.codes.pop(given.get("code", ""), None) if given.get("access_token") == "t-1" else None
        if known is None or answer == "refused":
            return 200, {"errcode": 40029, "errmsg": "invalid code"}
        return 200, {"errcode": 0, "userid": self.person["sub"]}

    def _ding(self, given: dict[str, str], headers: Any, call: str, answer: str) -> tuple[int, Any]:
        method, path = call.split(" ")
        stamp, nonce, shown = (str(headers.get(f"X-Hmac-Auth-{name}")) for name in ("Timestamp", "Nonce", "Signature"))
        right = platform_signature.signature(self.secret, (method, path), stamp, nonce, given) == shown
        data: dict[str, Any] = {"accessToken": "t-1", "expiresIn": "7200"}
        if path == _dingtalk.PERSON:
            right = right and self.codes.pop(given.get("code", ""), None) is not None
            data = {"accountId": self.person["sub"], "realmId": 12371, "lastName": self.person["name"]}
        if not right or answer == "refused":
            return 200, {"success": False, "errorCode": "OPF-B001"}
        return 200, {"success": True, "content": {"success": True, "responseCode": "0", "data": data}}
