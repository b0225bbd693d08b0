"""Forms of the pages of reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from groundplan.commons.reports import registry
from groundplan.commons.reports.logic.periods import KINDS
from groundplan.kernel.parties.models import Party


def said(label: Any) -> str:
    """A label in the reader's language."""
    return str(label.get(translation.get_language() or "zh-hans") or label.get("zh-hans", ""))


class MakeForm(forms.Form):
    """What to report on."""

    source = forms.ChoiceField(label=_("报告内容"))
    kind = forms.ChoiceField(label=_("报告种类"))
    unit = forms.ChoiceField(label=_("编制单位"))
    day = forms.DateField(
        label=_("统计期内任一天"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("日报、周报、月报填写；不填为昨天。"),
    )  # fmt: skip
    first = forms.DateField(
        label=_("专报起"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("专报止"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *given: Any, units: Iterable[Party], **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["source"].choices = [(key, said(each.label)) for key, each in registry.sources.items()]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [(key, said(label)) for key, label in KINDS.items()]  # type: ignore[attr-defined]
        self.fields["unit"].choices = [(str(unit.public_id), str(unit)) for unit in units]  # type: ignore[attr-defined]
        for key, each in registry.sources.items():
            for name, (label, choices) in each.choices().items():
                self.fields[f"{key}.{name}"] = forms.ChoiceField(
                    label=f"{said(each.label)} · {said(label)}", required=False,
                    choices=[("", "—"), *((value, said(text)) for value, text in choices)],
                    help_text=_("仅用于专报。"),
                )  # fmt: skip

    @property
    def about(self) -> dict[str, str]:
        """What a special report is narrowed to."""
        begin = f"{self.cleaned_data['source']}."
        return {
            name.removeprefix(begin): value
            for name, value in self.cleaned_data.items()
            if name.startswith(begin) and value
        }


class LetterheadForm(forms.Form):
    """How a unit's papers look."""

    organ = forms.CharField(label=_("红头单位名称"), max_length=120)
    organ_en = forms.CharField(label=_("红头单位英文名称"), max_length=120, required=False)
    sign = forms.CharField(label=_("期号前的代字"), max_length=40, required=False)
    template = forms.FileField(
        label=_("本单位模板"), required=False, help_text=_("DOCX 文档；可先下载现用模板修改。不选则沿用现有模板。")
    )
