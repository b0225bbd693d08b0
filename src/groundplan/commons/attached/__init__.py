"""Existing systems of the city: events in, work orders out, their status back."""
