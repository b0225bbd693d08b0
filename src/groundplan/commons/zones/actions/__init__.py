"""Every write of the exchange between two zones."""

from groundplan.commons.zones.actions.carrying import receive_packets, send_message, send_packets
from groundplan.commons.zones.actions.pairing import confirm_zone, end_zone, propose_zone

__all__ = ["confirm_zone", "end_zone", "propose_zone", "receive_packets", "send_message", "send_packets"]
