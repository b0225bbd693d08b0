"""Pure functions of the exchange."""
