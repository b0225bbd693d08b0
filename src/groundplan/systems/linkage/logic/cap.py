"""Warnings as OASIS CAP 1.2 (Common Alerting Protocol), with the fields of a Chinese profile as data of the plan.

Source: OASIS Standard CAP-V1.2, 1 July 2010: order of elements in 3.2, status and note for exercises in 3.2.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree as ET

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
FORBIDDEN = re.compile(r"[\s,<&]")
# Characters that XML 1.0 cannot hold.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Area:
    """Where: words, codes of divisions, and a circle of kilometres around a point (longitude, latitude)."""

    words: str
    codes: tuple[str, ...] = ()
    point: tuple[float, float] | None = None
    radius_km: float = 1.0


@dataclass(frozen=True)
class Info:
    """What a warning says in one language."""

    language: str
    category: str
    event: str
    urgency: str
    severity: str
    certainty: str
    headline: str
    description: str
    instruction: str = ""
    sender_name: str = ""
    answers: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    effective: datetime | None = None
    expires: datetime | None = None


@dataclass(frozen=True)
class Alert:
    """A whole message."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    kind: str
    infos: tuple[Info, ...]
    area: Area
    note: str = ""
    references: tuple[str, ...] = ()
    incidents: tuple[str, ...] = field(default=())


def alert_xml(alert: Alert) -> bytes:
    """The message as XML in UTF-8.

    Raises:
        ValueError: identifier or sender has a space, a comma, < or &, which CAP forbids.
    """
    for name, text in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not text or FORBIDDEN.search(text):
            raise ValueError(f"{name} {text!r} is empty or holds a space, comma, < or &")
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(f"{{{NAMESPACE}}}alert")
    _put(root, ("identifier", alert.identifier), ("sender", alert.sender), ("sent", moment(alert.sent)),
         ("status", alert.status), ("msgType", alert.kind), ("scope", "Public"), ("note", alert.note),
         ("references", " ".join(alert.references)), ("incidents", " ".join(alert.incidents)))  # fmt: skip
    for info in alert.infos:
        _info(root, info, alert.area)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def moment(at: datetime) -> str:
    """A time as CAP writes it: whole seconds, a numeric zone, never Z.

    Example:
        >>> from datetime import UTC
        >>> moment(datetime(2026, 7, 8, 9, 30, tzinfo=UTC))
        '2026-07-08T09:30:00-00:00'
    """
    text = at.replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "-00:00" if text.endswith("+00:00") else text


def _info(root: ET.Element, info: Info, area: Area) -> None:
    made = ET.SubElement(root, f"{{{NAMESPACE}}}info")
    _put(made, ("language", info.language), ("category", info.category), ("event", info.event),
         *(("responseType", answer) for answer in info.answers),
         ("urgency", info.urgency), ("severity", info.severity), ("certainty", info.certainty))  # fmt: skip
    _pairs(made, "eventCode", info.codes)
    _put(made, ("effective", moment(info.effective) if info.effective else ""),
         ("expires", moment(info.expires) if info.expires else ""), ("senderName", info.sender_name),
         ("headline", info.headline), ("description", info.description), ("instruction", info.instruction))  # fmt: skip
    _pairs(made, "parameter", info.parameters)
    place = ET.SubElement(made, f"{{{NAMESPACE}}}area")
    _put(place, ("areaDesc", area.words))
    if area.point:
        longitude, latitude = area.point
        _put(place, ("circle", f"{latitude:.6f},{longitude:.6f} {area.radius_km:g}"))
    _pairs(place, "geocode", [("行政区划代码", code) for code in area.codes])


def _put(parent: ET.Element, *elements: tuple[str, str]) -> None:
    for name, text in elements:
        if text:
            ET.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = NOT_XML.sub("", text)


def _pairs(parent: ET.Element, name: str, pairs: Sequence[tuple[str, str]]) -> None:
    for key, value in pairs:
        made = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        _put(made, ("valueName", key), ("value", value))
