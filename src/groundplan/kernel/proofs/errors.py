"""Errors of proofs (docs/ledger.md)."""

from __future__ import annotations

from groundplan.lib.errors import Conflict, Invalid, NotFound


class FilterInvalid(Invalid):
    """A filter of the list of records cannot be read."""

    code = "filter-invalid"
    title = {"zh-hans": "筛选条件有误", "en": "Invalid filter"}


class WitnessInvalid(Invalid):
    """A witness has no name, or an address that heads cannot be given to."""

    code = "witness-invalid"
    title = {"zh-hans": "见证方有误", "en": "Invalid witness"}


class WitnessNotFound(NotFound):
    """No witness has this id."""

    code = "witness-not-found"
    title = {"zh-hans": "未找到见证方", "en": "Witness not found"}


class WitnessStateChanged(Conflict):
    """The witness has ended, or another already keeps its heads at this address."""

    code = "witness-state-changed"
    title = {"zh-hans": "见证方状态已变", "en": "Witness changed"}
