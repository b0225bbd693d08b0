"""What the living page of components shows; invented, and marked so on the page."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groundplan.lib import clock


class SampleForm(forms.Form):
    """One field of each kind."""

    matter = forms.CharField(
        label=gettext_lazy("事由"), help_text=gettext_lazy("一句话说明问题，不超过 60 字。"), max_length=60
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("类型"),
        choices=[("", gettext_lazy("请选择")), ("a", gettext_lazy("求助")), ("b", gettext_lazy("投诉"))],
    )
    text = forms.CharField(label=gettext_lazy("情况说明"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    channel = forms.ChoiceField(
        label=gettext_lazy("答复方式"),
        choices=[("phone", gettext_lazy("电话")), ("text", gettext_lazy("短信"))],
        widget=forms.RadioSelect,
    )
    agree = forms.BooleanField(label=gettext_lazy("同意公开答复内容"), required=False)


def samples() -> dict[str, Any]:
    """Context of the living page."""
    now = clock.now()
    clocks = [
        (0.35, _("剩余 3 个工作日 2 小时"), "running"),
        (0.86, _("剩余 40 分钟"), "near"),
        (1.0, _("已超期 1 个工作日 3 小时"), "overdue"),
        (0.5, _("挂起，剩余 2 个工作日"), "paused"),
        (0.7, _("按期办结，用时 2 个工作日"), "done"),
        (None, _("缺少该年度日历，期限待定"), "missing"),
    ]
    return {
        "form": SampleForm(),
        "refused": SampleForm({"matter": "", "kind": "", "text": "…", "channel": ""}),
        "clocks": clocks,
        "due": now + timedelta(days=2),
        "now": now,
        "page": SimpleNamespace(items=[1, 2, 3], next="sample"),
        "tabs": [
            {"url": "#todo", "text": _("待办"), "current": True, "count": 12},
            {"url": "#done", "text": _("已办"), "current": False},
        ],
        "chips": [
            (_("待签收"), "neutral"),
            (_("已签收"), "info"),
            (_("办理中"), "active"),
            (_("已办结"), "good"),
            (_("临近期限"), "warn"),
            (_("超期"), "late"),
            (_("挂起"), "paused"),
        ],
        "rows": [
            ("RX20260312-00017", _("路灯不亮"), _("办理中"), "active", now - timedelta(minutes=12)),
            ("RX20260312-00009", _("井盖破损"), _("超期"), "late", now - timedelta(days=3)),
        ],
        "points": sample_points(),
    }


def sample_points() -> dict[str, Any]:
    """A few places on no real ground."""
    states = ("neutral", "info", "active", "good", "warn", "late", "paused")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [120.0 + index * 0.01, 30.0 + (index % 3) * 0.008]},
                "properties": {"title": f"{index + 1}", "tone": tone, "url": "#map"},
            }
            for index, tone in enumerate(states)
        ],
    }
