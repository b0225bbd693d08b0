"""What people enter about plans and responses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from groundplan.systems.linkage import queries
from groundplan.systems.linkage.logic.plan import LinkagePlan


def spoken(labels: dict[str, str]) -> str:
    """A label in the reader's language."""
    return labels.get(get_language() or "zh-hans") or labels.get("zh-hans", "")


class StartForm(forms.Form):
    """What is entered before a plan is started."""

    level = forms.ChoiceField(label=_("响应级别"))
    reason = forms.CharField(label=_("启动事由"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    place = forms.CharField(label=_("地点"), max_length=300, required=False)
    district = forms.ChoiceField(label=_("区县"), required=False)
    exercise = forms.BooleanField(
        label=_("本次为演练"), required=False, help_text=_("演练的页面、编号和预警均有标记，不计入统计。")
    )
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, plan: LinkagePlan, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels: Any = [(name, spoken(dict(level.label))) for name, level in plan.ordered]
        districts: Any = [("", _("全市")), *((code, spoken(name)) for code, name in queries.districts())]
        self.fields["level"].choices = levels  # type: ignore[attr-defined]
        self.fields["district"].choices = districts  # type: ignore[attr-defined]


class LevelForm(forms.Form):
    """Another level, and why."""

    level = forms.ChoiceField(label=_("调整为"))
    reason = forms.CharField(label=_("调整理由"), max_length=2000)

    def __init__(self, plan: LinkagePlan, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels: Any = [(name, spoken(dict(level.label))) for name, level in plan.ordered]
        self.fields["level"].choices = levels  # type: ignore[attr-defined]


class LogForm(forms.Form):
    """A line of the situation log."""

    text = forms.CharField(label=_("记录内容"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))


class WarningForm(forms.Form):
    """What a warning says."""

    kind = forms.ChoiceField(
        label=_("类型"), choices=[("Alert", _("发布")), ("Update", _("更新")), ("Cancel", _("解除"))]
    )
    headline = forms.CharField(label=_("标题"), max_length=200)
    description = forms.CharField(label=_("预警内容"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    instruction = forms.CharField(
        label=_("防范指引"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    hours = forms.IntegerField(label=_("有效小时数"), min_value=1, max_value=168, initial=6)


class EndForm(forms.Form):
    """How it went."""

    conclusion = forms.CharField(label=_("总结"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    cancel_open = forms.BooleanField(label=_("一并终止未办结的任务"), required=False)


class PlanFileForm(forms.Form):
    """A plan as a file."""

    file = forms.FileField(label=_("文件"), help_text=_("按模板填写的 XLSX，或 YAML；导入后为草稿，须由另一人批准。"))
