"""Periods, figures and what they are compared with. Pure."""
