"""Every write of the knowledge base: written by one person, approved by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.commons.knowledge import queries
from groundplan.commons.knowledge.errors import ArticleInvalid, ArticleMoved, ArticleNotFound, NeedsSecondPerson
from groundplan.commons.knowledge.models import Article, Feedback, Version
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.notices.actions import notify
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM, Actor
from groundplan.lib import clock, search
from groundplan.lib.errors import NotAllowed
from groundplan.lib.tabular import read_table

LONGEST = {"title": 120, "question": 2000, "answer": 20_000, "basis": 2000}
MOST_WORDS, LONGEST_WORD, MOST_ROWS = 20, 30, 5000
HEADERS = ("标题", "问题", "答复", "依据", "主题词", "责任单位", "公开", "复核日期")


@dataclass(frozen=True)
class Wording:
    """What an article says.

    Args:
        title: one line, 1 to 120 characters.
        question: how people ask, in their words; helps to find it.
        answer: what is answered.
        basis: sources: law, notice, page, with number and date.
        words: words that lead to it.
        public: whether residents read it.
        review_by: day on which it is looked at again at the latest.
    """

    title: str
    answer: str
    basis: str
    review_by: date
    question: str = ""
    words: Sequence[str] = ()
    public: bool = False


@transaction.atomic
def write_article(*, actor: Actor, wording: Wording, owner: str = "", article: UUID | str | None = None) -> Version:
    """Write a new article, or a new version of one; it waits for a second person. A draft that waits is replaced.

    Args:
        actor: of the owner unit, in an editing role.
        wording: what it says.
        owner: code of the unit that answers for a new article.
        article: the article that gets a new version.

    Raises:
        ArticleNotFound: no such article, or not for this actor.
        ArticleMoved: it has ended.
        NotAllowed: the actor does not write for this unit.
        ArticleInvalid: ``fields`` names what is missing.
    """
    if article is not None:
        found = Article.objects.select_for_update().filter(pk=queries.article_for(actor, article).pk).get()
        unit = found.owner
    else:
        unit = _unit(owner)
        found = None
    _require_editor(actor, unit)
    if found is not None and found.ended_at is not None:
        raise ArticleMoved(_("该知识条目已停用。"))
    _check(wording)
    version = _write(actor, unit, found, wording)
    record(
        actor=actor.actor_id, action="knowledge.write_article", subject=f"article:{version.article.public_id}",
        data={"version": version.number, "owner": unit.code, "public": wording.public},
    )  # fmt: skip
    return version


@transaction.atomic
def approve_article(*, actor: Actor, version: UUID | str) -> Version:
    """Approve a draft: it comes into force, and the version before it ends.

    Raises:
        ArticleNotFound: no such version, or not for this actor.
        NeedsSecondPerson: the actor wrote it.
        NotAllowed: the actor approves nothing of this unit.
        ArticleMoved: it is no draft any more.
    """
    found = _draft(actor, version)
    Version.objects.filter(article=found.article, state="in_force").update(state="superseded")
    _decide(actor, found, "in_force", "")
    Article.objects.filter(pk=found.article_id).update(changed_at=clock.now(), reminded_at=None)
    _index(found)
    record(
        actor=actor.actor_id, action="knowledge.approve_article", subject=f"article:{found.article.public_id}",
        data={"version": found.number, "public": found.public},
    )  # fmt: skip
    events.publish(
        type="knowledge.approved.v1",
        subject=f"article:{found.article.public_id}",
        data={
            "article": str(found.article.public_id), "version": found.number, "owner": found.article.owner.code,
            "public": found.public,
        },
        actor=actor.actor_id,
        audience=[f"party:{found.article.owner_id}"],
    )  # fmt: skip
    return found


@transaction.atomic
def refuse_article(*, actor: Actor, version: UUID | str, reason: str) -> Version:
    """Refuse a draft with a reason; what is in force stays so.

    Raises:
        ArticleNotFound, NeedsSecondPerson, NotAllowed, ArticleMoved: as for the approval.
        ArticleInvalid: no reason.
    """
    text = _reason(reason)
    found = _draft(actor, version)
    _decide(actor, found, "refused", text)
    record(
        actor=actor.actor_id, action="knowledge.refuse_article", subject=f"article:{found.article.public_id}",
        data={"version": found.number},
    )  # fmt: skip
    return found


@transaction.atomic
def retire_article(*, actor: Actor, article: UUID | str, reason: str) -> Article:
    """End an article; it stays readable for its owner and in the record.

    Raises:
        ArticleNotFound: no such article, or not for this actor.
        NotAllowed: the actor does not write for its unit.
        ArticleMoved: it has ended already.
        ArticleInvalid: no reason.
    """
    text = _reason(reason)
    found = queries.article_for(actor, article)
    _require_editor(actor, found.owner)
    now = clock.now()
    if not Article.objects.filter(pk=found.pk, ended_at=None).update(ended_at=now, ended_for=text, changed_at=now):
        raise ArticleMoved(_("该知识条目已停用。"))
    found.versions.filter(state__in=("in_force", "draft")).update(state="retired")
    subject = f"article:{found.public_id}"
    record(actor=actor.actor_id, action="knowledge.retire_article", subject=subject, data={"owner": found.owner.code})
    events.publish(
        type="knowledge.retired.v1",
        subject=subject,
        data={"article": str(found.public_id), "owner": found.owner.code},
        actor=actor.actor_id,
        audience=[f"party:{found.owner_id}"],
    )
    found.refresh_from_db(fields=["ended_at", "ended_for"])
    return found


@transaction.atomic
def report_outdated(*, actor: Actor, article: UUID | str, text: str) -> Feedback:
    """Say that an article is outdated or wrong; its owner is told and the matter waits there until it is settled.

    Raises:
        NotAllowed: nobody is signed in.
        ArticleNotFound: no such article, or not for this reader.
        ArticleInvalid: nothing is said.
    """
    if not actor.is_signed_in:
        raise NotAllowed(_("请登录后反馈。"))
    said = _reason(text, longest=1000)
    found = queries.article_for(actor, article)
    made = Feedback.objects.create(article=found, text=said, made_by=actor.actor_id, made_at=clock.now())
    subject = f"article:{found.public_id}"
    record(
        actor=actor.actor_id, action="knowledge.report_outdated", subject=subject,
        data={"feedback": str(made.public_id)},
    )  # fmt: skip
    notify(
        actor=actor,
        recipients=[(found.owner_id, queries.EDITORS)],
        kind="knowledge-feedback",
        subject=subject,
        values={"title": _title(found)},
        url=f"/knowledge/{found.public_id}",
    )
    return made


@transaction.atomic
def settle_feedback(*, actor: Actor, feedback: UUID | str, answer: str) -> Feedback:
    """Say what came of a feedback.

    Raises:
        ArticleNotFound: no such feedback, or not to this actor's unit.
        ArticleMoved: it is settled.
        ArticleInvalid: nothing is said.
    """
    said = _reason(answer, longest=1000)
    found = queries.feedback_for(actor, feedback)
    given = {"settled_at": clock.now(), "settled_by": actor.actor_id, "answer": said}
    if not Feedback.objects.filter(pk=found.pk, settled_at=None).update(**given):
        raise ArticleMoved(_("该反馈已处理。"))
    subject = f"article:{found.article.public_id}"
    data = {"feedback": str(found.public_id)}
    record(actor=actor.actor_id, action="knowledge.settle_feedback", subject=subject, data=data)
    found.refresh_from_db()
    return found


@transaction.atomic
def import_articles(*, actor: Actor, content: bytes, filename: str) -> int:
    """Take articles from a table as drafts: all rows, or none.

    Args:
        actor: writes for every unit that the table names.
        content: the file.
        filename: for messages.

    Returns:
        How many drafts were written.

    Raises:
        UnreadableTable: it is no table.
        ArticleInvalid: ``fields`` names each cell at fault.
    """
    table = read_table(content, filename, most_rows=MOST_ROWS)
    wrong: list[dict[str, str]] = []
    rows: list[tuple[Party, Wording]] = []
    for row in table.rows:
        try:
            unit = _unit(row.text("责任单位"))
            _require_editor(actor, unit)
            wording = _wording_of({header: row.text(header) for header in HEADERS})
            _check(wording)
            rows.append((unit, wording))
        except (ArticleInvalid, NotAllowed) as error:
            wrong.append({"field": row.address("标题"), "reason": error.detail or str(error)})
    if wrong or not rows:
        raise ArticleInvalid(
            "；".join(f"{item['field']} {item['reason']}" for item in wrong[:20]) or _("表中没有数据。"), fields=wrong
        )
    for unit, wording in rows:
        _write(actor, unit, None, wording)
    record(
        actor=actor.actor_id, action="knowledge.import_articles", subject="knowledge:import", data={"rows": len(rows)}
    )
    return len(rows)


def remind_reviews() -> int:
    """Tell owners once of articles that are due for review; how many were told of."""
    told = 0
    for version in queries.due_for_review().filter(article__reminded_at=None):
        with transaction.atomic():
            if not Article.objects.filter(pk=version.article_id, reminded_at=None).update(reminded_at=clock.now()):
                continue
            notify(
                actor=SYSTEM,
                recipients=[(version.article.owner_id, queries.EDITORS)],
                kind="knowledge-review",
                subject=f"article:{version.article.public_id}",
                values={"title": version.title},
                url=f"/knowledge/{version.article.public_id}",
            )
            told += 1
    return told


def _write(actor: Actor, unit: Party, article: Article | None, wording: Wording) -> Version:
    now = clock.now()
    if article is None:
        article = Article.objects.create(owner=unit, made_at=now, changed_at=now)
    Version.objects.filter(article=article, state="draft").update(state="superseded")
    last = Version.objects.filter(article=article).order_by("-number").values_list("number", flat=True).first() or 0
    return Version.objects.create(
        article=article, number=last + 1, title=wording.title.strip(), question=wording.question.strip(),
        answer=wording.answer.strip(), basis=wording.basis.strip(), words=_words(wording.words), public=wording.public,
        review_by=wording.review_by, written_by=actor.actor_id, written_name=actor.display_name, written_at=now,
    )  # fmt: skip


def _draft(actor: Actor, version: UUID | str) -> Version:
    """A draft that an actor may decide on, locked."""
    seen = queries.version_for(actor, version)
    found = Version.objects.select_for_update(of=("self",)).select_related("article__owner").get(pk=seen.pk)
    if found.state != "draft" or found.article.ended_at is not None:
        raise ArticleMoved(_("该版本已不是待审草稿。"), next_step=_("请刷新页面后再办理。"))
    if not actor.is_system and found.written_by == actor.actor_id:
        raise NeedsSecondPerson(_("编写人不能审核自己编写的内容。"))
    if not queries.approves_for(actor, found.article.owner):
        raise NotAllowed(_("您不能审核该单位的知识条目。"), accepted=", ".join(queries.APPROVERS))
    return found


def _decide(actor: Actor, version: Version, state: str, note: str) -> None:
    version.state, version.note = state, note
    version.decided_by, version.decided_name, version.decided_at = actor.actor_id, actor.display_name, clock.now()
    version.save(update_fields=["state", "note", "decided_by", "decided_name", "decided_at"])


def _index(version: Version) -> None:
    """Index the words of what is in force."""
    text = search.document(version.title, version.question, version.answer, " ".join(version.words))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE knowledge_article SET search = {search.vector_sql()} WHERE id = %s",  # noqa: S608 - no value inside.
            [text, version.article_id],
        )


def _require_editor(actor: Actor, unit: Party) -> None:
    """Refuse who does not write for a unit.

    Raises:
        NotAllowed: the actor is not of it, in an editing role.
    """
    if not queries.edits_for(actor, unit):
        raise NotAllowed(_("只有责任单位的人员可以维护其知识条目。"), accepted=", ".join(queries.EDITORS))


def _unit(code: str) -> Party:
    try:
        return parties.party_by_code(code.strip()[:64].replace("\x00", ""))
    except PartyNotFound as error:
        raise ArticleInvalid(
            _("没有代码为“%(code)s”的单位。") % {"code": code[:40]}, fields=[{"field": "owner", "reason": "unknown"}]
        ) from error


def _check(wording: Wording) -> None:
    wrong = []
    for name, longest in LONGEST.items():
        text = str(getattr(wording, name))
        needed = 0 if name == "question" else 1
        if not needed <= len(text.strip()) <= longest or "\x00" in text:
            wrong.append({"field": name, "reason": f"{needed}..{longest}"})
    today = timezone.localtime(clock.now()).date()
    if wording.review_by <= today:
        wrong.append({"field": "review_by", "reason": f"> {today.isoformat()}"})
    if len(_words(wording.words)) > MOST_WORDS:
        wrong.append({"field": "words", "reason": f"≤ {MOST_WORDS}"})
    if wrong:
        names = {"title": _("标题"), "question": _("问题"), "answer": _("答复"), "basis": _("依据"),
                 "review_by": _("复核日期"), "words": _("主题词")}  # fmt: skip
        listed = "、".join(f"{names[item['field']]}（{item['reason']}）" for item in wrong)
        raise ArticleInvalid(_("请核对：%(names)s") % {"names": listed}, fields=wrong)


def _wording_of(cells: Mapping[str, str]) -> Wording:
    """A row of a table as a wording.

    Raises:
        ArticleInvalid: the date is no date.
    """
    try:
        review_by = date.fromisoformat(cells["复核日期"][:10])
    except ValueError as error:
        raise ArticleInvalid(_("复核日期须为年-月-日，如 2027-01-31。")) from error
    return Wording(
        title=cells["标题"], question=cells["问题"], answer=cells["答复"], basis=cells["依据"],
        words=_words([cells["主题词"]]), public=cells["公开"] in ("是", "yes", "true", "1"), review_by=review_by,
    )  # fmt: skip


def _words(given: Sequence[str]) -> list[str]:
    """Words, each once, however they were separated."""
    text = "、".join(given)
    for mark in ("，", ",", ";", "；", "\n", " "):
        text = text.replace(mark, "、")
    found = [word.strip()[:LONGEST_WORD] for word in text.split("、")]
    return list(dict.fromkeys(word for word in found if word and "\x00" not in word))


def _reason(text: str, longest: int = 400) -> str:
    said = text.replace("\x00", "").strip()
    if not said or len(said) > longest:
        raise ArticleInvalid(_("请填写说明，最多 %(most)d 字。") % {"most": longest},
                             fields=[{"field": "reason", "reason": f"1..{longest}"}])  # fmt: skip
    return said


def _title(article: Article) -> str:
    newest: Any = article.versions.order_by(F("number").desc()).first()
    if newest is None:
        raise ArticleNotFound
    return str(newest.title)
