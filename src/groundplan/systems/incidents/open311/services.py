"""Services of GeoReport v2: the categories of the profile in force, and what each of them asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from groundplan.kernel.cases.models import FlowVersion
from groundplan.portal.templatetags.portal import label
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.models import KINDS, Category
from groundplan.systems.incidents.open311.errors import Open311Unknown

FLOW_OF = {"hotline": "hotline", "component": "city-management", "matter": "city-management"}
# The fields of a flow that a reporter may fill by attribute.
ASKED = {"hotline": ("type",), "component": ("component",), "matter": ()}
DATATYPES = {"enumeration": "singlevaluelist", "text": "text", "integer": "number", "decimal": "number"}
LONGEST_VALUE = 200


@dataclass(frozen=True)
class Service:
    """One service: a category and the flow that its requests go to."""

    category: Category
    fields: Mapping[str, Any]

    @property
    def code(self) -> str:
        """The kind and the category's code: components and matters share numbers."""
        return f"{self.category.kind}-{self.category.code}"

    @property
    def flow(self) -> str:
        """The flow of its requests."""
        return FLOW_OF[self.category.kind]

    @property
    def asked(self) -> dict[str, Mapping[str, Any]]:
        """The fields that may be filled by attribute, by name."""
        return {name: self.fields[name] for name in ASKED[self.category.kind] if name in self.fields}


def services() -> list[Service]:
    """Every service in force: of the kinds whose flow the city runs."""
    flows = FlowVersion.objects.filter(in_force=True, key__in=set(FLOW_OF.values()))
    fields = {key: document.get("fields", {}) for key, document in flows.values_list("key", "document")}
    return [
        Service(row, fields[FLOW_OF[row.kind]]) for row in queries.categories(*KINDS) if FLOW_OF[row.kind] in fields
    ]


def service(code: str) -> Service:
    """The service of a code.

    Raises:
        Open311Unknown: there is none.
    """
    found = next((each for each in services() if each.code == code), None)
    if found is None:
        raise Open311Unknown(f"service_code {code[:80]!r} was not found.", next_step="GET services lists them.")
    return found


def listed(each: Service) -> dict[str, Any]:
    """A service as the list shows it."""
    row = each.category
    return {
        "service_code": each.code,
        "service_name": label(row.label),
        "description": f"{label(row.group)}: {label(row.label)}",
        "metadata": bool(each.asked),
        "type": "realtime",
        "keywords": ", ".join(row.words),
        "group": label(row.group),
    }


def defined(each: Service) -> dict[str, Any]:
    """The definition of a service: one attribute for each field that its flow lets a reporter fill."""
    attributes = []
    for order, (name, field) in enumerate(each.asked.items(), 1):
        values = [{"key": key, "name": label(text)} for key, text in (field.get("values") or {}).items()]
        attributes.append(
            {
                "variable": True,
                "code": name,
                "datatype": DATATYPES.get(field["type"], "string"),
                "required": False,
                "datatype_description": None,
                "order": order,
                "description": label(field.get("label")),
                **({"values": ("value", values)} if values else {}),
            }
        )
    return {"service_code": each.code, "attributes": ("attribute", attributes)}
