"""Cases that ended, or began, in another system: taken over set by set."""

from groundplan.kernel.cases.actions.past.recording import PastCase, PastWay, RecordedPast, record_past_cases

__all__ = ["PastCase", "PastWay", "RecordedPast", "record_past_cases"]
