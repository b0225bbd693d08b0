"""What the knowledge base tells others: event types, kinds of notices, its pages."""

from __future__ import annotations

from django.http import HttpRequest
from pydantic import BaseModel

from groundplan.kernel.events import registry as events
from groundplan.kernel.notices import registry as notices
from groundplan.kernel.parties.access import actor_of
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation
from groundplan.portal.worklists import Listing
from groundplan.portal.worklists import registry as worklists


class ArticleApproved(BaseModel):
    """Data of knowledge.approved.v1: a version came into force."""

    article: str
    version: int
    owner: str
    public: bool


class ArticleRetired(BaseModel):
    """Data of knowledge.retired.v1: an article ended."""

    article: str
    owner: str


def register() -> None:
    """Called once, when all models are loaded."""
    events.event_type("knowledge.approved.v1", ArticleApproved)
    events.event_type("knowledge.retired.v1", ArticleRetired)
    notices.kind(
        "knowledge-feedback",
        {"zh-hans": "知识条目“{title}”被指已过时，请核对", "en": "“{title}” is said to be outdated: please check"},
    )
    notices.kind(
        "knowledge-review",
        {"zh-hans": "知识条目“{title}”已到复核日期", "en": "“{title}” is due for review"},
    )
    worklists.add(Listing("knowledge", {"zh-hans": "知识库", "en": "Knowledge base"}, ("text",)))
    navigation.add(
        Entry("knowledge", {"zh-hans": "知识库", "en": "Knowledge base"}, section="public", order=30),
        Entry("knowledge-work", {"zh-hans": "知识维护", "en": "Knowledge upkeep"}, "work", 45, keeps_knowledge),
    )


def keeps_knowledge(request: HttpRequest) -> bool:
    """Whether the reader of a request writes or approves articles."""
    from groundplan.commons.knowledge.queries import APPROVERS, EDITORS  # noqa: PLC0415 - needs the apps.

    return actor_of(request).has_role(*EDITORS, *APPROVERS)
