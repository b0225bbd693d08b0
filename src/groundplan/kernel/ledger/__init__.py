"""The ledger: an append-only Merkle log of who did what on which ground (RFC 9162)."""
