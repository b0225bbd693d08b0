"""Events: what happened, told at least once to whoever subscribed (CloudEvents 1.0)."""
