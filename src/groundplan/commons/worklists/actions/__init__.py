"""Every write of kept filters and bulk runs."""

from groundplan.commons.worklists.actions.bulk import carry_on_bulk, start_bulk
from groundplan.commons.worklists.actions.exporting import export_listing
from groundplan.commons.worklists.actions.filters import choose_default, remove_filter, save_filter

__all__ = ["carry_on_bulk", "choose_default", "export_listing", "remove_filter", "save_filter", "start_bulk"]
