"""Registers the proofs app."""

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


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
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415

        registry.add(
            Entry("records", {"zh-hans": "留痕记录", "en": "Records"}, "audit", 10, visible=may_audit),
            Entry("tree-heads", {"zh-hans": "日志签名公示", "en": "Signed log heads"}, "audit", 20),
            Entry("verify-proof", {"zh-hans": "核验存证证明", "en": "Check a proof"}, "audit", 30),
            Entry("witnesses", {"zh-hans": "日志见证方", "en": "Witnesses"}, "audit", 35, visible=may_witness),
            Entry("webhooks", {"zh-hans": "消息推送", "en": "Webhooks"}, "audit", 40, visible=may_push),
        )
        proofs.reader("case:", cases.may_prove)
        proofs.reader("user:", queries.is_oneself)


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
