"""Linkage plans (联动预案): several units respond at once, by an approved plan."""
