"""Background jobs of cases: time passes, calendars arrive. Each is safe to repeat and to run twice at once."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.kernel.cases import actions


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.escalate_overdue")
def escalate_overdue(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every minute: overdue tasks climb, unanswered hand-overs lapse, suspensions end."""
    actions.escalate_overdue()


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="cases.fill_due_dates")
def fill_due_dates(timestamp: int) -> None:  # noqa: ARG001
    """Every hour: cases that waited for a calendar get their dates."""
    actions.fill_due_dates()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.carry_on_migrations")
def carry_on_migrations(timestamp: int) -> None:  # noqa: ARG001
    """Every minute: approved migrations of running cases go on."""
    actions.carry_on_migrations()


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="cases.remind_accounts")
def remind_accounts(timestamp: int) -> None:  # noqa: ARG001
    """Every hour: accounts whose date of review has come are told."""
    actions.remind_accounts()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.settle_subcases")
def settle_subcases(timestamp: int) -> None:  # noqa: ARG001
    """Every minute: the outcomes of cases below come back."""
    actions.settle_subcases()


@app.periodic(cron="27 * * * *")
@app.task(queueing_lock="cases.reconcile_todos")
def reconcile_todos(timestamp: int) -> None:  # noqa: ARG001
    """Every hour: to-do lists of message apps are compared with the tasks."""
    actions.reconcile_todos()
