"""Pages of the knowledge base: search, an article, its writing and approval, files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.commons.knowledge import actions, queries
from groundplan.commons.knowledge.models import Article, Version
from groundplan.kernel.cases import queries as cases
from groundplan.kernel.cases.errors import CaseNotFound
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest, actor_of
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError
from groundplan.lib.keyset import page
from groundplan.lib.tabular import write_xlsx
from groundplan.portal.worklists import remembered

REVIEWED_AFTER = timedelta(days=365)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES = {
    "draft": (gettext_lazy("待审"), "neutral"),
    "in_force": (gettext_lazy("有效"), "good"),
    "superseded": (gettext_lazy("已更新"), "neutral"),
    "refused": (gettext_lazy("未通过"), "warn"),
    "retired": (gettext_lazy("已停用"), "late"),
}


class ArticleForm(forms.Form):
    """What an article says."""

    owner = forms.ChoiceField(label=gettext_lazy("责任单位"))
    title = forms.CharField(label=gettext_lazy("标题"), max_length=120)
    question = forms.CharField(
        label=gettext_lazy("问题"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("按来电人的说法写，便于查找。"),
    )  # fmt: skip
    answer = forms.CharField(label=gettext_lazy("答复"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}))
    basis = forms.CharField(
        label=gettext_lazy("依据"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("文件名称、文号、日期或网址。"),
    )  # fmt: skip
    words = forms.CharField(
        label=gettext_lazy("主题词"),
        max_length=600,
        required=False,
        help_text=gettext_lazy("以顿号分隔，来电内容含有即提示。"),
    )
    public = forms.BooleanField(label=gettext_lazy("向市民公开"), required=False)
    review_by = forms.DateField(label=gettext_lazy("复核日期"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, units: list[Party], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = [(unit.code, unit.shown_name) for unit in units]
        self.fields["owner"].choices = choices  # type: ignore[attr-defined]

    def wording(self) -> actions.Wording:
        """What was filled in."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "owner"}
        return actions.Wording(**{**given, "words": [given["words"]]})


@require_GET
@remembered("knowledge")
def listing(request: HttpRequest) -> HttpResponse:
    """Search the articles that the reader sees."""
    actor, text = actor_of(request), request.GET.get("text", "").replace("\x00", "")[:100]
    found = queries.search_articles(actor, text).filter(versions__state="in_force", ended_at=None)
    listed = page(found, order=("-changed_at", "-id"), after=request.GET.get("after"), size=20)
    context = {"page": listed, "rows": [(row, queries.current_version(row)) for row in listed.items], "text": text}
    context["edits"] = bool(_units(actor))
    return render(request, "knowledge/list.html", context)


@require_GET
def article(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One article."""
    actor = actor_of(request)
    return render(request, "knowledge/article.html", _context(actor, queries.article_for(actor, public_id)))


@require_http_methods(["GET", "POST"])
@access.officer(*queries.EDITORS)
def write(request: AuthenticatedRequest, public_id: UUID | None = None) -> HttpResponse:
    """Write an article or a new version of one."""
    old = queries.article_for(request.actor, public_id) if public_id else None
    form = ArticleForm(
        [old.owner] if old else _units(request.actor), request.POST or None, initial=_initial(request, old)
    )
    made = _written(request.actor, form, public_id) if request.method == "POST" and form.is_valid() else None
    if made is not None:
        messages.success(request, _("已提交，待另一人审核。"))
        return redirect("knowledge-article", made.article.public_id)
    return render(request, "knowledge/write.html", {"form": form, "old": old}, status=422 if form.errors else 200)


@require_GET
@access.officer(*queries.EDITORS, *queries.APPROVERS)
def work(request: AuthenticatedRequest) -> HttpResponse:
    """What waits: drafts to approve, feedback, reviews."""
    actor = request.actor
    context = {
        "drafts": queries.drafts_for(actor)[:100],
        "feedback": [(row, queries.current_version(row.article)) for row in queries.open_feedback_for(actor)[:100]],
        "reviews": queries.review_for(actor)[:100],
        "edits": bool(_units(actor)),
    }
    return render(request, "knowledge/work.html", context)


@require_POST
@access.officer()
def decide(request: AuthenticatedRequest, public_id: UUID, what: str) -> HttpResponse:
    """Approve or refuse a draft."""
    if what == "approve":
        made = actions.approve_article(actor=request.actor, version=public_id)
    else:
        made = actions.refuse_article(actor=request.actor, version=public_id, reason=request.POST.get("reason", ""))
    messages.success(request, _("已办理。"))
    return redirect("knowledge-article", made.article.public_id)


@require_POST
@access.person
def outdated(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Say that an article is outdated."""
    actions.report_outdated(actor=request.actor, article=public_id, text=request.POST.get("text", ""))
    messages.success(request, _("已转责任单位核对，谢谢。"))
    return redirect("knowledge-article", public_id)


@require_POST
@access.officer()
def settle(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Say what came of a feedback."""
    actions.settle_feedback(actor=request.actor, feedback=public_id, answer=request.POST.get("answer", ""))
    messages.success(request, _("已办理。"))
    return redirect("knowledge-work")


@require_POST
@access.officer()
def retire(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """End an article."""
    actions.retire_article(actor=request.actor, article=public_id, reason=request.POST.get("reason", ""))
    messages.success(request, _("已停用。"))
    return redirect("knowledge-work")


@require_http_methods(["GET", "POST"])
@access.officer(*queries.EDITORS)
def upload(request: AuthenticatedRequest) -> HttpResponse:
    """Take articles from a table."""
    problem, given = "", request.FILES.get("file")
    if request.method == "POST" and given is not None:
        try:
            count = actions.import_articles(actor=request.actor, content=given.read(), filename=given.name or "")
        except GroundplanError as error:
            problem = error.detail or str(error)
        else:
            messages.success(request, _("已导入 %(count)d 条，待另一人审核。") % {"count": count})
            return redirect("knowledge-work")
    context = {"problem": problem, "headers": actions.HEADERS}
    return render(request, "knowledge/upload.html", context, status=422 if problem else 200)


@require_GET
@access.officer(*queries.EDITORS, *queries.APPROVERS)
def download(request: AuthenticatedRequest) -> HttpResponse:
    """The articles in force as a workbook of the form that the import takes."""
    answer = HttpResponse(write_xlsx(actions.HEADERS, queries.exported(request.actor)), content_type=XLSX)
    answer["Content-Disposition"] = 'attachment; filename="knowledge.xlsx"'
    return answer


def _written(actor: Actor, form: ArticleForm, article: UUID | None) -> Version | None:
    """The draft of a form; None when it was refused, which the form then says."""
    try:
        return actions.write_article(
            actor=actor, wording=form.wording(), owner=form.cleaned_data["owner"], article=article
        )
    except GroundplanError as error:
        form.add_error(None, error.detail or str(error))
    return None


def _units(actor: Actor) -> list[Party]:
    """The units for which an actor writes."""
    return list(Party.objects.on().filter(pk__in=actor.unit_ids(*queries.EDITORS)).order_by("sort_key", "id"))


def _initial(request: AuthenticatedRequest, old: Article | None) -> dict[str, Any]:
    """What a form begins with: the newest version, or a closed case that may be told in public."""
    review = timezone.localtime(clock.now()).date() + REVIEWED_AFTER
    newest: Version | None = old.versions.order_by("-number").first() if old else None
    if newest is not None:
        names = ("title", "question", "answer", "basis", "public")
        given = {name: getattr(newest, name) for name in names}
        return {**given, "words": "、".join(newest.words), "review_by": review}
    try:
        case = cases.case_for(request.actor, UUID(request.GET.get("case", "")))
    except (ValueError, CaseNotFound):
        return {"review_by": review}
    if case.data.get("may_publish") is not True:
        return {"review_by": review}
    words = {"title": case.title[:120], "answer": case.data.get("reply", ""), "words": case.data.get("matter", "")}
    return {**words, "question": str(case.data.get("description", ""))[:2000], "review_by": review}


def _context(actor: Actor, found: Article) -> dict[str, Any]:
    edits, approves = queries.edits_for(actor, found.owner), queries.approves_for(actor, found.owner)
    versions = queries.versions_of(found) if edits or approves else []
    current = queries.current_version(found)
    today = timezone.localtime(clock.now()).date()
    return {
        "article": found,
        "version": current,
        "stale": current is not None and current.review_by <= today,
        "versions": [(row, STATES[row.state], approves and row.state == "draft" and row.written_by != actor.actor_id)
                     for row in versions],
        "edits": edits and found.ended_at is None,
        "may_say": actor.is_signed_in and current is not None,
    }  # fmt: skip


urlpatterns = [
    path("knowledge", listing, name="knowledge"),
    path("knowledge/new", write, name="knowledge-new"),
    path("knowledge/work", work, name="knowledge-work"),
    path("knowledge/import", upload, name="knowledge-import"),
    path("knowledge/export.xlsx", download, name="knowledge-export"),
    path("knowledge/<uuid:public_id>", article, name="knowledge-article"),
    path("knowledge/<uuid:public_id>/edit", write, name="knowledge-edit"),
    path("knowledge/<uuid:public_id>/outdated", outdated, name="knowledge-outdated"),
    path("knowledge/<uuid:public_id>/retire", retire, name="knowledge-retire"),
    path("knowledge/versions/<uuid:public_id>/<slug:what>", decide, name="knowledge-decide"),
    path("knowledge/feedback/<uuid:public_id>/settle", settle, name="knowledge-settle"),
]
