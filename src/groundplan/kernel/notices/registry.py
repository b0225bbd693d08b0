"""What other apps register: kinds of notices with their texts, and channels that carry notices out of the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel

from groundplan.kernel.events import registry as events

Labels = dict[str, str]


class NoticeCreated(BaseModel):
    """Data of the event ``notice.created.v1``: who and what, never the text."""

    notice: UUID
    kind: str


@dataclass(frozen=True)
class Message:
    """A notice as a channel is given it, in the language of its recipient.

    Args:
        notice: id; a channel that is called twice with it sends once if it can.
        recipient: opaque id of the user.
        display_name: the user's name.
        language: the user's language.
        text: what it says.
        url: page to open, relative to the address of the installation; may be empty.
        kind: kind of the notice.
    """

    notice: UUID
    recipient: str
    display_name: str
    language: str
    text: str
    url: str
    kind: str


Send = Callable[[Message], None]

kinds: dict[str, Labels] = {}


def kind(name: str, title: Labels) -> None:
    """Register a kind of notice; called from ``AppConfig.ready()``.

    Args:
        name: such as ``task.offered``.
        title: label with ``{placeholders}`` that ``notify`` fills from its values.
    """
    kinds[name] = title


def channel(name: str, send: Send) -> None:
    """Register a channel (SMS, mail, a message app); called from ``AppConfig.ready()``.

    Each channel is a consumer of its own: it is retried and set aside by itself, and holds up no other.

    Args:
        name: such as ``sms``.
        send: delivers one message or raises; a user it has no address for is no error.
    """
    from groundplan.kernel.notices.jobs import deliver  # noqa: PLC0415 - jobs reads this module.

    events.subscribe(f"notices.{name}", types=["notice.created.v1"], handler=lambda event: deliver(event, send))


@dataclass
class FakeChannel:
    """A channel that keeps what it is given, for tests and demonstrations; it sends each notice once."""

    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        """Keep the message unless it came before."""
        if all(known.notice != message.notice for known in self.sent):
            self.sent.append(message)
