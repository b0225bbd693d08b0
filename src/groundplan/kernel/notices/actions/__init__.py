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

__all__ = [
    "change_channel",
    "confirm_delivery",
    "create_channel",
    "deliver_waiting",
    "forget_deliveries",
    "forget_notices",
    "notify",
    "queue_notice",
    "read_all_notices",
    "read_notice",
    "replay_deliveries",
    "set_preference",
    "try_channel",
]
