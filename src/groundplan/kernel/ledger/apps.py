"""Registers the ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """留痕记录."""

    name = "groundplan.kernel.ledger"
    label = "ledger"
