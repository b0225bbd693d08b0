"""Pure parts of the catalogue."""
