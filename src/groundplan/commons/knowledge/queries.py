"""Every read of the knowledge base: what a reader may not see does not exist for them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from groundplan.commons.knowledge.errors import ArticleNotFound
from groundplan.commons.knowledge.logic import Candidate, best
from groundplan.commons.knowledge.models import Article, Feedback, Version
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, search

EDITORS = ("operator", "handler", "dispatcher", "supervisor", "data_office")
APPROVERS = ("handler", "dispatcher", "supervisor", "leader", "data_office")
OFFICERS = (*EDITORS, "inspector", "grid_worker", "leader")
LOOKED_AT = 300


def edits_for(actor: Actor, unit: Party) -> bool:
    """Whether an actor writes articles of a unit: its own people in an editing role."""
    return actor.is_system or unit.pk in actor.unit_ids(*EDITORS)


def approves_for(actor: Actor, unit: Party) -> bool:
    """Whether an actor may approve articles of a unit: people of it, or of a unit above it."""
    return actor.is_system or actor.covers(unit.pk, *APPROVERS)


def articles_for(actor: Actor) -> QuerySet[Article]:
    """The articles that a reader sees: public ones in force for everybody, internal ones for officers.

    Articles without a version in force are seen by those who write or approve them.
    """
    shown = Version.objects.filter(article=OuterRef("pk"), state="in_force")
    found = Article.objects.select_related("owner").prefetch_related(
        Prefetch("versions", Version.objects.filter(state="in_force"), to_attr="current")
    )
    if actor.is_system:
        return found
    if not actor.has_role(*OFFICERS):
        return found.filter(Exists(shown.filter(public=True)), ended_at=None)
    own = actor.party_ids(*EDITORS, *APPROVERS)
    return found.filter((Q(ended_at=None) & Exists(shown)) | Q(owner_id__in=own))


def article_for(actor: Actor, public_id: UUID | str) -> Article:
    """One article that a reader may see.

    Raises:
        ArticleNotFound: there is none, or not for this reader.
    """
    found = articles_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise ArticleNotFound
    return found


def article_in_force(actor: Actor, public_id: UUID | str) -> Article:
    """One article that a reader may see and that has a version in force.

    Raises:
        ArticleNotFound: there is none, or not for this reader.
    """
    found = article_for(actor, public_id)
    if found.ended_at is not None or current_version(found) is None:
        raise ArticleNotFound
    return found


def version_for(actor: Actor, public_id: UUID | str) -> Version:
    """One version of an article whose owner's people or approvers the reader is of.

    Raises:
        ArticleNotFound: there is none, or not for this reader.
    """
    found = Version.objects.select_related("article__owner").filter(public_id=public_id).first()
    owner = found.article.owner if found else None
    if found is None or owner is None or not (edits_for(actor, owner) or approves_for(actor, owner)):
        raise ArticleNotFound
    return found


def feedback_for(actor: Actor, public_id: UUID | str) -> Feedback:
    """One feedback to a unit whose articles the reader writes.

    Raises:
        ArticleNotFound: there is none, or not for this reader.
    """
    found = Feedback.objects.select_related("article__owner").filter(public_id=public_id).first()
    if found is None or not edits_for(actor, found.article.owner):
        raise ArticleNotFound
    return found


def search_articles(actor: Actor, text: str) -> QuerySet[Article]:
    """The articles that a reader sees and in which all words occur."""
    words = search.query_text(text)
    found = articles_for(actor)
    return found.filter(search=search.matching(words)) if words else found


def matching(actor: Actor, text: str, most: int = 5) -> list[Article]:
    """The articles in force that speak of what a caller says, best first; for the desk, while it is typed."""
    said = search.tokens(text)
    words = search.any_query_text(text)
    if not words:
        return []
    found = articles_for(actor).filter(ended_at=None, versions__state="in_force", search=search.matching(words))
    rows = {row.pk: row for row in found.order_by("-changed_at", "-id")[:LOOKED_AT]}
    candidates = [
        Candidate(
            pk, version.words, frozenset(search.tokens(version.title)), frozenset(search.tokens(version.question))
        )
        for pk, row in rows.items()
        if (version := current_version(row)) is not None
    ]
    return [rows[key] for key in best(text, said, candidates, most=most)]


def versions_of(article: Article) -> list[Version]:
    """All wordings, newest first."""
    return list(article.versions.order_by("-number"))


def drafts_for(actor: Actor) -> QuerySet[Version]:
    """Drafts that wait for the approval of an actor: those of others."""
    waiting = Version.objects.filter(state="draft", article__ended_at=None).exclude(written_by=actor.actor_id)
    if not actor.is_system:
        waiting = waiting.filter(article__owner_id__in=actor.party_ids(*APPROVERS))
    return waiting.select_related("article__owner").order_by("written_at", "id")


def open_feedback_for(actor: Actor) -> QuerySet[Feedback]:
    """Feedback that waits for the units whose articles an actor writes."""
    return (
        Feedback.objects.filter(settled_at=None, article__owner_id__in=actor.unit_ids(*EDITORS))
        .select_related("article__owner")
        .prefetch_related(Prefetch("article__versions", Version.objects.filter(state="in_force"), to_attr="current"))
        .order_by("made_at", "id")
    )


def due_for_review(on: date | None = None) -> QuerySet[Version]:
    """The versions in force whose date of review has come."""
    day = on or timezone.localtime(clock.now()).date()
    return (
        Version.objects.filter(state="in_force", review_by__lte=day, article__ended_at=None)
        .select_related("article__owner")
        .order_by("review_by", "id")
    )


def review_for(actor: Actor) -> QuerySet[Version]:
    """The versions to be looked at again by the units whose articles an actor writes."""
    return due_for_review().filter(article__owner_id__in=actor.unit_ids(*EDITORS))


def exported(actor: Actor) -> list[list[Any]]:
    """The rows of the export: the articles in force that the reader sees."""
    rows = articles_for(actor).filter(ended_at=None).order_by("owner__code", "id")
    return [_exported(article, version) for article in rows if (version := current_version(article)) is not None]


def current_version(article: Article) -> Version | None:
    """What an article of ``articles_for`` says now; None before its first approval and after its end."""
    return next(iter(getattr(article, "current", ())), None)


def _exported(article: Article, version: Version) -> list[Any]:
    return [
        version.title, version.question, version.answer, version.basis, "、".join(version.words), article.owner.code,
        "是" if version.public else "否", version.review_by.isoformat(),
    ]  # fmt: skip
