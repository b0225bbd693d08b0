"""Every write of the registers."""

from groundplan.base.registers.actions.codes import import_code_list, import_code_mapping, load_shipped_codes
from groundplan.base.registers.actions.components import change_component_state, import_components

__all__ = [
    "change_component_state",
    "import_code_list",
    "import_code_mapping",
    "import_components",
    "load_shipped_codes",
]
