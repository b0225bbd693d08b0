"""Forms made of a flow: what an outcome requires becomes typed fields; they work without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from groundplan.kernel.cases.logic.flow import CaseField, Flow, Work
from groundplan.kernel.cases.logic.values import unit_codes
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.cases.queries.flows import flow_of, flows_in_force
from groundplan.kernel.cases.queries.offers import Offer
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.models import Party
from groundplan.kernel.places.queries import divisions

UNITS = "units"
PRIVATE = ("firm", "person")
SPAN_UNITS = ("work_days", "work_hours")


class UnitField(forms.CharField):
    """A unit by its code or its full name; the browser suggests from the list of units."""

    def __init__(self, **more: Any) -> None:
        widget = forms.TextInput(attrs={"list": UNITS, "autocomplete": "off"})
        super().__init__(widget=widget, max_length=120, **more)

    def clean(self, value: Any) -> str:
        """The code of the unit."""
        text = str(super().clean(value)).strip()
        return code_of(text) if text else ""


class UnitsField(forms.CharField):
    """Several units, separated by commas."""

    def clean(self, value: Any) -> list[str]:
        """The codes of the units."""
        return [code_of(text) for text in unit_codes(str(super().clean(value)))]


class ActionForm(forms.Form):
    """What every action sends: the task, and what was seen of it; ``advice`` is what is doubtful about it."""

    advice: Sequence[Mapping[str, str]] = ()

    task = forms.CharField(required=False, widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    outcome = forms.CharField(required=False, widget=forms.HiddenInput)


class SeveralFiles(forms.FileField):
    """Any number of files."""

    widget = type(
        "Files",
        (forms.ClearableFileInput,),
        {"allow_multiple_selected": True, "template_name": "django/forms/widgets/file.html"},
    )

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """The files, each checked."""
        given = data if isinstance(data, (list, tuple)) else [data]
        return [super(SeveralFiles, self).clean(each, initial) for each in given if each]


def code_of(text: str) -> str:
    """The code of a unit from its code or name, or from ``name (code)``."""
    code = text.rsplit("(", 1)[-1].rstrip(")").strip() if text.endswith(")") else text
    found = Party.objects.filter(Q(code=code) | Q(**{"name__zh-hans": text}) | Q(name__en=text)).first()
    if found is None:
        raise forms.ValidationError(_("没有名为“%(text)s”的单位。"), params={"text": text[:60]})
    return str(found.code)


def form_for(offer: Offer, case: Case, flow: Flow, data: Any = None, files: Any = None) -> ActionForm:
    """The form of an offer, filled with what the case knows already."""
    initial = {
        "task": str(offer.task.public_id) if offer.task else "",
        "seen": offer.task.version if offer.task else case.version,
        "outcome": offer.outcome,
    }
    form = ActionForm(data, files, initial=initial, prefix=None, auto_id=f"{offer.key}-%s")
    form.use_required_attribute = True
    if offer.action == "complete":
        for name in (*offer.requires, *offer.optional):
            form.fields[f"field_{name}"] = _typed(flow.fields[name], required=name in offer.requires)
            if not flow.fields[name].personal:
                form.initial[f"field_{name}"] = _text(flow.fields[name], case.data.get(name))
    for name, made in _extra(offer).items():
        form.fields[name] = made
    return form


def units_listed() -> list[Party]:
    """The units that a form suggests: all current ones that are not private."""
    return list(Party.objects.on().exclude(kind__in=PRIVATE).order_by("sort_key", "id"))


def _text(field: CaseField, value: Any) -> Any:
    """A stored value as a form shows it: units by their names, which are what people know."""
    if not value or field.type not in {"party", "parties"}:
        return value
    codes = [value] if isinstance(value, str) else list(value)
    known = {unit.code: unit.shown_name for unit in Party.objects.filter(code__in=codes)}
    names = [known.get(code, code) for code in codes]
    # A name that two units share leads to the first of them, so such a unit keeps its code.
    shared = Party.objects.filter(Q(**{"name__zh-hans__in": names}) | Q(name__en__in=names)).exclude(code__in=codes)
    return "、".join(codes if shared.exists() else names)


def _label(labels: dict[str, str]) -> str:
    return labels.get(get_language() or "zh-hans") or next(iter(labels.values()))


def _typed(field: CaseField, *, required: bool) -> forms.Field:
    common: dict[str, Any] = {"label": _label(field.label), "required": required}
    if field.help:
        common["help_text"] = _label(field.help)
    if field.type == "enumeration":
        choices = [("", "—"), *((value, _label(labels)) for value, labels in (field.values or {}).items())]
        return forms.ChoiceField(choices=choices, **common)
    if field.type == "division":
        listed = [(each.code, _label(each.name)) for each in divisions(level=field.level or "")]
        return forms.ChoiceField(choices=[("", "—"), *listed], **common)
    if field.type == "boolean":
        return forms.ChoiceField(choices=[("", "—"), ("true", _("是")), ("false", _("否"))], **common)
    simple: dict[str, Callable[..., forms.Field]] = {
        "integer": forms.IntegerField,
        "date": lambda **more: forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **more),
        "decimal": lambda **more: forms.DecimalField(max_digits=18, decimal_places=6, **more),
        "party": UnitField,
        "parties": UnitsField,
        "text": lambda **more: forms.CharField(
            widget=forms.Textarea(attrs={"rows": 3}), max_length=field.longest, **more
        ),
    }
    make = simple.get(field.type)
    return make(**common) if make else forms.CharField(max_length=field.longest, **common)


def _note(label: str, *, required: bool) -> forms.Field:
    return forms.CharField(label=label, required=required, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


def _extra(offer: Offer) -> dict[str, forms.Field]:
    """The fields of actions that every flow knows."""
    reason = {"reason": _note(_("理由"), required=True)}
    note = {"note": _note(_("说明"), required=False)}
    upload = {"files": SeveralFiles(label=_("附件"), required=False)}
    unit = {"to_party": UnitField(label=_("接收单位"))}
    below = (
        {"to_party": forms.ChoiceField(label=_("下级单位"), choices=_below(offer.task))}
        if offer.action == "redispatch"
        else {}
    )
    below_case = {
        "flow": forms.ChoiceField(label=_("流程"), choices=_flows_below(offer.task)),
        "title": forms.CharField(label=_("事由"), max_length=300),
        "waits": forms.BooleanField(label=_("等待子件办结后继续"), required=False, initial=True),
    }
    span = {
        "amount": forms.IntegerField(label=_("延长"), min_value=1, max_value=90),
        "unit": forms.ChoiceField(
            label=_("单位"), choices=[("work_days", _("个工作日")), ("work_hours", _("个工作时"))]
        ),
    }
    review = {"review_on": forms.DateField(label=_("复核日期"), widget=forms.DateInput(attrs={"type": "date"}))}
    call = {
        "reached": forms.ChoiceField(label=_("是否联系到"), choices=[("true", _("是")), ("false", _("否"))]),
        "solved": forms.ChoiceField(
            label=_("是否解决"), required=False, choices=[("", "—"), ("true", _("是")), ("false", _("否"))]
        ),
        "satisfaction": forms.IntegerField(label=_("满意度（1–5）"), required=False, min_value=1, max_value=5),
    }
    forms_of: dict[str, dict[str, forms.Field]] = {
        "complete": {**note, **upload},
        "sign": {}, "accept": {}, "resume": note,
        "uphold": note, "overrule": note, "grant": note, "deny": note,
        "transfer": {**unit, **reason}, "reassign": {**unit, **reason},
        "redispatch": {**below, **note}, "assist": {**unit, **note},
        "extend": {**span, **reason},
        "suspend": {**reason, "until": forms.DateTimeField(
            label=_("恢复时间"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))},
        "subcase": {**below_case, **note},
        "account": {**reason, **review}, "account_review": {**review, "note": _note(_("复核情况"), required=True)},
        "account_grant": note, "account_deny": note, "account_end": {"note": _note(_("销账情况"), required=True)},
        "merge": {"cases": forms.CharField(label=_("被并入的编号（以逗号分隔）"), max_length=400), **reason},
        "comment": {"text": _note(_("备注"), required=False), **upload},
        "supervise": {"text": _note(_("督办要求"), required=True)},
        "rate": {**call, **note},
    }  # fmt: skip
    return forms_of.get(offer.action, reason)


def _flows_below(task: Task | None) -> list[tuple[str, str]]:
    """The flows of which a task may open cases."""
    work = flow_of(task.case.flow_version_id).work(task.stage, task.key) if task else None
    wanted = work.subcases if isinstance(work, Work) else {}
    return [(each.key, _label(each.label)) for each in flows_in_force() if each.key in wanted] if wanted else []


def _below(task: Task | None) -> list[tuple[str, str]]:
    below = parties.subordinates(task.party_id) if task else frozenset()
    units = Party.objects.on().filter(pk__in=below).exclude(kind__in=PRIVATE).order_by("sort_key", "id")
    return [("", "—"), *((unit.code, unit.shown_name) for unit in units[:400])]
