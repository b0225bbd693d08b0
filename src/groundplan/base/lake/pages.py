"""Pages of the lake: the tables, one table, an upload, a load."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from groundplan.base.lake import actions, queries
from groundplan.base.lake.models import LakeRun, LakeTable, Mode
from groundplan.kernel.parties.access import AuthenticatedRequest, officer
from groundplan.kernel.parties.models import Party
from groundplan.lib import keyset
from groundplan.lib.errors import GroundplanError, Invalid

PAGE = 50
RUNS = 20


class LoadForm(forms.Form):
    """What is entered before a file is loaded."""

    resource = forms.CharField(
        label=_("数据表标识"), max_length=120, help_text=_("尚无此表的，装载时建立，表结构由首批数据推定。")
    )
    provider = forms.ModelChoiceField(label=_("提供单位"), queryset=Party.objects.none(), required=False)
    file = forms.FileField(
        label=_("数据文件"), help_text=_("CSV、TSV、XLSX、JSON、JSONL、GeoJSON、Parquet，可用 GZ、ZST、ZIP 压缩。")
    )
    mode = forms.ChoiceField(
        label=_("装载方式"),
        choices=[(Mode.APPEND, _("追加")), (Mode.REPLACE, _("整表替换")), (Mode.MERGE, _("按主键合并"))],
    )
    key = forms.CharField(
        label=_("主键列"), max_length=400, required=False, help_text=_("按主键合并时填写，多列用逗号分开。")
    )
    encoding = forms.ChoiceField(
        label=_("文件编码"), required=False,
        choices=[("", _("自动识别")), ("utf-8", "UTF-8"), ("gb18030", "GBK / GB 18030"), ("utf-16", "UTF-16")],
    )  # fmt: skip

    def __init__(self, request: AuthenticatedRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Party.objects.filter(pk__in=request.actor.unit_ids(*queries.STEWARDS, *queries.KEEPERS)).order_by(
            "code"
        )
        self.fields["provider"].queryset = units  # type: ignore[attr-defined]

    def order(self) -> dict[str, Any]:
        """The arguments of the action."""
        given = self.cleaned_data
        keys = [each.strip() for each in given["key"].replace("，", ",").split(",") if each.strip()]
        given = {name: given[name] for name in ("resource", "mode", "encoding", "provider")}
        return {**given, "resource": given["resource"].strip(), "key": keys}


@officer(*queries.READERS)
def lake(request: AuthenticatedRequest) -> HttpResponse:
    """The tables that the reader may see."""
    page = keyset.page(
        queries.listed_tables(request.actor), order=("identifier",), after=request.GET.get("after"), size=PAGE
    )
    return render(request, "lake/tables.html", {"page": page, "tables": page.items})


@officer(*queries.READERS)
def table(request: AuthenticatedRequest, table: UUID) -> HttpResponse:
    """One table: schema, snapshots, loads, first rows."""
    held = _table(request, table)
    context = {
        "table": held,
        "columns": held.schema,
        "snapshots": queries.snapshots(held)[:RUNS],
        "runs": queries.runs_for(request.actor).filter(table=held)[:RUNS],
        "preview": queries.preview(held),
    }
    return render(request, "lake/table.html", context)


@officer(*queries.READERS)
def load(request: AuthenticatedRequest) -> HttpResponse:
    """Upload a file; a worker loads it."""
    form = LoadForm(
        request, request.POST or None, request.FILES or None, initial={"resource": request.GET.get("table", "")}
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = actions.receive_files(actor=request.actor, files=[(file.name, file)], **form.order())
        except GroundplanError as error:
            form.add_error("file" if isinstance(error, Invalid) else "resource", f"{error.detail}{error.next_step}")
        else:
            return redirect("lake-run", run.public_id)
    return render(request, "lake/load.html", {"form": form}, status=422 if form.errors else 200)


@officer(*queries.READERS)
def run(request: AuthenticatedRequest, run: UUID) -> HttpResponse:
    """One load: how far it is, what became of its rows."""
    return render(request, "lake/run.html", _run(request, run))


@officer(*queries.READERS)
def run_live(request: AuthenticatedRequest, run: UUID) -> HttpResponse:
    """The part of the page that changes while the load runs."""
    return render(request, "lake/run_part.html", _run(request, run))


@officer(*queries.READERS)
def quarantine(request: AuthenticatedRequest, run: UUID) -> Any:
    """The rows that did not fit, to mend and load again."""
    held = queries.run_for(request.actor, run)
    name = f"quarantine-{held.public_id}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(queries.quarantine_csv(held), content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@officer(*queries.READERS)
def roll_back(request: AuthenticatedRequest, table: UUID) -> HttpResponse:
    """Go back to a snapshot."""
    held, wanted = _table(request, table), request.POST.get("snapshot", "")
    if not wanted.isascii() or not wanted.isdigit():
        raise Invalid(wanted[:40])
    actions.roll_back(actor=request.actor, resource=held.identifier, snapshot=int(wanted))
    return redirect("lake-table", held.public_id)


def _table(request: AuthenticatedRequest, table: UUID) -> LakeTable:
    return queries.table_by_id(request.actor, table)


def _run(request: HttpRequest, run: UUID) -> dict[str, Any]:
    held: LakeRun = queries.run_for(request.actor, run)  # type: ignore[attr-defined]  # Set by ``officer``.
    return {"run": held, "open": held.state in {"running", "waiting"}}


urlpatterns = [
    path("lake", lake, name="lake"),
    path("lake/load", load, name="lake-load"),
    path("lake/tables/<uuid:table>", table, name="lake-table"),
    path("lake/tables/<uuid:table>/rollback", roll_back, name="lake-rollback"),
    path("lake/runs/<uuid:run>", run, name="lake-run"),
    path("lake/runs/<uuid:run>/live", run_live, name="lake-run-live"),
    path("lake/runs/<uuid:run>/quarantine.csv", quarantine, name="lake-quarantine"),
]
