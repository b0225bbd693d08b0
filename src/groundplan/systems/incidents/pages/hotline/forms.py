"""What the hotline's officers fill in beside the case itself: an objection, a sample, a period."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from groundplan.systems.incidents import queries
from groundplan.systems.incidents.logic.rates import CONTESTABLE, INDICATORS


def shown(labels: Any) -> str:
    """A label in the reader's language."""
    return str(labels.get(get_language() or "zh-hans") or next(iter(labels.values())))


class ObjectionForm(forms.Form):
    """Ask for an exclusion, or contest a figure."""

    kind = forms.ChoiceField(label=_("异议类别"), choices=[("exclusion", _("剔除")), ("appeal", _("申诉"))])
    ground = forms.ChoiceField(label=_("理由类别"))
    indicator = forms.ChoiceField(label=_("申诉指标"), required=False, help_text=_("仅申诉时选择。"))
    statement = forms.CharField(label=_("事实与理由"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grounds: Any = [("", "—"), *((key, shown(label)) for key, label in queries.grounds().items())]
        self.fields["ground"].choices = grounds  # type: ignore[attr-defined]
        named = {indicator.key: shown(indicator.label) for indicator in INDICATORS}
        figures: Any = [("", "—"), *((key, named[key]) for key in CONTESTABLE)]
        self.fields["indicator"].choices = figures  # type: ignore[attr-defined]


class DrawForm(forms.Form):
    """Draw a sample of closed cases."""

    start = forms.DateField(label=_("办结日期起"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    end = forms.DateField(label=_("办结日期止"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    size = forms.IntegerField(label=_("抽查件数"), min_value=1, max_value=200, initial=20)
    unit = forms.CharField(label=_("承办单位代码"), max_length=64, required=False, help_text=_("不填为全部单位。"))
    seed = forms.CharField(
        label=_("随机种子"), max_length=80, required=False, help_text=_("可填公开产生的号码；不填由系统随机产生。")
    )
