"""Proofs: the log of records and the delivery of events, shown to those who may see them."""
