"""挂账: a case that cannot be solved for long is tracked apart, approved by a second person and reviewed at dates."""

from groundplan.kernel.cases.actions.account.asking import decide_account, request_account
from groundplan.kernel.cases.actions.account.keeping import end_account, remind_accounts, review_account

__all__ = ["decide_account", "end_account", "remind_accounts", "request_account", "review_account"]
