"""Forms of attached systems."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groundplan.commons.attached import registry
from groundplan.commons.attached.logic import DIRECTIONS
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.portal.templatetags.portal import label

MOST_CODES = 500


class DayForm(forms.Form):
    """A day."""

    day = forms.DateField(label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}))


class SystemForm(forms.Form):
    """A system to attach."""

    name = forms.CharField(label=_("名称"), max_length=60)
    kind = forms.ChoiceField(label=_("对接方式"))
    direction = forms.ChoiceField(label=_("方向"))
    flow = forms.ChoiceField(label=_("对应流程"))
    unit = forms.ChoiceField(label=_("责任单位"))
    address = forms.CharField(
        label=_("地址或文件夹名"), max_length=300, help_text=_("接口填网址；文件夹交换填文件夹名，如 city-hotline。")
    )
    secret = forms.CharField(
        label=_("密钥"), required=False, max_length=200,
        help_text=_("接口至少 16 位，保存后不再显示；文件夹交换不填。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    every_minutes = forms.IntegerField(label=_("间隔（分钟）"), min_value=1, max_value=1440, initial=5)
    completes = forms.BooleanField(label=_("对方办结后自动办结我方任务"), required=False, initial=True)
    mapping = forms.CharField(
        label=_("字段映射（YAML）"), required=False, max_length=64_000, help_text=_("不填则用该对接方式自带的映射。"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Party.objects.filter(pk__in=actor.unit_ids(registry.KEEPER)).order_by("code")
        choices = {
            "kind": [(name, label(kind.label)) for name, kind in registry.offered().items()],
            "direction": [(name, label(text)) for name, text in DIRECTIONS.items()],
            "flow": [(name, label(each.label)) for name, each in registry.takers.items()],
            "unit": [(str(row.pk), label(row.name)) for row in units],
        }
        self.units = {str(row.pk): row for row in units}
        for name, offered in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type.
            field.choices = offered

    def given(self) -> dict[str, Any]:
        """What the action takes."""
        return {**self.cleaned_data, "unit": self.units[self.cleaned_data["unit"]]}


def given_codes(post: Any) -> list[tuple[str, str, str]]:
    """Rows of the form of codes; rows of which nothing is said are left out."""
    columns = [post.getlist(name)[:MOST_CODES] for name in ("kind", "theirs", "ours")]
    drop = set(post.getlist("drop"))
    rows = [(kind, theirs, ours) for kind, theirs, ours in zip(*columns, strict=False) if theirs.strip() and ours]
    return rows + [(kind, theirs, "") for kind, _sep, theirs in (each.partition(":") for each in drop)]
