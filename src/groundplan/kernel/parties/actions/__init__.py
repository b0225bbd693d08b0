"""Every write of this app; the only public writer."""

from groundplan.kernel.parties.actions.accounts import (
    add_user,
    change_password,
    close_user,
    end_membership,
    grant_membership,
    issue_token,
    reset_password,
    revoke_token,
    set_language,
)
from groundplan.kernel.parties.actions.answers import forget_answers, forget_sessions, keep_answer
from groundplan.kernel.parties.actions.deputies import end_deputation, name_deputy
from groundplan.kernel.parties.actions.imports import ImportResult, import_parties
from groundplan.kernel.parties.actions.units import (
    UNMASKERS,
    add_identifier,
    create_party,
    end_party,
    end_relation,
    merge_parties,
    reencrypt_identifiers,
    relate,
    unmask_identifier,
    update_party,
)
from groundplan.kernel.parties.actions.worktimes import CalendarImport, drop_calendar, import_calendars

__all__ = [
    "UNMASKERS",
    "CalendarImport",
    "ImportResult",
    "add_identifier",
    "add_user",
    "change_password",
    "close_user",
    "create_party",
    "drop_calendar",
    "end_deputation",
    "end_membership",
    "end_party",
    "end_relation",
    "forget_answers",
    "forget_sessions",
    "grant_membership",
    "import_calendars",
    "import_parties",
    "issue_token",
    "keep_answer",
    "merge_parties",
    "name_deputy",
    "reencrypt_identifiers",
    "relate",
    "reset_password",
    "revoke_token",
    "set_language",
    "unmask_identifier",
    "update_party",
]
