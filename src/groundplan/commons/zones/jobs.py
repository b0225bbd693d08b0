"""Background jobs of the exchange: thin, each calls an action that is safe to repeat."""

from __future__ import annotations

from procrastinate.contrib.django import app

from groundplan.commons.zones import actions, queries
from groundplan.commons.zones.models import Peer


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="zones.exchange", lock="zones.exchange")
def exchange(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every minute: take in what lies in the drop folder, then write what waits."""
    if queries.side() and Peer.objects.filter(state="active").exists():
        actions.receive_packets()
        actions.send_packets()
