"""The sequencer's loop: a thread of the worker process."""

from __future__ import annotations

import logging
import threading

from django.db import connection

from groundplan.kernel.ledger import actions
from groundplan.lib import sql

BATCH = 2000
GATHER_S = 0.01
POLL_S = 0.5
log = logging.getLogger(__name__)


def sequencer_loop(stop: threading.Event) -> None:
    """Move entries into the log until told to stop; woken by notifications, and at the latest every half second.

    Several processes may run it: the lock elects one for each batch. Errors are logged and the loop goes on.

    Args:
        stop: ends the loop within a second.
    """
    try:
        for _ in sql.listen(["ledger_pending"], stop=stop, poll_s=POLL_S):
            try:
                while not stop.is_set() and actions.sequence(batch=BATCH):
                    # A moment's rest lets entries gather: fewer, larger batches and fewer heads.
                    stop.wait(GATHER_S)
            except Exception:
                log.exception("sequencing failed; trying again")
                connection.close()
                stop.wait(1)
    finally:
        connection.close()
