"""Every write of rules."""

from groundplan.kernel.rules.actions.decisions import Decided, decide, erase_facts
from groundplan.kernel.rules.actions.profile import Loaded, load_profile_rules
from groundplan.kernel.rules.actions.versions import approve, import_table, put_in_force, retire

__all__ = [
    "Decided",
    "Loaded",
    "approve",
    "decide",
    "erase_facts",
    "import_table",
    "load_profile_rules",
    "put_in_force",
    "retire",
]
