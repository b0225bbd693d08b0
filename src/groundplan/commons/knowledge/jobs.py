"""Background jobs of the knowledge base; safe to repeat."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.commons.knowledge import actions


@app.periodic(cron="23 0 * * *")
@app.task(queueing_lock="knowledge.remind_reviews")
def remind_reviews(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every day: owners are told once of articles that are due for review."""
    actions.remind_reviews()
