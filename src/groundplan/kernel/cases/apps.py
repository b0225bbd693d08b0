"""Registers the cases app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """办件."""

    name = "groundplan.kernel.cases"
    label = "cases"

    def ready(self) -> None:
        """Register events, readers of attachments, and the entries of the navigation."""
        from groundplan.kernel.cases.logic.messages import TYPES  # noqa: PLC0415
        from groundplan.kernel.cases.queries import doors  # noqa: PLC0415 - models are not loaded before ready().
        from groundplan.kernel.events import registry as events  # noqa: PLC0415
        from groundplan.kernel.files import registry as files  # noqa: PLC0415
        from groundplan.kernel.rules import registry as rules  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415

        for name, model in TYPES.items():
            events.event_type(name, model)
        files.reader("case:", doors.may_read)
        rules.reader("case:", doors.may_read)
        rules.unit("case:", doors.UNITS_SQL)
        rules.dependent(doors.flows_that_use)
        registry.add(
            Entry("home", {"zh-hans": "工作台", "en": "Home"}, "work", 10, doors.has_office, doors.waiting),
            Entry("cases", {"zh-hans": "办件", "en": "Cases"}, "work", 20, doors.has_office),
        )
