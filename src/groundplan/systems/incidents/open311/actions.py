"""POST requests of GeoReport v2, at once or in a batch, and the keys of programs that may send them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection, transaction

from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import ANONYMOUS, Actor
from groundplan.lib import clock, crypto, sql
from groundplan.lib.errors import Conflict, GroundplanError, NotAllowed
from groundplan.systems.incidents import actions as incidents
from groundplan.systems.incidents.open311.errors import KeyRefused, RequestMalformed
from groundplan.systems.incidents.open311.models import Open311Key, Open311Request
from groundplan.systems.incidents.open311.services import LONGEST_VALUE, Service, service

LONGEST_DESCRIPTION = 4000
LONGEST_PLACE = 300
MOST_FILES = 5
KEEPERS = ("system_admin", "data_office")
BATCH = 50


@dataclass(frozen=True)
class Accepted:
    """What a program is told: the number of the request, or a token to ask for it later."""

    number: str
    code: str
    token: UUID


@dataclass(frozen=True)
class Asking:
    """A POST as it came in: its parameters, attributes by code, files, and who sent it."""

    given: Mapping[str, str]
    attributes: Mapping[str, Sequence[str]]
    visitor: str
    files: Sequence[tuple[str, bytes]] = ()
    key: str = ""
    later: bool = False


def accept_request(*, asking: Asking) -> Accepted:
    """Take a request in: at once, or, if the program asks for it, as one of the next batch.

    Args:
        asking: the POST. With the same ``key`` from the same sender it is one request.

    Raises:
        KeyRefused: the city has issued keys and this is none of them.
        RequestMalformed, Open311Unknown: the standard's 400 and 404.
        TooManyRequests: the sender comes too often.
    """
    program = _program(asking.given.get("api_key", ""))
    sender = f"key:{program.public_id}" if program else f"address:{asking.visitor}"
    incidents.count_visit(door="open311-key" if program else "open311", visitor=sender)
    wanted = _read(asking)
    with transaction.atomic():
        asked_hash = (
            crypto.keyed_hash(f"{sender}\0{asking.key}", purpose="incidents.open311.asked") if asking.key else None
        )
        earlier = _earlier(asked_hash)
        if earlier is not None:
            return _told(earlier)
        row = Open311Request(
            service_code=wanted["service_code"], key=program, asked_hash=asked_hash, media_url=wanted["media_url"],
            state="waiting",
        )  # fmt: skip
        wanted["visitor"] = f"open311:{sender}:{asking.given.get('device_id', '')[:80]}"
        if asking.later and not asking.files:
            row.sealed = crypto.encrypt(json.dumps(wanted, ensure_ascii=False))
            row.save(force_insert=True)
            return _told(row)
        return _told(_take_in(row, wanted, asking.files))


def take_waiting_requests() -> int:
    """Take in what waits for the batch, each in a transaction of its own; safe to repeat and to run twice at once.

    Returns:
        How many were dealt with.
    """
    done = 0
    for pk in list(Open311Request.objects.filter(state="waiting").order_by("id").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            row = Open311Request.objects.select_for_update(skip_locked=True).filter(pk=pk, state="waiting").first()
            if row is None or row.sealed is None:
                continue
            try:
                with transaction.atomic():
                    _take_in(row, json.loads(crypto.decrypt(bytes(row.sealed))), ())
            except GroundplanError as error:
                Open311Request.objects.filter(pk=row.pk).update(
                    state="refused", reason=(error.detail or error.code)[:300], sealed=None
                )
            done += 1
    return done


@transaction.atomic
def issue_open311_key(*, actor: Actor, name: str) -> tuple[Open311Key, str]:
    """Give a program a key; from the first one on, requests without a key are refused.

    Args:
        actor: system administration or data office.
        name: of the program, 1 to 80 characters.

    Returns:
        The key's row, and the key itself, which is stored nowhere.

    Raises:
        NotAllowed: the actor holds neither role.
        RequestMalformed: no name.
    """
    _check_keeper(actor)
    if not name.strip():
        raise RequestMalformed("The name of the program is missing.", accepted="1 to 80 characters")
    text = f"o311_{secrets.token_urlsafe(24)}"
    row = Open311Key.objects.create(name=name.strip()[:80], key_hash=_hash(text), created_by=actor.actor_id)
    record(actor=actor.actor_id, action="incidents.issue_open311_key", subject=f"open311-key:{row.public_id}", data={})
    return row, text


@transaction.atomic
def end_open311_key(*, actor: Actor, key: UUID) -> None:
    """End a program's key: it opens nothing from now on.

    Raises:
        NotAllowed: the actor is neither system administration nor data office.
        Conflict: there is no such key, or it has ended.
    """
    _check_keeper(actor)
    if not Open311Key.objects.filter(public_id=key, ended_at=None).update(ended_at=clock.now()):
        raise Conflict("This key has ended, or never was.")
    record(actor=actor.actor_id, action="incidents.end_open311_key", subject=f"open311-key:{key}", data={})


def _check_keeper(actor: Actor) -> None:
    if not actor.has_role(*KEEPERS):
        raise NotAllowed(accepted="、".join(KEEPERS))


def _hash(text: str) -> bytes:
    return crypto.keyed_hash(text, purpose="incidents.open311.key")


def _program(given: str) -> Open311Key | None:
    """The program of a key; None while the city has issued none.

    Raises:
        KeyRefused: missing, wrong or ended.
    """
    found = Open311Key.objects.filter(key_hash=_hash(given), ended_at=None).first() if given else None
    if found is None and Open311Key.objects.filter(ended_at=None).exists():
        raise KeyRefused("The api_key is missing or invalid.", next_step="Ask the city's data office for a key.")
    return found


def _earlier(asked_hash: bytes | None) -> Open311Request | None:
    """The request that was sent under the same key before; two that come at once wait for one another."""
    if asked_hash is None:
        return None
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, f"open311:{asked_hash.hex()}")
    return Open311Request.objects.select_related("incident__case").filter(asked_hash=asked_hash).first()


def _told(row: Open311Request) -> Accepted:
    from groundplan.systems.incidents.queries import follow_code  # noqa: PLC0415 - the models load first.

    row = row.same_as or row
    if row.incident is None:
        return Accepted("", "", row.public_id)
    return Accepted(row.incident.receipt, follow_code(row.incident), row.public_id)


def _read(asking: Asking) -> dict[str, Any]:
    """The parameters of a POST as ``report_incident`` takes them, and what is kept of the request.

    Raises:
        RequestMalformed, Open311Unknown: see ``accept_request``.
    """
    given = {name: text.strip() for name, text in asking.given.items()}
    if not given.get("service_code"):
        raise RequestMalformed("service_code was not provided.", next_step="GET services lists them.")
    chosen = service(given["service_code"])
    description = given.get("description", "")
    if len(description) > LONGEST_DESCRIPTION:
        raise RequestMalformed("description is too long.", accepted=f"up to {LONGEST_DESCRIPTION} characters")
    if len(asking.files) > MOST_FILES:
        raise RequestMalformed("Too many files.", accepted=f"up to {MOST_FILES}")
    attributes = _attributes(chosen, asking.attributes)
    address = given.get("address_string") or given.get("address_id", "")
    point = _point(given)
    if point is None and not address:
        raise RequestMalformed("No location was provided.", accepted="lat and long, address_string, or address_id")
    row = chosen.category
    name = " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
    email = given.get("email", "")
    return {
        "service_code": chosen.code, "media_url": _media_url(given.get("media_url", "")),
        "flow": chosen.flow, "kind": "" if row.kind == "hotline" else row.kind, "category": row.code,
        "type": attributes.get("type", ""),
        "component": attributes.get("component", ""), "text": description or str(row.label["zh-hans"]),
        "place": address[:LONGEST_PLACE], "point": point,
        "reporter_name": (f"{name[:40]} ({email[:38]})" if email else name)[:80],
        "reporter_phone": given.get("phone", "")[:40],
    }  # fmt: skip


def _take_in(row: Open311Request, wanted: dict[str, Any], files: Sequence[tuple[str, bytes]]) -> Open311Request:
    """Report what was asked; the same report sent again is the request that it was."""
    asked = {name: value for name, value in wanted.items() if name not in {"service_code", "media_url"}}
    asked["point"] = tuple(asked["point"]) if asked["point"] else None
    receipt = incidents.report_incident(
        actor=ANONYMOUS, channel="web", key=f"open311:{row.public_id}", files=files, **asked
    )
    earlier = Open311Request.objects.select_related("incident__case").filter(incident=receipt.incident).first()
    if earlier is not None:
        if row.pk is not None:
            row.state, row.sealed, row.same_as = "done", None, earlier
            row.save()
        return earlier
    row.incident, row.state, row.sealed = receipt.incident, "done", None
    row.requested_at = receipt.incident.reported_at
    row.save()
    return row


def _attributes(chosen: Service, given: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The attributes of a request, checked against the definition of its service."""
    found = {}
    for code, values in given.items():
        field = chosen.asked.get(code)
        if field is None:
            raise RequestMalformed(f"attribute[{code[:40]}] is not known.", accepted=", ".join(chosen.asked) or "none")
        if len(values) != 1 or len(values[0]) > LONGEST_VALUE:
            raise RequestMalformed(f"attribute[{code}] takes one value.", accepted=f"up to {LONGEST_VALUE} characters")
        value = values[0].strip()
        if value and field["type"] == "enumeration" and value not in (field.get("values") or {}):
            raise RequestMalformed(f"attribute[{code}] {value[:40]!r} is not one of its values.")
        found[code] = value
    return found


def _point(given: Mapping[str, str]) -> tuple[float, float] | None:
    """Longitude and latitude; both or neither."""
    pair = given.get("long", ""), given.get("lat", "")
    if not any(pair):
        return None
    try:
        longitude, latitude = (float(text) for text in pair)
    except ValueError:
        raise RequestMalformed("lat and long cannot be read.", accepted="degrees, both of them (WGS84)") from None
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):  # noqa: PLR2004 - degrees; NaN is refused as well.
        raise RequestMalformed("lat and long are not degrees.", accepted="-90..90 and -180..180 (WGS84)")
    return longitude, latitude


def _media_url(text: str) -> str:
    """An address of a picture: kept and shown, never opened by us."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"http", "https"} and parts.hostname and text.isprintable()
    except ValueError:
        fine = False
    if not fine or len(text) > 500:  # noqa: PLR2004 - the column's length.
        raise RequestMalformed("media_url is no address.", accepted="http or https, up to 500 characters")
    return text
