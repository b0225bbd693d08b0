"""Writes of attached systems: setting up, turns, orders, codes."""

from groundplan.commons.attached.actions.ordering import order_task, replay_orders, settle_order
from groundplan.commons.attached.actions.running import Turn, reconcile_system, run_due, run_system
from groundplan.commons.attached.actions.setting_up import (
    add_system,
    change_mapping,
    change_system,
    import_codes,
    refuse_item,
    set_codes,
)

__all__ = [
    "Turn",
    "add_system",
    "change_mapping",
    "change_system",
    "import_codes",
    "order_task",
    "reconcile_system",
    "refuse_item",
    "replay_orders",
    "run_due",
    "run_system",
    "set_codes",
    "settle_order",
]
