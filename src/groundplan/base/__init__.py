"""The data base of a city."""
