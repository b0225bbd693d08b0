"""Processes that run beside the sample city: the day itself, the log and events, a subscriber."""
