"""Sub-cases: a task opens a case of another flow, may wait for its outcome, and takes it back as data."""

from groundplan.kernel.cases.actions.subcases.opening import open_subcase
from groundplan.kernel.cases.actions.subcases.settling import settle_subcases, stop_waiting

__all__ = ["open_subcase", "settle_subcases", "stop_waiting"]
