"""Mail over SMTP (RFC 5321), encrypted always: implicit TLS (RFC 8314) or STARTTLS (RFC 3207)."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from groundplan.kernel.events import actions as events
from groundplan.kernel.events.errors import AddressRefused
from groundplan.kernel.notices import logic
from groundplan.lib import clock

if TYPE_CHECKING:
    from groundplan.kernel.notices.actions._carriers import Outside
    from groundplan.kernel.notices.models import Channel

TIMEOUT_S = 10.0
LASTING = 500
LONGEST_SUBJECT = 120


def send(channel: Channel, secret: str, message: Outside) -> str:
    """Hand one mail to the city's mail server.

    Returns:
        Why it was not taken, as a short code; empty when it was.
    """
    sender = channel.options["sender"]
    if not (logic.MAIL.fullmatch(message.to) and logic.MAIL.fullmatch(sender)):
        return "refused"
    try:
        server = _connected(channel.address, sender.rpartition("@")[2])
    except AddressRefused as error:
        return error.code
    except OSError as error:
        return _code(error)
    try:
        server.login(channel.options["account"], secret)
        server.send_message(written(sender, message), sender, [message.to])
    except OSError as error:
        return _code(error)
    finally:
        # What was taken stays taken, whatever the server says when we part.
        with suppress(OSError):
            server.quit()
        server.close()
    return ""


def written(sender: str, message: Outside) -> EmailMessage:
    """A mail in plain text; its id is the same at each attempt, and no text can add a header to it."""
    mail = EmailMessage(policy=SMTP)
    subject = "".join(char if char.isprintable() else " " for char in message.text)
    mail["From"], mail["To"] = sender, message.to
    mail["Subject"] = " ".join(subject.split())[:LONGEST_SUBJECT]
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    # RFC 3834: no machine answers a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(filter(None, (message.text, message.link))) + "\n", charset="utf-8", cte="base64")
    return mail


def trust() -> ssl.SSLContext:
    """The authorities that mail servers are believed by."""
    return events.trusted()


class _Pinned(smtplib.SMTP):
    """Connects to the address that was checked, under the name that the certificate must bear."""

    def __init__(self, host: str, port: int, place: str, *, own_name: str, tls: ssl.SSLContext | None) -> None:
        self._place, self._tls = place, tls
        super().__init__(host, port, local_hostname=own_name, timeout=TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = socket.create_connection((self._place, port), timeout)
        return self._tls.wrap_socket(made, server_hostname=host) if self._tls else made


def _connected(target: str, own_name: str) -> _Pinned:
    """A connection that is encrypted, or none."""
    place, host = events.resolve(target, ports=logic.MAIL_PORTS)
    parts = urlsplit(target)
    port = parts.port or logic.MAIL_PORTS[parts.scheme]
    implicit = parts.scheme == "smtps"
    server = _Pinned(host, port, place, own_name=own_name, tls=trust() if implicit else None)
    try:
        if not implicit:
            server.starttls(context=trust())
    except OSError:
        server.close()
        raise
    return server


def _code(error: OSError) -> str:
    """What a fault of SMTP means for the letter: 5xx is lasting, 4xx passes (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "refused" if all(code >= LASTING for code, _said in error.recipients.values()) else "busy"
    if isinstance(error, smtplib.SMTPResponseException):
        if error.smtp_code < LASTING:
            return "busy"
        # A sender or a sign-in that is refused is refused for every letter: the channel pauses, none is lost.
        ours = isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPAuthenticationError)
        return "credential-refused" if ours else "refused"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "no-encryption"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate-refused"
    return "timeout" if isinstance(error, TimeoutError) else "no-connection"
