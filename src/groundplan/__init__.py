"""Groundplan 城基: the base a city runs on."""

__version__ = "0.1.0"
