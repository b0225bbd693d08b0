"""Background jobs of the lake; safe to repeat and to run twice at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import structlog
from procrastinate.contrib.django import app

from groundplan.base.lake import actions
from groundplan.base.lake.engine import Tell
from groundplan.base.lake.errors import LoadRunning
from groundplan.base.lake.models import LakeRun
from groundplan.lib import clock, sql
from groundplan.lib.errors import GroundplanError

LEFT_ALONE = timedelta(seconds=30)
log = structlog.get_logger("lake")


@app.task
def carry_on(run: str) -> None:
    """Load what was uploaded."""
    _carry_on(UUID(run))


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="lake.carry_on_all")
def carry_on_all(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every minute: intents whose process died are brought to an end, uploads that nobody took are loaded."""
    actions.reconcile_runs()
    waiting = LakeRun.objects.filter(state="waiting", begun_at__lt=clock.now() - LEFT_ALONE).order_by("id")
    for run in waiting.values_list("public_id", flat=True):
        _carry_on(run)


def _carry_on(run: UUID) -> None:
    try:
        with _shown(run) as tell:
            actions.carry_on_load(run=run, wait_s=0, tell=tell)
    except LoadRunning:
        log.info("another load of the table runs; this one waits", run=str(run))
    except GroundplanError as error:
        log.info("load refused", run=str(run), code=error.code)


@contextmanager
def _shown(run: UUID) -> Iterator[Tell]:
    """Keep the progress of a load where pages see it at once, on a connection of its own."""
    with sql.own_connection() as held:
        shown = 0

        def tell(share: float) -> None:
            nonlocal shown
            percent = min(99, int(share * 100))
            if percent > shown:
                shown = percent
                held.execute("UPDATE lake_run SET progress = %s WHERE public_id = %s", [percent, run])

        yield tell
