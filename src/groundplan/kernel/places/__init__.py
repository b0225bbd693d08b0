"""Divisions of the land, with dates, and the grids laid over them."""
