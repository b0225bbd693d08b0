"""Every write to cases. Each action is one transaction with one record, steps on the timeline and events."""

from groundplan.kernel.cases.actions.account import (
    decide_account,
    end_account,
    remind_accounts,
    request_account,
    review_account,
)
from groundplan.kernel.cases.actions.course import (
    cancel_case,
    reopen_case,
    reopen_unsolved,
    resume_case,
    supervise_case,
    suspend_case,
)
from groundplan.kernel.cases.actions.disputes import decide_extension, request_extension, return_task, rule_return
from groundplan.kernel.cases.actions.feedback import comment, rate_case, unmask_field
from groundplan.kernel.cases.actions.flows import (
    MigrationCount,
    approve_migration,
    carry_on_migrations,
    import_flow,
    propose_migration,
    put_flow_in_force,
    valid_flow,
    withdraw_migration,
)
from groundplan.kernel.cases.actions.handover import (
    accept_transfer,
    add_assisting,
    reassign_task,
    redispatch_task,
    refuse_transfer,
    transfer_task,
)
from groundplan.kernel.cases.actions.lists import Export, export_cases, reconcile_todos, tell_todos
from groundplan.kernel.cases.actions.merging import merge_cases, unmerge_case
from groundplan.kernel.cases.actions.opening import open_case, reserve_number
from groundplan.kernel.cases.actions.overdue import OverdueCount, escalate_overdue, fill_due_dates
from groundplan.kernel.cases.actions.past import PastCase, PastWay, RecordedPast, record_past_cases
from groundplan.kernel.cases.actions.subcases import open_subcase, settle_subcases, stop_waiting
from groundplan.kernel.cases.actions.tasks import complete_task, sign_task

__all__ = [
    "Export",
    "MigrationCount",
    "OverdueCount",
    "PastCase",
    "PastWay",
    "RecordedPast",
    "accept_transfer",
    "add_assisting",
    "approve_migration",
    "cancel_case",
    "carry_on_migrations",
    "comment",
    "complete_task",
    "decide_account",
    "decide_extension",
    "end_account",
    "escalate_overdue",
    "export_cases",
    "fill_due_dates",
    "import_flow",
    "merge_cases",
    "open_case",
    "open_subcase",
    "propose_migration",
    "put_flow_in_force",
    "rate_case",
    "reassign_task",
    "reconcile_todos",
    "record_past_cases",
    "redispatch_task",
    "refuse_transfer",
    "remind_accounts",
    "reopen_case",
    "reopen_unsolved",
    "request_account",
    "request_extension",
    "reserve_number",
    "resume_case",
    "return_task",
    "review_account",
    "rule_return",
    "settle_subcases",
    "sign_task",
    "stop_waiting",
    "supervise_case",
    "suspend_case",
    "tell_todos",
    "transfer_task",
    "unmask_field",
    "unmerge_case",
    "valid_flow",
    "withdraw_migration",
]
