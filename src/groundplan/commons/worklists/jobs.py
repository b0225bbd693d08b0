"""Background jobs of bulk runs; safe to repeat and to run twice at once."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from groundplan.commons.worklists import actions
from groundplan.commons.worklists.models import BulkRun
from groundplan.lib import clock

LEFT_ALONE = timedelta(seconds=30)


@app.task
def carry_on(run: str) -> None:
    """Handle the cases of a run."""
    actions.carry_on_bulk(run=run)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="worklists.carry_on_all")
def carry_on_all(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every minute: runs that broke off go on."""
    waiting = BulkRun.objects.filter(state="running", started_at__lt=clock.now() - LEFT_ALONE)
    for run in waiting.values_list("public_id", flat=True):
        actions.carry_on_bulk(run=run)
