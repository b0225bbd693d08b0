"""Background jobs of reports; safe to repeat and to run twice at once."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.commons.reports import actions


@app.periodic(cron="12 * * * *")
@app.task(queueing_lock="reports.make_due_reports")
def make_due_reports(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every hour: what is due by schedule is drafted."""
    actions.make_due_reports()
