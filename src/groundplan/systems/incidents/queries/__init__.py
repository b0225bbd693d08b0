"""Every read of incidents that others may use."""

from groundplan.systems.incidents.queries.categories import (
    categories,
    category,
    category_name,
    known_fields,
    proposed_category,
)
from groundplan.systems.incidents.queries.directory import directory_text
from groundplan.systems.incidents.queries.figures import Figures, figure_cases, figures, figures_plainly
from groundplan.systems.incidents.queries.floor import district_figures, latest_incidents, map_features, today_figures
from groundplan.systems.incidents.queries.follow import FollowView, follow, follow_code, incident_of_receipt
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
    comparable,
    earlier_same,
    incident_by_pk,
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
    "PanelFacts",
    "Trial",
    "caller_history",
    "categories",
    "category",
    "category_label",
    "category_name",
    "city_bounds",
    "comparable",
    "directory_text",
    "district_figures",
    "earlier_same",
    "figure_cases",
    "figures",
    "figures_plainly",
    "follow",
    "follow_code",
    "incident_by_pk",
    "incident_for",
    "incident_of_receipt",
    "incidents_for",
    "known_fields",
    "latest_incidents",
    "likely_for_text",
    "load_for",
    "map_features",
    "panel_facts",
    "proposed_category",
    "run_trial",
    "saved_mapping",
    "seen_likely",
    "today_figures",
]
