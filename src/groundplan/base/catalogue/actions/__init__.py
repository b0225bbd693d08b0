"""Every write of the catalogue."""

from groundplan.base.catalogue.actions.entries import ask_offline, discard_draft, submit_entry, write_entry
from groundplan.base.catalogue.actions.following import follow_case, follow_cases
from groundplan.base.catalogue.actions.importing import import_entries, save_mapping
from groundplan.base.catalogue.actions.resources import end_resource, mount_resource, note_update
from groundplan.base.catalogue.actions.shipped import load_shipped_catalogue

__all__ = [
    "ask_offline",
    "discard_draft",
    "end_resource",
    "follow_case",
    "follow_cases",
    "import_entries",
    "load_shipped_catalogue",
    "mount_resource",
    "note_update",
    "save_mapping",
    "submit_entry",
    "write_entry",
]
