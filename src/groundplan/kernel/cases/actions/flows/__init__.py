"""Flows come in as versions, and running cases move between them by a checked mapping."""

from groundplan.kernel.cases.actions.flows.importing import import_flow, put_flow_in_force, valid_flow
from groundplan.kernel.cases.actions.flows.migrating import (
    MigrationCount,
    approve_migration,
    carry_on_migrations,
    propose_migration,
    withdraw_migration,
)

__all__ = [
    "MigrationCount",
    "approve_migration",
    "carry_on_migrations",
    "import_flow",
    "propose_migration",
    "put_flow_in_force",
    "valid_flow",
    "withdraw_migration",
]
