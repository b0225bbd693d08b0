"""Reads of the ledger."""

from groundplan.kernel.ledger.queries.proofs import (
    Lag,
    consistency_proof,
    entries_for,
    entry,
    head,
    head_at,
    inclusion_proof,
    is_pending,
    keys,
    lag,
    signed,
    stored_nodes,
    subject_of,
)
from groundplan.kernel.ledger.queries.verification import Fault, Verification, verify

__all__ = [
    "Fault",
    "Lag",
    "Verification",
    "consistency_proof",
    "entries_for",
    "entry",
    "head",
    "head_at",
    "inclusion_proof",
    "is_pending",
    "keys",
    "lag",
    "signed",
    "stored_nodes",
    "subject_of",
    "verify",
]
