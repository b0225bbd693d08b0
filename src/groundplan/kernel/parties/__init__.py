"""Parties: units, territories, firms and people, their relations, members and roles."""
