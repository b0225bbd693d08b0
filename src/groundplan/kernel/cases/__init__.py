"""Cases: work with an owner and a clock, moved along flows that a city can read."""
