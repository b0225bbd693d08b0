"""Every write of linkage."""

from groundplan.systems.linkage.actions.plans import approve_plan, import_plan, load_shipped_plans, retire_plan
from groundplan.systems.linkage.actions.responses import change_level, end_response, start_plan, write_log
from groundplan.systems.linkage.actions.suggesting import suggest_start
from groundplan.systems.linkage.actions.warnings import decide_warning, draft_warning

__all__ = [
    "approve_plan",
    "change_level",
    "decide_warning",
    "draft_warning",
    "end_response",
    "import_plan",
    "load_shipped_plans",
    "retire_plan",
    "start_plan",
    "suggest_start",
    "write_log",
]
