"""The loop that gives signed heads to outside witnesses: a thread of the worker process."""

from __future__ import annotations

import logging
import threading

from django.db import connection

from groundplan.kernel.proofs import actions, queries

POLL_S = 2.0
log = logging.getLogger(__name__)


def witness_loop(stop: threading.Event) -> None:
    """Give new heads to every witness until told to stop; a witness that fails is tried again later.

    Args:
        stop: ends the loop; a delivery under way may take ten seconds more.
    """
    try:
        while not stop.wait(POLL_S):
            try:
                for row in queries.due_witnesses():
                    actions.give_heads(witness=row.public_id)
            except Exception:
                log.exception("a witness could not be served; trying again")
                connection.close()
    finally:
        connection.close()
