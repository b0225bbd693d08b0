"""What people enter about entries and resources."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.base.catalogue.pages import shown
from groundplan.kernel.parties.models import Party

SPLIT = re.compile(r"[，,\t|｜]")
LISTS = re.compile(r"[、，,;；\n]+")
MOST_LINES = 2000


def spoken(labels: dict[str, str]) -> str:
    """A label in the reader's language."""
    return labels.get(get_language() or "zh-hans") or labels.get("zh-hans", "")


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class EntryForm(forms.Form):
    """What an entry says."""

    provider = forms.ChoiceField(label=gettext_lazy("数据提供单位"))
    title = forms.CharField(label=gettext_lazy("名称"), max_length=300)
    title_en = forms.CharField(label=gettext_lazy("英文名称"), max_length=300, required=False)
    summary = forms.CharField(label=gettext_lazy("摘要"), max_length=8000, required=False, widget=_area(3))
    shelf = forms.ChoiceField(label=gettext_lazy("所属分类"))
    kind = forms.ChoiceField(label=gettext_lazy("资源类型"), choices=list(shown.KINDS.items()))
    sharing = forms.ChoiceField(label=gettext_lazy("共享类型"), choices=list(shown.SHARING.items()))
    condition = forms.CharField(
        label=gettext_lazy("共享条件"), max_length=8000, required=False, widget=_area(2),
        help_text=gettext_lazy("有条件共享的，写明条件和用途范围。"),
    )  # fmt: skip
    basis = forms.CharField(
        label=gettext_lazy("不予共享依据"), max_length=8000, required=False, widget=_area(2),
        help_text=gettext_lazy("不予共享的，须引用法律、行政法规或国务院决定的条款。"),
    )  # fmt: skip
    openness = forms.ChoiceField(label=gettext_lazy("开放类型"), choices=list(shown.OPENNESS.items()), initial="closed")
    open_condition = forms.CharField(label=gettext_lazy("开放条件"), max_length=8000, required=False, widget=_area(2))
    cycle = forms.ChoiceField(label=gettext_lazy("更新周期"), choices=list(shown.CYCLES.items()))
    form = forms.CharField(label=gettext_lazy("资源格式"), max_length=40, required=False)
    keywords = forms.CharField(label=gettext_lazy("关键词"), max_length=2000, required=False)
    contact = forms.CharField(
        label=gettext_lazy("联系处室"), max_length=300, required=False,
        help_text=gettext_lazy("写处室和办公电话，不写个人信息。"),
    )  # fmt: skip
    coverage = forms.CharField(label=gettext_lazy("空间范围"), max_length=300, required=False)
    period = forms.CharField(label=gettext_lazy("时间范围"), max_length=300, required=False)
    series = forms.CharField(label=gettext_lazy("所属系列"), max_length=200, required=False)
    derived_from = forms.CharField(label=gettext_lazy("来源目录"), max_length=4000, required=False)
    elements = forms.CharField(
        label=gettext_lazy("数据项"), max_length=400_000, required=False, widget=_area(8),
        help_text=gettext_lazy("每行一项：名称，类型，个人信息，数源单位代码；后三项可以不写。"),
    )  # fmt: skip
    secrecy = forms.ChoiceField(label=gettext_lazy("涉密情况"), choices=list(shown.SECRECY.items()), initial="none")
    reason = forms.CharField(label=gettext_lazy("变更或下线理由"), max_length=1000, required=False)

    def __init__(self, units: list[Party], *args: Any, change: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        providers: Any = [(unit.code, unit.shown_name) for unit in units]
        shelves: Any = [(each.key, spoken(each.label)) for each in queries.shelves()]
        self.fields["provider"].choices = providers  # type: ignore[attr-defined]
        self.fields["shelf"].choices = shelves  # type: ignore[attr-defined]
        if not change:
            del self.fields["reason"]

    def clean_elements(self) -> list[dict[str, str]]:
        """Each line as a data item."""
        lines = [line.strip() for line in self.cleaned_data["elements"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(_("数据项不超过 %(n)d 项。") % {"n": MOST_LINES})
        return [_element(number, line) for number, line in enumerate(lines, start=1)]

    def content(self) -> dict[str, Any]:
        """What was filled in."""
        given = dict(self.cleaned_data)
        names = ("shelf", "kind", "sharing", "condition", "basis", "openness", "open_condition", "cycle", "form",
                 "contact", "coverage", "period", "series", "secrecy", "elements")  # fmt: skip
        title = {"zh-hans": given["title"]} | ({"en": given["title_en"]} if given["title_en"] else {})
        return {
            **{name: given[name] for name in names}, "title": title,
            "summary": {"zh-hans": given["summary"]} if given["summary"] else {},
            "keywords": _list(given["keywords"]), "derived_from": _list(given["derived_from"]),
        }  # fmt: skip


class MountForm(forms.Form):
    """A resource to mount."""

    identifier = forms.CharField(
        label=gettext_lazy("数据资源标识"), max_length=120, required=False, help_text=gettext_lazy("不填则自动编号。")
    )
    kind = forms.ChoiceField(label=gettext_lazy("资源类型"), choices=list(shown.KINDS.items()))
    form = forms.CharField(label=gettext_lazy("资源格式"), max_length=40, required=False)
    address = forms.CharField(
        label=gettext_lazy("访问地址"), max_length=1900, required=False,
        help_text=gettext_lazy("接口或文件的网址；数据已入湖的不填。"),
    )  # fmt: skip


class ImportForm(forms.Form):
    """A list to take in."""

    file = forms.FileField(
        label=gettext_lazy("文件"), help_text=gettext_lazy("XLSX、CSV（列名不限），CKAN 数据包或 DCAT JSON-LD。")
    )
    mapping = forms.ChoiceField(label=gettext_lazy("已存的列对应"), required=False)
    columns = forms.CharField(
        label=gettext_lazy("列对应"), max_length=8000, required=False, widget=_area(4),
        help_text=gettext_lazy("每行一项：字段=列名；不填则按列名自动识别。"),
    )  # fmt: skip
    keep = forms.CharField(label=gettext_lazy("将列对应存为"), max_length=64, required=False)
    provider = forms.ChoiceField(label=gettext_lazy("表中未写单位时"), required=False)
    shelf = forms.ChoiceField(label=gettext_lazy("表中未写分类时"), required=False)
    sharing = forms.ChoiceField(label=gettext_lazy("表中未写共享类型时"), required=False)
    openness = forms.ChoiceField(label=gettext_lazy("表中未写开放类型时"), required=False)
    cycle = forms.ChoiceField(label=gettext_lazy("表中未写更新周期时"), required=False)
    code_prefix = forms.CharField(label=gettext_lazy("目录代码前缀"), max_length=60, required=False)
    publish = forms.BooleanField(
        label=gettext_lazy("按已发布导入"),
        required=False,
        help_text=gettext_lazy("接管已在其他平台发布的目录，限数据管理部门。"),
    )

    def __init__(self, units: list[Party], *args: Any, keeper: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, Any] = {
            "mapping": [(name, name) for name in queries.saved_mappings()],
            "provider": [(unit.code, unit.shown_name) for unit in units],
            "shelf": [(each.key, spoken(each.label)) for each in queries.shelves()],
            "sharing": shown.SHARING.items(), "openness": shown.OPENNESS.items(), "cycle": shown.CYCLES.items(),
        }  # fmt: skip
        for name, values in choices.items():
            self.fields[name].choices = [("", "–"), *values]  # type: ignore[attr-defined]
        if not keeper:
            del self.fields["publish"]

    def clean_columns(self) -> dict[str, str]:
        """Field -> header."""
        pairs = [line.partition("=") for line in self.cleaned_data["columns"].splitlines() if line.strip()]
        if any(not sign for _name, sign, _header in pairs):
            raise ValidationError(_("请按“字段=列名”逐行填写。"))
        return {name.strip(): header.strip() for name, _sign, header in pairs}

    def asked(self) -> dict[str, Any]:
        """What the import is told."""
        given = self.cleaned_data
        names = ("provider", "shelf", "sharing", "openness", "cycle")
        return {
            "mapping": given["mapping"], "columns": given["columns"] or None, "prefix": given["code_prefix"],
            "defaults": {name: given[name] for name in names if given[name]}, "publish": given.get("publish", False),
        }  # fmt: skip


def initial_of(entry: Entry, version: EntryVersion | None) -> dict[str, Any]:
    """What the form of a change begins with: the draft, or what is in force."""
    content = version.content if version and version.kind != "offline" else entry.content
    plain = {name: value for name, value in content.items() if isinstance(value, str)}
    return {
        **plain, "provider": entry.provider.code, "title": content["title"].get("zh-hans", ""),
        "title_en": content["title"].get("en", ""), "summary": content["summary"].get("zh-hans", ""),
        "keywords": "、".join(content["keywords"]), "derived_from": "、".join(content["derived_from"]),
        "elements": "\n".join(_line(each) for each in content["elements"]),
        "reason": version.reason if version else "",
    }  # fmt: skip


def _element(number: int, line: str) -> dict[str, str]:
    """A line of the form as a data item.

    Raises:
        ValidationError: it names a type or sensitivity that there is none of.
    """
    parts = [part.strip() for part in SPLIT.split(line)] + ["", "", ""]
    found = {"name": parts[0], "source": parts[3]}
    for name, values, written in (("type", shown.TYPES, parts[1]), ("personal", shown.PERSONAL, parts[2])):
        if written:
            key = next((key for key, text in values.items() if written in {key, str(text)}), None)
            if key is None:
                accepted = "、".join(str(text) for text in values.values())
                raise ValidationError(
                    _("第 %(number)d 行“%(text)s”不能识别，可写：%(accepted)s。")
                    % {"number": number, "text": written[:40], "accepted": accepted}
                )
            found[name] = key
    return found


def _line(element: dict[str, Any]) -> str:
    written = [element["name"], str(shown.TYPES[element["type"]]), str(shown.PERSONAL[element["personal"]])]
    return "，".join([*written, element["source"]] if element["source"] else written)


def _list(text: str) -> list[str]:
    return [part.strip() for part in LISTS.split(text) if part.strip()]
