"""流程推演: a version of a flow, also one not in force, tried with arrivals and staff that the reader enters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.logic.simulation import MOST_CASES, Outcome, Plan, simulate
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.cases.pages import shown
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.past import Past, past_of, plan_of
from groundplan.kernel.parties.access import officer
from groundplan.lib.errors import NotFound

HOURS_A_DAY = 24


class TrialForm(forms.Form):
    """Arrivals, length, seed; and for each station how many work there and how long."""

    version = forms.TypedChoiceField(label=gettext_lazy("流程版本"), coerce=int)
    arrivals = forms.FloatField(label=gettext_lazy("每天来件"), min_value=0.01, max_value=MOST_CASES)
    days = forms.IntegerField(label=gettext_lazy("推演天数"), min_value=1, max_value=3650)
    seed = forms.IntegerField(label=gettext_lazy("随机种子"), min_value=0, max_value=2**31)

    def __init__(self, data: Any, *, versions: list[FlowVersion], flow: Flow, plan: Plan) -> None:
        super().__init__(data)
        self.fields["version"].choices = [  # type: ignore[attr-defined] # a choice field.
            (each.number, _("第 %(number)d 版") % {"number": each.number}) for each in versions
        ]
        for name in plan.stations:
            named = station_label(flow, name)
            self.fields[f"staff-{name}"] = forms.IntegerField(
                label=_("%(stage)s：同时办理件数") % {"stage": named}, min_value=1, max_value=10_000
            )
            self.fields[f"hours-{name}"] = forms.FloatField(
                label=_("%(stage)s：平均用时（小时）") % {"stage": named}, min_value=0.001, max_value=10_000
            )

    def clean(self) -> dict[str, Any]:
        """Not more cases than can be tried at once."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("arrivals", 0) * given.get("days", 0) > MOST_CASES:
            raise forms.ValidationError(_("推演件数过多：每天来件乘以天数不能超过 %(most)d。") % {"most": MOST_CASES})
        return given


@officer()
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The form, and what came out."""
    versions = list(FlowVersion.objects.filter(key=key).defer("document", "source").order_by("-number"))
    if not versions:
        raise NotFound
    wanted = request.GET.get("version", "")
    version = next((each for each in versions if str(each.number) == wanted), versions[0])
    flow, past = flow_of(version.pk), past_of(key)
    plan = plan_of(flow, past)
    form = TrialForm(_given(request, version, plan, past), versions=versions, flow=flow, plan=plan)
    context = {"version": version, "flow": flow, "form": form, "rows": [], "known": sum(past.entered.values())}
    if form.is_valid():
        context |= _tried(flow, past, form.cleaned_data, plan)
    return render(request, "cases/trial.html", context)


def station_label(flow: Flow, name: str) -> str:
    """What a station is called."""
    from groundplan.portal.templatetags.portal import label  # noqa: PLC0415 - the reader's language.

    stage, _dot, key = name.partition(".")
    return label(shown.stage_label(flow, stage, key))


def _given(request: HttpRequest, version: FlowVersion, plan: Plan, past: Past) -> dict[str, Any]:
    """What the reader entered, over what is recorded."""
    usual: dict[str, Any] = {
        "version": version.number, "arrivals": round(max(past.per_day, 0.01), 2), "days": 60, "seed": 1,
    }  # fmt: skip
    for name, station in plan.stations.items():
        usual[f"hours-{name}"] = round(max(station.hours, 0.001), 3)
        usual[f"staff-{name}"] = max(1, min(10_000, round(past.per_day * station.hours / HOURS_A_DAY * 1.25 + 0.5)))
    return {name: request.GET.get(name, value) for name, value in usual.items()}


def _tried(flow: Flow, past: Past, given: dict[str, Any], plan: Plan) -> dict[str, Any]:
    staff = {name: given[f"staff-{name}"] for name in plan.stations}
    hours = {name: given[f"hours-{name}"] for name in plan.stations}
    found: Outcome = simulate(
        plan_of(flow, past, staff=staff, hours=hours),
        arrivals_per_hour=given["arrivals"] / HOURS_A_DAY, hours=given["days"] * HOURS_A_DAY, seed=given["seed"],
    )  # fmt: skip
    rows = [
        {
            "label": station_label(flow, name), "figures": each, "overdue": round(each.overdue_share * 100, 1),
            "wait": round(each.mean_wait, 2), "late_wait": round(each.p90_wait, 2),
        }
        for name, each in found.stations.items()
    ]  # fmt: skip
    return {"rows": rows, "found": found}
