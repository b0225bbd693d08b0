"""Samples that the city's people find when they look around."""
