"""Every read of incidents that others may use."""

from groundplan.systems.incidents.queries.categories import (
    categories,
    category,
    category_name,
    category_of_earlier,
    field_names,
    known_fields,
    proposed_category,
    report_flows,
)
from groundplan.systems.incidents.queries.directory import directory_text
from groundplan.systems.incidents.queries.figures import Figures, figure_cases, figures, figures_plainly
from groundplan.systems.incidents.queries.floor import district_figures, latest_incidents, map_features, today_figures
from groundplan.systems.incidents.queries.follow import (
    FollowView,
    OwnReport,
    follow,
    follow_code,
    incident_of_receipt,
    own_receipt,
    reports_of,
)
from groundplan.systems.incidents.queries.history import (
    history_mapping,
    history_mappings,
    history_rows,
    matters_of,
    past_reply,
    past_report,
)
from groundplan.systems.incidents.queries.hotline.appraisal import (
    contestable_units,
    first_receiver,
    grounds,
    objections_on,
    standing_units,
)
from groundplan.systems.incidents.queries.hotline.audits import draw_for, draws, population_of, redrawn
from groundplan.systems.incidents.queries.hotline.replies import ReplyRow, advise_reply, replies, reply_findings
from groundplan.systems.incidents.queries.hotline.types import TypeRule, type_rule
from groundplan.systems.incidents.queries.intake import comparable, earlier_same, shown_likely
from groundplan.systems.incidents.queries.pages import (
    PanelFacts,
    category_label,
    city_bounds,
    likely_for_text,
    panel_facts,
    saved_mapping,
)
from groundplan.systems.incidents.queries.reports import (
    caller_history,
    incident_for,
    incidents_for,
    load_for,
    seen_likely,
)
from groundplan.systems.incidents.queries.trial import Trial, run_trial

FLOWS = ("hotline", "city-management")

__all__ = [
    "FLOWS",
    "Figures",
    "FollowView",
    "OwnReport",
    "PanelFacts",
    "ReplyRow",
    "Trial",
    "TypeRule",
    "advise_reply",
    "caller_history",
    "categories",
    "category",
    "category_label",
    "category_name",
    "category_of_earlier",
    "city_bounds",
    "comparable",
    "contestable_units",
    "directory_text",
    "district_figures",
    "draw_for",
    "draws",
    "earlier_same",
    "field_names",
    "figure_cases",
    "figures",
    "figures_plainly",
    "first_receiver",
    "follow",
    "follow_code",
    "grounds",
    "history_mapping",
    "history_mappings",
    "history_rows",
    "incident_for",
    "incident_of_receipt",
    "incidents_for",
    "known_fields",
    "latest_incidents",
    "likely_for_text",
    "load_for",
    "map_features",
    "matters_of",
    "objections_on",
    "own_receipt",
    "panel_facts",
    "past_reply",
    "past_report",
    "population_of",
    "proposed_category",
    "redrawn",
    "replies",
    "reply_findings",
    "report_flows",
    "reports_of",
    "run_trial",
    "saved_mapping",
    "seen_likely",
    "shown_likely",
    "standing_units",
    "today_figures",
    "type_rule",
]
