"""Registers of the city: components (部件) and the code lists that name them."""
