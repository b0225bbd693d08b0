"""Filters that people keep, and many cases handled at once."""
