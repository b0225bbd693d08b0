"""Assembles everything: settings, addresses, processes. Nothing imports it."""
