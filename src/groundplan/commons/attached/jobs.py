"""Background jobs of attached systems: thin, each calls an action that is safe to repeat."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.commons.attached import actions


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="attached.run_due", lock="attached.run_due")
def run_due(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every minute: each system whose time has come has its turn."""
    actions.run_due()
