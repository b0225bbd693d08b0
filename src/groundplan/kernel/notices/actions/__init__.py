"""Writes of notices: tell, mark as read, forget; channels out of the house, and what one wants of them."""

from groundplan.kernel.notices.actions.channels import (
    change_channel,
    create_channel,
    replay_deliveries,
    set_preference,
    try_channel,
)
from groundplan.kernel.notices.actions.sending import confirm_delivery, deliver_waiting, forget_deliveries, queue_notice
from groundplan.kernel.notices.actions.telling import forget_notices, notify, read_all_notices, read_notice
from groundplan.kernel.notices.actions.todos import forget_todos, push_todos, set_todos

__all__ = [
    "change_channel",
    "confirm_delivery",
    "create_channel",
    "deliver_waiting",
    "forget_deliveries",
    "forget_notices",
    "forget_todos",
    "notify",
    "push_todos",
    "queue_notice",
    "read_all_notices",
    "read_notice",
    "replay_deliveries",
    "set_preference",
    "set_todos",
    "try_channel",
]
