"""The shipped fake of a mail server: SMTP with TLS on this machine, never in production."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import ssl
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from groundplan.lib.errors import NotAllowed

LONGEST_LINE = 10_000
HOST = "127.0.0.1"


@dataclass
class FakeMailhouse:
    """A mail server that does as it is told.

    Args:
        secret: password of the account ``city``.
        implicit: encrypted from the first byte, else by STARTTLS.
        offers_tls: whether it offers STARTTLS at all.
        answers: how it treats the next letters, in turn: ``ok refused slow error revoked``; then ``ok``.
        taken: what it took, by Message-ID, so that the same letter twice is one.
    """

    secret: str
    implicit: bool = False
    offers_tls: bool = True
    answers: list[str] = field(default_factory=list)
    taken: dict[str, EmailMessage] = field(default_factory=dict)
    requests: int = 0
    slow_s: float = 2.0

    def __enter__(self) -> Self:
        """Start it on a free port of this machine, with a certificate of its own."""
        if settings.PRODUCTION:
            raise NotAllowed("The fake mail server does not run in production.")
        self._own, self._certificate = _contexts()
        self._server = ThreadingTCPServer((HOST, 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"smtp{'s' if self.implicit else ''}://{HOST}:{self._server.server_address[1]}"

    def believed(self) -> ssl.SSLContext:
        """What a caller must believe to accept its certificate."""
        return ssl.create_default_context(cadata=self._certificate)

    def encrypted(self, handler: StreamRequestHandler) -> None:
        """Go on with a connection under TLS."""
        handler.request = self._own.wrap_socket(handler.request, server_side=True)
        handler.rfile, handler.wfile = handler.request.makefile("rb"), handler.request.makefile("wb", buffering=0)

    def take(self, letter: bytes) -> None:
        """Keep a letter, once for each id."""
        mail = message_from_bytes(letter, policy=default)
        self.taken[str(mail["Message-ID"])] = mail

    def _handler(self) -> type[StreamRequestHandler]:
        fake = self

        class Handler(_Talk):
            """One connection."""

            house = fake

        return Handler


class _Talk(StreamRequestHandler):
    """The few words of SMTP that a sender needs."""

    house: FakeMailhouse
    answer = "ok"

    def handle(self) -> None:
        """Talk until the caller parts; one that has given up waiting is gone."""
        with suppress(OSError):
            if self.house.implicit:
                self.house.encrypted(self)
            self._safe = self.house.implicit
            self._say("220 fake")
            while line := self.rfile.readline(LONGEST_LINE):
                word = line.decode("ascii", "replace").strip()
                if word.upper() == "QUIT":
                    self._say("221 bye")
                    return
                self._hear(word)

    def finish(self) -> None:
        """Close what was wrapped; the server closes only what it handed out."""
        with suppress(OSError):
            super().finish()
        self.request.close()

    def _hear(self, word: str) -> None:
        verb = word.upper()
        if verb.startswith("EHLO"):
            more = "AUTH PLAIN" if self._safe else "STARTTLS" if self.house.offers_tls else "SIZE 1000000"
            self._say(f"250-fake\r\n250 {more}")
        elif verb == "STARTTLS":
            self._say("220 go on")
            self.house.encrypted(self)
            self._safe = True
        elif verb.startswith("AUTH PLAIN "):
            self._say(self._signed_in(word.split()[2]))
        elif verb.startswith("RCPT"):
            self._say({"refused": "550 5.1.1 no such user", "error": "451 4.3.0 later"}.get(self.answer, "250 ok"))
        elif verb == "DATA":
            self._say("354 go on")
            self._data()
        else:
            self._say("250 ok")

    def _signed_in(self, given: str) -> str:
        self.house.requests += 1
        self.answer = self.house.answers.pop(0) if self.house.answers else "ok"
        right = base64.b64decode(given) == f"\0city\0{self.house.secret}".encode()
        return "235 ok" if right and self.answer != "revoked" else "535 5.7.8 refused"

    def _data(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline(LONGEST_LINE)) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        if self.answer == "slow":
            time.sleep(self.house.slow_s)
        self.house.take(b"".join(lines))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def _contexts() -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS with a new certificate for this machine, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2090, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fake.pem"
        path.touch(mode=0o600)
        path.write_bytes(private + certificate)
        context.load_cert_chain(path)
    return context, certificate.decode()
