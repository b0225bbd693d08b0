"""Codes and passkeys, without a database."""
