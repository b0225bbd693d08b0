"""Background jobs of incidents: thin, each calls an action that is safe to repeat and to run twice at once."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.commons.zones.queries import side
from groundplan.systems.incidents import actions
from groundplan.systems.incidents.beside import actions as beside
from groundplan.systems.incidents.field import actions as field
from groundplan.systems.incidents.open311 import actions as open311


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="incidents.take_waiting_requests")
def take_waiting_requests(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every minute: requests of Open311 that were asked to wait are taken in."""
    open311.take_waiting_requests()


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="incidents.forget_visits")
def forget_visits(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every night: counts of the public doors that no window needs any more."""
    actions.forget_visits()


@app.periodic(cron="50 3 * * *")
@app.task(queueing_lock="incidents.forget_beside_rows")
def forget_beside_rows(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every night: rows of beside runs that ended long ago are erased."""
    beside.forget_beside_rows()


@app.periodic(cron="20 3 * * *")
@app.task(queueing_lock="incidents.forget_field_photos")
def forget_field_photos(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every night: photos from phones whose work never followed are erased."""
    field.forget_field_photos()


@app.periodic(cron="30 3 * * *")
@app.task(queueing_lock="incidents.tell_categories")
def tell_categories(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every night: the inner zone sends its list of categories outwards."""
    if side() == "inner":
        actions.tell_categories()
