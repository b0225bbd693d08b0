"""Cities of other profiles."""
