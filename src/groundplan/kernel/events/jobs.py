"""The dispatcher's loop: a thread of the worker process, and a few more for webhooks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from django.db import connection

from groundplan.kernel.events import actions, queries
from groundplan.lib import sql

POLL_S = 0.5
GATHER_S = 0.01
PRUNE_EVERY_S = 3600.0
WEBHOOK_THREADS = 8
log = logging.getLogger(__name__)


def dispatcher_loop(stop: threading.Event) -> None:
    """Give positions and deliver until told to stop; woken by notifications, and at the latest every half second.

    Several processes may run it. Webhooks have threads of their own, one turn an address at a time: a slow or dead
    address holds up neither the consumers nor the other addresses.

    Args:
        stop: ends the loop; a delivery under way may take ten seconds more.
    """
    busy: set[UUID] = set()
    pruned = time.monotonic()
    pool = ThreadPoolExecutor(WEBHOOK_THREADS, thread_name_prefix="webhook")
    try:
        for _ in sql.listen(["events_outgoing"], stop=stop, poll_s=POLL_S):
            _guarded(lambda: _drain(stop, pool, busy), stop)
            if time.monotonic() - pruned > PRUNE_EVERY_S:
                pruned = time.monotonic()
                _guarded(actions.prune_events, stop)
    finally:
        pool.shutdown(cancel_futures=True)
        connection.close()


def _drain(stop: threading.Event, pool: ThreadPoolExecutor, busy: set[UUID]) -> None:
    while not stop.is_set():
        count = actions.dispatch()
        for webhook in queries.due_webhooks():
            if webhook not in busy:
                busy.add(webhook)
                pool.submit(_serve, webhook, busy)
        if not (count.sequenced or count.delivered):
            return
        stop.wait(GATHER_S)


def _serve(webhook: UUID, busy: set[UUID]) -> None:
    try:
        actions.deliver_webhook(webhook=webhook)
    except Exception:
        log.exception("a webhook could not be served; trying again")
    finally:
        busy.discard(webhook)
        connection.close()


def _guarded(work: Callable[[], object], stop: threading.Event) -> None:
    try:
        work()
    except Exception:
        log.exception("dispatching failed; trying again")
        connection.close()
        stop.wait(1)
