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
        from groundplan.portal import desk  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415
        from groundplan.portal.worklists import Listing  # noqa: PLC0415
        from groundplan.portal.worklists import registry as worklists  # noqa: PLC0415

        for name, model in TYPES.items():
            events.event_type(name, model)
        events.subscribe("cases.todos", types=["task.*", "case.*"], handler=doors.tell_todos)
        files.reader("case:", doors.may_read)
        rules.reader("case:", doors.may_read)
        rules.unit("case:", doors.UNITS_SQL)
        rules.dependent(doors.flows_that_use)
        desk.registry.source(desk.Source("cases", {"zh-hans": "办件", "en": "Cases"}, "cases", doors.tasks_waiting))
        desk.registry.source(
            desk.Source(
                "migrations",
                {"zh-hans": "流程变更审批", "en": "Flow changes to approve"},
                "home",
                doors.changes_waiting,
                query="#migrations",
            )
        )
        params = ("kind", "flow", "state", "stage", "overdue", "district", "text")
        worklists.add(Listing("cases", {"zh-hans": "办件", "en": "Cases"}, params, doors.count_listed))
        desk.registry.figure("unsigned", {"zh-hans": "待签收", "en": "To sign for"}, doors.unsigned)
        desk.registry.figure("on_account", {"zh-hans": "挂账", "en": "On account"}, doors.on_account)
        desk.registry.figure("done_today", {"zh-hans": "今日已办", "en": "Done today"}, doors.done_today)
        registry.add(
            Entry("home", {"zh-hans": "工作台", "en": "Home"}, "work", 10, doors.is_signed_in, doors.waiting),
            Entry(
                "waiting",
                {"zh-hans": "待办", "en": "To do"},
                "top",
                80,
                doors.has_office,
                doors.waiting,
                "inbox",
                part="waiting-badge",
                live="case task rule flow",
            ),
            Entry("cases", {"zh-hans": "办件", "en": "Cases"}, "work", 20, doors.has_office),
        )
