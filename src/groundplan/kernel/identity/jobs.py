"""Background jobs of identity."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.kernel.identity import actions


@app.periodic(cron="31 3 * * *")
@app.task(queueing_lock="identity.forget_tokens")
def forget_tokens(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every night: codes and tokens that have served their time."""
    actions.forget_tokens()
