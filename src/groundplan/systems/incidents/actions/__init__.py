"""Every write of incidents."""

from groundplan.systems.incidents.actions.directory import import_directory
from groundplan.systems.incidents.actions.doors import count_visit, forget_visits
from groundplan.systems.incidents.actions.files import import_reports, save_mapping
from groundplan.systems.incidents.actions.follow import rate_report, supplement_report
from groundplan.systems.incidents.actions.history import import_history
from groundplan.systems.incidents.actions.hotline.appraisal import contest_appraisal
from groundplan.systems.incidents.actions.hotline.audits import draw_sample
from groundplan.systems.incidents.actions.hotline.calls import announce_call, enter_call
from groundplan.systems.incidents.actions.report import Receipt, report_incident
from groundplan.systems.incidents.actions.shipped import load_shipped

__all__ = [
    "Receipt",
    "announce_call",
    "contest_appraisal",
    "count_visit",
    "draw_sample",
    "enter_call",
    "forget_visits",
    "import_directory",
    "import_history",
    "import_reports",
    "load_shipped",
    "rate_report",
    "report_incident",
    "save_mapping",
    "supplement_report",
]
