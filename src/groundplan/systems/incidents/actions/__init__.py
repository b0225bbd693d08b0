"""Every write of incidents."""

from groundplan.systems.incidents.actions._attached import takers as attached_takers
from groundplan.systems.incidents.actions.directory import import_directory
from groundplan.systems.incidents.actions.doors import count_visit, forget_visits
from groundplan.systems.incidents.actions.files import import_reports, save_mapping
from groundplan.systems.incidents.actions.follow import rate_report, supplement_report
from groundplan.systems.incidents.actions.history import import_history
from groundplan.systems.incidents.actions.hotline.appraisal import contest_appraisal
from groundplan.systems.incidents.actions.hotline.audits import draw_sample
from groundplan.systems.incidents.actions.hotline.calls import announce_call, enter_call
from groundplan.systems.incidents.actions.outward import (
    OuterReceipt,
    hand_in_rating,
    hand_in_report,
    hand_in_supplement,
    take_passed_categories,
    take_passed_rating,
    take_passed_report,
    take_passed_status,
    take_passed_supplement,
    tell_categories,
    tell_status,
)
from groundplan.systems.incidents.actions.report import Receipt, report_incident
from groundplan.systems.incidents.actions.shipped import load_shipped

__all__ = [
    "OuterReceipt",
    "Receipt",
    "announce_call",
    "attached_takers",
    "contest_appraisal",
    "count_visit",
    "draw_sample",
    "enter_call",
    "forget_visits",
    "hand_in_rating",
    "hand_in_report",
    "hand_in_supplement",
    "import_directory",
    "import_history",
    "import_reports",
    "load_shipped",
    "rate_report",
    "report_incident",
    "save_mapping",
    "supplement_report",
    "take_passed_categories",
    "take_passed_rating",
    "take_passed_report",
    "take_passed_status",
    "take_passed_supplement",
    "tell_categories",
    "tell_status",
]
