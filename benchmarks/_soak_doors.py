"""The public actions by way of the API: a client that asks again, with the same Idempotency-Key, until answered."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
from django.db import InterfaceError, OperationalError, connection

from groundplan.kernel.cases.models import Case
from groundplan.lib.errors import Conflict, GroundplanError

PATIENCE_S = 180.0
TOO_MANY = 429
# Action -> what stands last in the address, and the fields whose names differ there.
TASKS: dict[str, tuple[str, dict[str, str]]] = {
    "sign_task": ("sign", {}),
    "complete_task": ("complete", {}),
    "return_task": ("return", {}),
    "rule_return": ("ruling", {"uphold": "granted"}),
    "transfer_task": ("transfer", {"to_party": "to"}),
    "accept_transfer": ("accept", {}),
    "refuse_transfer": ("refuse", {}),
    "redispatch_task": ("redispatch", {"to_party": "to"}),
    "request_extension": ("extension", {}),
    "decide_extension": ("extension-decision", {"grant": "granted"}),
}


class Refused(GroundplanError):
    """What the API said no to, with the code that it gave."""


@dataclass
class Told:
    """What all clients were told yes to."""

    reports: dict[str, str] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    troubles: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Receipt:
    """What the intake of the simulated day needs of a receipt."""

    case: Case


def port_now() -> int | None:
    """Where the embedded PostgreSQL is; its guardian writes it down at each start."""
    try:
        running = Path(os.environ["GROUNDPLAN_STATE"], "postgres", "running.json").read_text()
        return int(json.loads(running)["port"])
    except (OSError, ValueError):
        return None


def steadily(call: Callable[[], Any]) -> Any:
    """Read from the database, again while it is starting."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return call()
        except (OperationalError, InterfaceError):
            connection.close()
            connection.settings_dict["PORT"] = str(port_now() or connection.settings_dict["PORT"])
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


class Doors:
    """Stands for the actions of cases and incidents in a simulated day.

    Args:
        address: of the installation.
        tokens: bearer token by user.
        told: where yeses are written down.
        order: the source of chance.
    """

    def __init__(self, address: str, tokens: Mapping[int, str], told: Told, order: Random) -> None:
        self.client = httpx.Client(base_url=address.rstrip("/") + "/api/v1", timeout=30, trust_env=False)
        self.tokens, self.told, self.order = tokens, told, order

    def __getattr__(self, action: str) -> Callable[..., dict[str, Any]]:
        """The door of an action upon a task."""
        if action not in TASKS:
            raise AttributeError(action)
        last, renamed = TASKS[action]

        def done(*, actor: Any, task: Any, **fields: Any) -> dict[str, Any]:
            body = {renamed.get(name, name): value for name, value in fields.items()}
            answer = self.post(f"/cases/tasks/{task}/{last}", body, actor)
            if last == "complete":
                with self.told.lock:
                    self.told.completed.add(str(task))
            return answer

        return done

    def merge_cases(self, *, actor: Any, into: Any, cases: list[Any], **fields: Any) -> dict[str, Any]:
        """Join duplicates."""
        return self.post(f"/cases/{into}/merge", {"cases": [str(case) for case in cases], **fields}, actor)

    def reopen_case(self, *, actor: Any, case: Any, **fields: Any) -> dict[str, Any]:
        """Begin a case again."""
        return self.post(f"/cases/{case}/reopen", fields, actor)

    def report_incident(self, *, actor: Any, channel: str, **fields: Any) -> Receipt:
        """Report something, by the public door or as an officer."""
        for name in ("place_class", "visitor"):
            fields.pop(name, None)
        if channel == "web":
            fields.pop("urgency", None)
            answer = self.post("/incidents/reports", fields, None, address=self.somewhere())
        else:
            answer = self.post("/incidents/officer/reports", {"channel": channel, **fields}, actor)
        case = steadily(lambda: Case.objects.get(number=answer["number"]))
        with self.told.lock:
            self.told.reports[answer["number"]] = str(case.public_id)
        return Receipt(case)

    def somewhere(self) -> str:
        """An address that a proxy would pass on; from the range for examples (RFC 5735, section 3)."""
        return f"198.18.{self.order.randrange(256)}.{self.order.randrange(1, 255)}"

    def post(self, path: str, body: Mapping[str, Any], actor: Any, *, address: str = "") -> dict[str, Any]:
        """Ask until there is an answer; the same key each time, so that nothing is done twice.

        Raises:
            Conflict: the state had changed.
            Refused: any other no.
        """
        key, begun = uuid4().hex, time.monotonic()
        headers = {"Idempotency-Key": key}
        if address:
            headers["X-Forwarded-For"] = address
        if actor is not None and actor.user_id is not None:
            headers["Authorization"] = f"Bearer {self.tokens[actor.user_id]}"
        while True:
            answer = self.once(path, body, headers)
            if answer is not None:
                break
            if time.monotonic() - begun > PATIENCE_S:
                raise Refused(f"{path} was not answered for {PATIENCE_S:.0f} s.")
            time.sleep(self.order.uniform(0.1, 0.4))
        with self.told.lock:
            self.told.keys.add(key)
            self.told.slowest_s = max(self.told.slowest_s, time.monotonic() - begun)
        return answer

    def once(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any] | None:
        """Ask once; None when it is worth asking again."""
        try:
            answer = self.client.post(path, json=dict(body), headers=dict(headers))
        except httpx.TransportError as error:
            self.note(type(error).__name__)
            return None
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        code = str(answer.json().get("type", "")).rpartition(":")[2] if "json" in answer.headers["content-type"] else ""
        if answer.is_server_error or answer.status_code == TOO_MANY or code == "request-in-progress":
            self.note(f"{answer.status_code} {code}")
            return None
        refusal = Conflict(code) if answer.status_code == httpx.codes.CONFLICT else Refused(f"{code} {answer.text}")
        refusal.code = code  # type: ignore[misc]  # the code of the answer, not of the class.
        raise refusal

    def note(self, trouble: str) -> None:
        """Count something that a retry was needed for."""
        with self.told.lock:
            self.told.troubles[trouble] += 1
