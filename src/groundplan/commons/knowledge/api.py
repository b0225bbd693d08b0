"""The JSON door of the knowledge base: public articles for everybody, the rest by the reader's rights."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.commons.knowledge import actions, queries
from groundplan.commons.knowledge.errors import ArticleNotFound
from groundplan.commons.knowledge.models import Article, Version
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.keyset import page

router = Router()
Text = Annotated[str, StringConstraints(max_length=200)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Size = Annotated[int, Field(ge=1, le=200)]


class WordingIn(Schema):
    """What an article says."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    question: Annotated[str, StringConstraints(max_length=2000)] = ""
    answer: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    basis: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    words: Annotated[list[Annotated[str, StringConstraints(max_length=30)]], Field(max_length=20)] = []
    public: bool = False
    review_by: date


class ArticleIn(WordingIn):
    """A new article, or a new version of one."""

    owner: Annotated[str, StringConstraints(max_length=64)] = ""
    article: UUID | None = None


class ReasonIn(Schema):
    """Why."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=400)]


class SaidIn(Schema):
    """What is said."""

    text: Said


class ArticleOut(Schema):
    """An article in force."""

    id: UUID
    owner: str
    title: str
    question: str
    answer: str
    basis: str
    words: list[str]
    public: bool
    review_by: date
    version: int
    approved_at: datetime | None


class ArticlePage(Schema):
    """A page of articles; ``next`` is the cursor to go on after."""

    items: list[ArticleOut]
    next: str | None


class VersionOut(Schema):
    """A version and its state."""

    id: UUID
    article: UUID
    number: int
    state: str


class FeedbackOut(Schema):
    """A feedback."""

    id: UUID
    settled: bool


@router.get("", response=ArticlePage)
def list_articles(
    request: HttpRequest, text: Text = "", after: Annotated[str, Field(max_length=200)] = "", size: Size = 50
) -> dict[str, Any]:
    """The articles in force that the reader sees; with ``text`` those in which all words occur."""
    found = queries.search_articles(access.actor_of(request), text).filter(versions__state="in_force")
    listed = page(found, order=("-changed_at", "-id"), after=after or None, size=size)
    return {"items": [article_out(row) for row in listed.items], "next": listed.next}


@router.get("/matching", response=list[ArticleOut])
def matching(request: HttpRequest, text: Annotated[str, Field(max_length=2000)]) -> list[dict[str, Any]]:
    """At most five articles that speak of what somebody says, best first."""
    return [article_out(row) for row in queries.matching(access.actor_of(request), text)]


@router.get("/{uuid:article_id}", response=ArticleOut)
def read_article(request: HttpRequest, article_id: UUID) -> dict[str, Any]:
    """One article in force."""
    return article_out(queries.article_in_force(access.actor_of(request), article_id))


@router.post("", auth=access.signed_in, response={201: VersionOut})
@access.idempotent
def write(request: AuthenticatedRequest, payload: ArticleIn) -> Status[Any]:
    """Write an article or a new version; it waits for a second person."""
    given = payload.model_dump()
    owner, article = given.pop("owner"), given.pop("article")
    made = actions.write_article(actor=request.actor, wording=actions.Wording(**given), owner=owner, article=article)
    return Status(201, version_out(made))


@router.post("/versions/{uuid:version_id}/approve", auth=access.signed_in, response=VersionOut)
def approve(request: AuthenticatedRequest, version_id: UUID) -> dict[str, Any]:
    """Approve a draft of somebody else."""
    return version_out(actions.approve_article(actor=request.actor, version=version_id))


@router.post("/versions/{uuid:version_id}/refuse", auth=access.signed_in, response=VersionOut)
def refuse(request: AuthenticatedRequest, version_id: UUID, payload: ReasonIn) -> dict[str, Any]:
    """Refuse a draft of somebody else."""
    return version_out(actions.refuse_article(actor=request.actor, version=version_id, reason=payload.reason))


@router.post("/{uuid:article_id}/retire", auth=access.signed_in, response={204: None})
def retire(request: AuthenticatedRequest, article_id: UUID, payload: ReasonIn) -> Status[None]:
    """End an article."""
    actions.retire_article(actor=request.actor, article=article_id, reason=payload.reason)
    return Status(204, None)


@router.post("/{uuid:article_id}/outdated", auth=access.signed_in, response={201: FeedbackOut})
@access.idempotent
def outdated(request: AuthenticatedRequest, article_id: UUID, payload: SaidIn) -> Status[Any]:
    """Say that an article is outdated or wrong."""
    made = actions.report_outdated(actor=request.actor, article=article_id, text=payload.text)
    return Status(201, {"id": made.public_id, "settled": False})


@router.post("/feedback/{uuid:feedback_id}/settle", auth=access.signed_in, response=FeedbackOut)
def settle(request: AuthenticatedRequest, feedback_id: UUID, payload: SaidIn) -> dict[str, Any]:
    """Say what came of a feedback."""
    made = actions.settle_feedback(actor=request.actor, feedback=feedback_id, answer=payload.text)
    return {"id": made.public_id, "settled": True}


def article_out(article: Article) -> dict[str, Any]:
    """An article as it is answered."""
    version = queries.current_version(article)
    if version is None:
        raise ArticleNotFound
    plain = {name: getattr(version, name) for name in (
        "title", "question", "answer", "basis", "words", "public", "review_by")}  # fmt: skip
    return {
        **plain, "id": article.public_id, "owner": article.owner.code, "version": version.number,
        "approved_at": version.decided_at,
    }  # fmt: skip


def version_out(version: Version) -> dict[str, Any]:
    """A version as it is answered."""
    plain = {"id": version.public_id, "number": version.number, "state": version.state}
    return {**plain, "article": version.article.public_id}
