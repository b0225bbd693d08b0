"""Pages that need no account: report something, keep the receipt, follow it, add to it, rate it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.commons.zones.queries import is_outer
from groundplan.kernel.parties.access import actor_of, person
from groundplan.lib.errors import GroundplanError
from groundplan.lib.identity import uuid7
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.api import visitor_of
from groundplan.systems.incidents.pages.forms import CallBackForm, FollowForm, RatingForm, ReportForm, SupplementForm
from groundplan.systems.incidents.queries.outward import followed

RECEIPT = "incidents.receipt"


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report something."""
    form = ReportForm(request.POST or None, request.FILES or None, initial={"key": uuid7().hex})
    if request.method == "POST" and form.is_valid():
        try:
            made = _take_in(request, form)
        except GroundplanError as error:
            return _refused(request, "incidents/report.html", form, error)
        request.session[RECEIPT] = [made.number, made.code]
        return redirect("receipt")
    return render(request, "incidents/report.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def call_back(request: HttpRequest) -> HttpResponse:
    """Ask for a human to call: a case of the hotline like any other."""
    form = CallBackForm(request.POST or None, initial={"key": uuid7().hex})
    if request.method == "POST" and form.is_valid():
        try:
            made = _call_back(request, form)
        except GroundplanError as error:
            return _refused(request, "incidents/call_back.html", form, error)
        request.session[RECEIPT] = [made.number, made.code]
        return redirect("receipt")
    return render(request, "incidents/call_back.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def receipt(request: HttpRequest) -> HttpResponse:
    """The receipt just given, to note down or print."""
    given = request.session.get(RECEIPT)
    if not given:
        return redirect("follow")
    return render(request, "incidents/receipt.html", {"number": given[0], "code": given[1]})


@require_http_methods(["GET", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Follow a report by number and code; they are kept in the session and never in an address."""
    form = FollowForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        request.session[RECEIPT] = [form.cleaned_data["number"].strip(), form.cleaned_data["code"].strip()]
        return redirect("follow")
    if request.method == "POST" or RECEIPT not in request.session or "other" in request.GET:
        return render(request, "incidents/follow.html", {"form": form}, status=422 if form.errors else 200)
    return _shown(request)


@require_GET
@person
def own(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Follow a report that the reader made with the account, without number and code."""
    request.session[RECEIPT] = list(queries.own_receipt(actor_of(request), public_id))
    return redirect("follow")


@require_POST
def supplement(request: HttpRequest) -> HttpResponse:
    """Add to the report."""
    form = SupplementForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, supplement_form=form)
    try:
        actions.count_visit(door="supplement", visitor=visitor_of(request))
        add = actions.hand_in_supplement if is_outer() else actions.supplement_report
        add(**_credentials(request), text=form.cleaned_data["text"], files=_files(form))
    except GroundplanError as error:
        form.add_error(None, error.detail)
        return _shown(request, supplement_form=form)
    messages.success(request, _("已补充，承办单位可以看到。"))
    return redirect("follow")


@require_POST
def rate(request: HttpRequest) -> HttpResponse:
    """Rate the handling."""
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _shown(request, rating_form=form)
    asked = form.cleaned_data
    actions.count_visit(door="supplement", visitor=visitor_of(request))
    rated = (actions.hand_in_rating if is_outer() else actions.rate_report)(
        **_credentials(request), satisfaction=asked["satisfaction"], solved=asked["solved"] == "yes", note=asked["note"]
    )
    again = _("已按您说明的情况重新交办，受理编号不变。")
    messages.success(request, again if rated and rated.case.active else _("感谢您的评价。"))
    return redirect("follow")


def _take_in(request: HttpRequest, form: ReportForm) -> actions.Receipt | actions.OuterReceipt:
    visitor, asked = visitor_of(request), form.cleaned_data
    actions.count_visit(door="report", visitor=visitor)
    return _door()(
        actor=actor_of(request), channel="web", flow=asked["flow"], text=asked["text"], type=asked["type"],
        place=asked["place"], point=form.point(), reporter_name=asked["reporter_name"],
        reporter_phone=asked["reporter_phone"], files=_files(form), key=asked["key"], visitor=visitor,
    )  # fmt: skip


def _door() -> Callable[..., actions.Receipt | actions.OuterReceipt]:
    """How a resident's report is taken in this zone."""
    return actions.hand_in_report if is_outer() else actions.report_incident


def _call_back(request: HttpRequest, form: CallBackForm) -> actions.Receipt | actions.OuterReceipt:
    visitor, asked = visitor_of(request), form.cleaned_data
    actions.count_visit(door="report", visitor=visitor)
    # The words stand in the case, which the city works in its own language.
    return _door()(
        actor=actor_of(request), channel="web", flow="hotline", type="help", title="请求帮办回电",
        text="来访人请求工作人员回电，协助办理。", reporter_name=asked["reporter_name"],
        reporter_phone=asked["reporter_phone"], key=asked["key"], visitor=visitor,
    )  # fmt: skip


def _shown(request: HttpRequest, **forms: Any) -> HttpResponse:
    """The public view of the report whose receipt is in the session."""
    actions.count_visit(door="follow", visitor=visitor_of(request))
    credentials = _credentials(request)
    try:
        view = followed(**credentials)
    except GroundplanError as error:
        request.session.pop(RECEIPT, None)
        form = FollowForm(initial={"number": credentials["number"]})
        return render(request, "incidents/follow.html", {"form": form, "problem": error}, status=error.status)
    context = {"view": view, "supplement_form": SupplementForm(), "rating_form": RatingForm(), **forms}
    return render(request, "incidents/followed.html", context, status=422 if forms else 200)


def _credentials(request: HttpRequest) -> dict[str, str]:
    number, code = request.session.get(RECEIPT) or ("", "")
    return {"number": number, "code": code}


def _refused(request: HttpRequest, template: str, form: Any, error: GroundplanError) -> HttpResponse:
    form.add_error(None, " ".join(part for part in (error.detail or str(error), error.next_step) if part))
    answer = render(request, template, {"form": form}, status=error.status)
    if "retry_after" in error.extra:
        answer["Retry-After"] = str(error.extra["retry_after"])
    return answer


def _files(form: Any) -> list[tuple[str, bytes]]:
    return [(file.name, file.read()) for file in form.cleaned_data["photos"]]
