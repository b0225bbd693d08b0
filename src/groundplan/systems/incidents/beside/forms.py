"""Forms of beside runs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groundplan.portal.templatetags.portal import label
from groundplan.systems.incidents.beside.queries import FIGURES
from groundplan.systems.incidents.models import ColumnMapping


def _day() -> Any:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class StartForm(forms.Form):
    """A new run."""

    name = forms.CharField(label=_("名称"), max_length=64)
    ends_on = forms.DateField(label=_("结束日期"), widget=_day(), help_text=_("一般运行两周。"))
    answerable = forms.CharField(label=_("负责人"), max_length=64)
    mapping = forms.ChoiceField(
        label=_("列对应方案"), required=False, help_text=_("不选则按第一个文件的列名推定，可随文件更正。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ColumnMapping.objects.filter(flow="hotline").order_by("name").values_list("name", flat=True)
        choices: Any = [("", _("（自动推定）")), *((name, name) for name in names)]
        self.fields["mapping"].choices = choices  # type: ignore[attr-defined]


class TakeForm(forms.Form):
    """An export of the vendor's system."""

    file = forms.FileField(
        label=_("原系统导出文件"), help_text=_("XLSX、CSV；UTF-8 或 GBK。可重复上传，同一工单只计一次。")
    )


class ProposeForm(forms.Form):
    """From when on rows shall become cases."""

    live_from = forms.DateTimeField(
        label=_("切换时间"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    note = forms.CharField(label=_("说明"), max_length=500, required=False)


class NoteForm(forms.Form):
    """A reason."""

    note = forms.CharField(label=_("说明"), max_length=500, required=False)


class EndForm(forms.Form):
    """Another last day."""

    ends_on = forms.DateField(label=_("结束日期"), widget=_day())


class ReplayForm(forms.Form):
    """A changed directory."""

    directory = forms.FileField(label=_("修改后的派单目录"), help_text=_("XLSX、CSV；只测算，不改变现行目录。"))


class RowFilter(forms.Form):
    """Which rows are listed."""

    figure = forms.ChoiceField(label=_("项目"), required=False)
    day = forms.DateField(label=_("日期"), required=False, widget=_day())
    number = forms.CharField(label=_("工单编号"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = [(name, label(text)) for name, (_condition, text) in FIGURES.items()]
        self.fields["figure"].choices = choices  # type: ignore[attr-defined]
