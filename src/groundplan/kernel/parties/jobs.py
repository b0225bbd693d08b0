"""Background jobs of parties: what has served its time is deleted."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.kernel.parties import actions


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="parties.forget_answers")
def forget_answers(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every night: answers kept for repeated requests."""
    actions.forget_answers()


@app.periodic(cron="29 3 * * *")
@app.task(queueing_lock="parties.forget_sessions")
def forget_sessions(timestamp: int) -> None:  # noqa: ARG001
    """Every night: ended sessions and failed sign-ins, which hold addresses."""
    actions.forget_sessions()
