"""Helpers without models or application imports."""
