"""Errors of proofs (docs/ledger.md)."""

from __future__ import annotations

from groundplan.lib.errors import Invalid


class FilterInvalid(Invalid):
    """A filter of the list of records cannot be read."""

    code = "filter-invalid"
    title = {"zh-hans": "筛选条件有误", "en": "Invalid filter"}
