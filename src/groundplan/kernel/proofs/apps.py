"""Registers the proofs app."""

from __future__ import annotations

from collections.abc import Mapping

from django.apps import AppConfig
from django.http import HttpRequest

from groundplan.lib.errors import NotAllowed
from groundplan.portal.desk import Count, Figure
from groundplan.portal.worklists import Table


class ProofsConfig(AppConfig):
    """存证证明."""

    name = "groundplan.kernel.proofs"
    label = "proofs"

    def ready(self) -> None:
        """Register the entries of the navigation, and who may read the records of cases and of oneself."""
        # Models load after this module.
        from groundplan.kernel.cases import queries as cases  # noqa: PLC0415
        from groundplan.kernel.proofs import queries  # noqa: PLC0415
        from groundplan.kernel.proofs import registry as proofs  # noqa: PLC0415
        from groundplan.portal import desk  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415
        from groundplan.portal.worklists import Listing  # noqa: PLC0415
        from groundplan.portal.worklists import registry as worklists  # noqa: PLC0415

        desk.registry.source(
            desk.Source("letters", {"zh-hans": "未送达的消息", "en": "Undelivered events"}, "webhooks", letters_waiting)
        )
        desk.registry.figure("log_size", {"zh-hans": "留痕记录（条）", "en": "Records in the log"}, log_size)
        desk.registry.figure("log_head_age", {"zh-hans": "最近签名", "en": "Last signed"}, log_signed)
        desk.registry.figure(
            "unmasked_today", {"zh-hans": "今日查看敏感信息", "en": "Personal data seen today"}, unmasked
        )
        registry.add(
            Entry("records", {"zh-hans": "留痕记录", "en": "Records"}, "audit", 10, visible=may_audit),
            Entry("tree-heads", {"zh-hans": "日志签名公示", "en": "Signed log heads"}, "audit", 20),
            Entry("verify-proof", {"zh-hans": "核验存证证明", "en": "Check a proof"}, "audit", 30),
            Entry("witnesses", {"zh-hans": "日志见证方", "en": "Witnesses"}, "audit", 35, visible=may_witness),
            Entry("webhooks", {"zh-hans": "消息推送", "en": "Webhooks"}, "audit", 40, visible=may_push),
        )
        params = ("subject", "actor", "action", "since", "until")
        worklists.add(Listing("records", {"zh-hans": "留痕记录", "en": "Records"}, params, table=records_table))
        proofs.reader("case:", cases.may_prove)
        proofs.reader("user:", queries.is_oneself)


def records_table(request: HttpRequest, query: Mapping[str, str]) -> Table:
    """The whole log by a filter, for those who audit."""
    from groundplan.kernel.proofs import queries  # noqa: PLC0415 - models load after this module.

    if not may_audit(request):
        raise NotAllowed
    return queries.records_table(queries.Filters(**query))


def may_audit(request: HttpRequest) -> bool:
    """Whether the reader may see the whole log."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.
    from groundplan.kernel.proofs import queries  # noqa: PLC0415

    return queries.may_audit(access.actor_of(request))


def may_push(request: HttpRequest) -> bool:
    """Whether the reader may see and change webhooks."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.
    from groundplan.kernel.proofs import queries  # noqa: PLC0415

    return queries.may_push(access.actor_of(request))


def may_witness(request: HttpRequest) -> bool:
    """Whether the reader may see and change witnesses of the log."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.
    from groundplan.kernel.proofs import queries  # noqa: PLC0415

    return queries.may_witness(access.actor_of(request))


def letters_waiting(request: HttpRequest) -> Count | None:
    """Events that could not be delivered and wait for whoever keeps the webhooks."""
    from groundplan.kernel.events import queries as events  # noqa: PLC0415 - models load after this module.
    from groundplan.portal.desk import CAP  # noqa: PLC0415

    return Count(events.dead_letters()[:CAP].count()) if may_push(request) else None


def log_size(request: HttpRequest) -> Figure:  # noqa: ARG001 - the signature of a figure.
    """How many records the log holds."""
    from groundplan.kernel.ledger import queries as ledger  # noqa: PLC0415 - models load after this module.

    head = ledger.head()
    return Figure(head.size if head else 0)


def log_signed(request: HttpRequest) -> Figure:  # noqa: ARG001 - the signature of a figure.
    """When the log was signed last."""
    from django.urls import reverse  # noqa: PLC0415
    from django.utils.timezone import localtime  # noqa: PLC0415

    from groundplan.kernel.ledger import queries as ledger  # noqa: PLC0415 - models load after this module.

    head = ledger.head()
    return Figure(f"{localtime(head.at):%m-%d %H:%M}" if head else "—", "", reverse("tree-heads"))


def unmasked(request: HttpRequest) -> Figure:  # noqa: ARG001 - the signature of a figure.
    """How often somebody looked behind a mask today."""
    from groundplan.kernel.proofs import queries  # noqa: PLC0415 - models load after this module.

    return Figure(queries.unmasked_today())
