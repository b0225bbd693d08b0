"""Registers the ledger."""

from django.apps import AppConfig

from groundplan.lib import health


class LedgerConfig(AppConfig):
    """留痕记录."""

    name = "groundplan.kernel.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Report how far the log is behind."""
        from groundplan.kernel.ledger import queries  # noqa: PLC0415 - models load after the apps.

        health.report("ledger_waiting", lambda: queries.lag().waiting)
        health.report("ledger_lag_s", lambda: round(queries.lag().oldest_s, 3))
