# ruff: noqa: E501 - a list of labels reads better in one line.
"""What people fill in: a report, an address to follow it, a rating, a call, a patrol's find, a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from groundplan.systems.incidents import queries
from groundplan.systems.incidents.logic.columns import FIELDS

TYPES = [
    ("help", _("求助")), ("consult", _("咨询")), ("complaint", _("投诉")),
    ("report", _("举报")), ("suggestion", _("建议")), ("praise", _("表扬")),
]  # fmt: skip
FLOWS = [
    ("city-management", _("市容设施问题：路、灯、井盖、垃圾、占道等")),
    ("hotline", _("其他诉求：咨询、投诉、举报、建议等")),
]
PHONE_DIGITS = (7, 15)
SYSTEMS = [("wgs84", "WGS 84"), ("cgcs2000", "CGCS2000"), ("gcj02", "GCJ-02"), ("bd09", "BD-09")]
FIELD_LABELS = {
    "external_id": _("原编号"), "title": _("标题"), "description": _("内容"), "type": _("诉求类型"), "category": _("类别"),
    "kind": _("部件或事件"), "reported_at": _("时间"), "place_text": _("地址"), "district": _("区县"), "street": _("街道"),
    "lon": _("经度"), "lat": _("纬度"), "component": _("部件标识码"), "reporter_name": _("联系人"), "reporter_phone": _("联系电话"),
    "channel": _("来源"), "reply": _("答复意见"),
}  # fmt: skip


# Named one by one: a telephone that takes photos as HEIC then hands over JPEG by itself.
PICTURES = "image/jpeg,image/png,image/webp"
PHOTOS = f"{PICTURES},.pdf"


class ManyFiles(forms.ClearableFileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each checked by the files app when it is stored."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each of the files."""
        given = data if isinstance(data, (list, tuple)) else [data] if data else []
        one = super().clean
        return [one(item, initial) for item in given]


def category_choices(*kinds: str) -> list[tuple[str, Any]]:
    """The categories in force, grouped, in the reader's language."""
    language = get_language() or "zh-hans"
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in queries.categories(*kinds):
        group = row.group.get(language) or row.group["zh-hans"]
        groups.setdefault(group, []).append((row.code, row.label.get(language) or row.label["zh-hans"]))
    return [("", _("不确定，由系统建议")), *groups.items()]


class PlaceForm(forms.Form):
    """A place in words and, picked on the map or sent by the phone, as a point."""

    place = forms.CharField(
        label=_("地点"), max_length=300, required=False, help_text=_("写明路名、门牌或附近的标志物。")
    )
    longitude = forms.FloatField(label=_("经度"), required=False, min_value=-180, max_value=180)
    latitude = forms.FloatField(label=_("纬度"), required=False, min_value=-90, max_value=90)

    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude when both are given."""
        lon, lat = self.cleaned_data.get("longitude"), self.cleaned_data.get("latitude")
        return (lon, lat) if lon is not None and lat is not None else None


class ReportForm(PlaceForm):
    """A resident reports something; only the text is needed."""

    flow = forms.ChoiceField(
        label=_("您要反映什么"), choices=FLOWS, widget=forms.RadioSelect, initial="city-management"
    )
    text = forms.CharField(
        label=_("反映内容"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("发生了什么、在哪里、什么时候。请不要在正文中写电话和身份证号。"),
    )  # fmt: skip
    type = forms.ChoiceField(label=_("诉求类型"), choices=[("", _("不确定")), *TYPES], required=False)
    reporter_name = forms.CharField(label=_("称呼"), max_length=40, required=False)
    reporter_phone = forms.CharField(
        label=_("联系电话"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("仅用于核实与回访，加密保存。"),
    )  # fmt: skip
    photos = FilesField(label=_("照片"), required=False, widget=ManyFiles(attrs={"accept": PHOTOS}))
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *given: Any, **named: Any) -> None:
        """Offer the flows that this city has in force."""
        super().__init__(*given, **named)
        there = queries.report_flows()
        chosen = self.fields["flow"]
        if isinstance(chosen, forms.ChoiceField) and there:
            chosen.choices = [choice for choice in FLOWS if choice[0] in there]
            self.initial.setdefault("flow", there[0])


class CallBackForm(forms.Form):
    """Somebody wants a human to call and to do it with them (帮办)."""

    reporter_phone = forms.CharField(
        label=_("您的电话"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("工作人员会打这个电话找您，加密保存。"),
    )  # fmt: skip
    reporter_name = forms.CharField(label=_("怎么称呼您"), max_length=40, required=False)
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_reporter_phone(self) -> str:
        """A number that can be dialled."""
        given = str(self.cleaned_data["reporter_phone"])
        if not PHONE_DIGITS[0] <= sum(letter.isdigit() for letter in given) <= PHONE_DIGITS[1]:
            raise forms.ValidationError(_("请填写完整的电话号码，如 13800138000 或 0570-5550101。"))
        return given


class FollowForm(forms.Form):
    """Receipt number and code."""

    number = forms.CharField(label=_("受理编号"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    code = forms.CharField(label=_("查询码"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class SupplementForm(forms.Form):
    """More about a report that is being handled."""

    text = forms.CharField(label=_("补充内容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    photos = FilesField(label=_("照片"), required=False, widget=ManyFiles(attrs={"accept": PHOTOS}))


class RatingForm(forms.Form):
    """How the reporter finds the handling."""

    solved = forms.ChoiceField(
        label=_("问题解决了吗"), choices=[("yes", _("已解决")), ("no", _("未解决"))], widget=forms.RadioSelect
    )
    satisfaction = forms.TypedChoiceField(
        label=_("满意度"), coerce=int, widget=forms.RadioSelect,
        choices=[(5, _("非常满意")), (4, _("满意")), (3, _("基本满意")), (2, _("不满意")), (1, _("非常不满意"))],
    )  # fmt: skip
    note = forms.CharField(
        label=_("意见"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("选“未解决”的，请写明哪里没有解决，以便重新办理。"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Who says "not solved" says what."""
        asked: dict[str, Any] = super().clean() or {}
        if asked.get("solved") == "no" and not asked.get("note", "").strip():
            self.add_error("note", _("请写明哪里没有解决，以便重新办理。"))
        return asked


class IntakeForm(PlaceForm):
    """What an operator enters while the caller speaks."""

    reporter_phone = forms.CharField(
        label=_("来电号码"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autofocus": True, "autocomplete": "off"}),
    )  # fmt: skip
    reporter_name = forms.CharField(label=_("联系人"), max_length=40, required=False)
    type = forms.ChoiceField(label=_("诉求类型"), choices=TYPES)
    urgency = forms.ChoiceField(label=_("紧急程度"), choices=[("normal", _("一般")), ("urgent", _("紧急"))])
    text = forms.CharField(label=_("诉求内容"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 5}))
    category = forms.ChoiceField(label=_("事项"), required=False)
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = category_choices("hotline")
        self.fields["category"].choices = choices  # type: ignore[attr-defined]


class PatrolForm(PlaceForm):
    """What an inspector or grid worker finds on the street, on a phone."""

    category = forms.ChoiceField(label=_("类别"))
    text = forms.CharField(label=_("问题描述"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}))
    component = forms.CharField(label=_("部件标识码"), max_length=40, required=False)
    urgency = forms.ChoiceField(label=_("紧急程度"), choices=[("normal", _("一般")), ("urgent", _("紧急"))])
    photos = FilesField(
        label=_("照片"),
        required=False,
        widget=ManyFiles(attrs={"accept": PICTURES, "capture": "environment"}),
        help_text=_("JPEG、PNG 或 WebP，最多 9 张；HEIC 照片请先转为 JPEG。"),
    )
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "zh-hans"
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in queries.categories("matter", "component"):
            group = row.group.get(language) or row.group["zh-hans"]
            shown = row.label.get(language) or row.label["zh-hans"]
            groups.setdefault(group, []).append((f"{row.kind}:{row.code}", shown))
        choices: Any = [("", _("请选择")), *groups.items()]
        self.fields["category"].choices = choices  # type: ignore[attr-defined]


class UploadForm(forms.Form):
    """A file of reports."""

    file = forms.FileField(label=_("文件"), help_text=_("XLSX、CSV；UTF-8 或 GBK。任意列名，下一步可调整对应。"))
    flow = forms.ChoiceField(
        label=_("流程"), choices=[("hotline", _("热线工单")), ("city-management", _("城市管理案卷"))]
    )
    system = forms.ChoiceField(label=_("坐标系"), choices=SYSTEMS)


class TrialForm(forms.Form):
    """A file of past cases, and a changed directory."""

    file = forms.FileField(
        label=_("历史工单"),
        help_text=_("XLSX、CSV，任意列名；可含承办单位、派单时间、签收时间、办结时间、办结期限、退单次数。"),
    )
    directory = forms.FileField(
        label=_("修改后的派单目录"), required=False, help_text=_("XLSX、CSV；填写后显示哪些工单会改派。")
    )


class MappingForm(forms.Form):
    """Which column is which field, for the headers of one file."""

    name = forms.CharField(
        label=_("保存为对应方案"), max_length=64, required=False, help_text=_("下次同样的文件可直接选用。")
    )

    def __init__(self, headers: tuple[str, ...], proposed: dict[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = [("", _("（无）")), *((header, header) for header in headers)]
        for field in FIELDS:
            self.fields[f"column_{field}"] = forms.ChoiceField(
                label=FIELD_LABELS[field], choices=choices, required=False, initial=proposed.get(field, "")
            )

    def columns(self) -> dict[str, str]:
        """Field -> header, where one was chosen."""
        return {name: self.cleaned_data[f"column_{name}"] for name in FIELDS if self.cleaned_data.get(f"column_{name}")}
