"""When an account is looked at again: in the future, and no further off than the flow says."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.errors import DataInvalid
from groundplan.lib.worktime import Span, calendar_for


def checked_review(move: Move, day: date) -> date:
    """The date of a review, if it lies after today and within the flow's span.

    Raises:
        DataInvalid: it does not.
        CalendarMissing: the span is of work days, and a year has no calendar yet.
    """
    last = calendar_for(move.flow.calendar).due(move.now, Span.parse(move.flow.account.review))
    latest = timezone.localtime(last).date()
    if not timezone.localtime(move.now).date() < day <= latest:
        raise DataInvalid(
            _("复核日期须晚于今日，且不晚于%(day)s。") % {"day": latest.isoformat()},
            accepted=f"≤ {latest.isoformat()}",
            fields=[{"field": "review_on", "reason": f"after today, at most {move.flow.account.review} off"}],
        )
    return day
