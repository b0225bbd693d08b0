"""Forms of the organisation pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from groundplan.kernel.parties import queries
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Party
from groundplan.lib.errors import GroundplanError


def tried(form: forms.Form, work: Callable[[dict[str, Any]], Any]) -> bool:
    """Do what a form asks for; a refusal becomes an error of the form."""
    if not form.is_valid():
        return False
    try:
        work(form.cleaned_data)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail, error.next_step) if part))
        return False
    return True


def offered(labels: dict[str, roles.Labels], *, empty: bool = False) -> list[tuple[str, str]]:
    """A closed list as choices in the reader's language."""
    language = get_language() or "zh-hans"
    found = [(name, texts.get(language, texts["en"])) for name, texts in labels.items()]
    return [("", "—"), *found] if empty else found


class DayInput(forms.DateInput):
    """A day, by the browser's own picker."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class CodeField(forms.CharField):
    """A party by its code."""

    def clean(self, value: Any) -> Party | None:
        """The party of the code.

        Raises:
            ValidationError: no party has it.
        """
        code = super().clean(value)
        try:
            return queries.party_by_code(code) if code else None
        except GroundplanError:
            raise forms.ValidationError(_("没有编码为此的机构。")) from None


class UnitForm(forms.Form):
    """What a unit is called and where it is found."""

    chinese = forms.CharField(label=_("名称"), max_length=120)
    english = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    short = forms.CharField(label=_("简称"), max_length=40, required=False)
    division_code = forms.RegexField(
        r"^\d{0,12}$", label=_("行政区划代码"), required=False, help_text=_("6、9 或 12 位数字")
    )
    address = forms.CharField(label=_("地址"), max_length=200, required=False)
    public_phone = forms.CharField(label=_("公开电话"), max_length=40, required=False)
    duties = forms.CharField(label=_("职责"), max_length=300, required=False)

    def changes(self) -> dict[str, Any]:
        """The fields of the register."""
        data = self.cleaned_data
        return {
            "name": _labels(data["chinese"], data["english"]),
            "short_name": _labels(data["short"], ""),
            "duties": _labels(data["duties"], ""),
            **{name: data[name] for name in ("division_code", "address", "public_phone")},
        }

    @staticmethod
    def of(party: Party) -> dict[str, Any]:
        """The initial values for a party."""
        return {
            "chinese": party.name.get("zh-hans", ""),
            "english": party.name.get("en", ""),
            "short": party.short_name.get("zh-hans", ""),
            "duties": party.duties.get("zh-hans", ""),
            **{name: getattr(party, name) for name in ("division_code", "address", "public_phone")},
        }


class NewUnitForm(UnitForm):
    """A new unit."""

    code = forms.CharField(label=_("编码"), max_length=64, help_text=_("全市唯一，今后不变"))
    kind = forms.ChoiceField(label=_("类型"), choices=lambda: offered(roles.KINDS))
    field_order = ("code", "kind")


class RelationForm(forms.Form):
    """A relation to another unit."""

    kind = forms.ChoiceField(label=_("关系"), choices=lambda: offered(roles.RELATIONS))
    to_party = CodeField(label=_("对方机构编码"), max_length=64)
    valid_from = forms.DateField(label=_("起始日期"), widget=DayInput(), required=False, help_text=_("不填表示今天"))
    valid_until = forms.DateField(label=_("终止日期"), widget=DayInput(), required=False)


class MergeForm(forms.Form):
    """Into which unit a unit goes, and when."""

    into = CodeField(
        label=_("并入的机构编码"), max_length=64,
        help_text=_("关系和人员转到该机构；本机构终止，其编码继续指向该机构，历史记录保留。"),
    )  # fmt: skip
    on = forms.DateField(label=_("合并日期"), widget=DayInput(), required=False, help_text=_("不填表示今天"))


class UnmaskForm(forms.Form):
    """Why a number must be seen in full."""

    purpose = forms.ChoiceField(label=_("用途"), choices=lambda: offered(roles.PURPOSES, empty=True))
    reference = forms.CharField(label=_("工单或案卷编号"), max_length=64, required=False)


class ImportForm(forms.Form):
    """An organisation file."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("XLSX（机构、人员、关系三张表）或单张 CSV，UTF-8 或 GBK 编码"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.tsv"}),
    )


class UserForm(forms.Form):
    """A new account."""

    username = forms.RegexField(r"^[\w.@-]+$", label=_("用户名"), max_length=64)
    display_name = forms.CharField(label=_("姓名"), max_length=64)


class GrantForm(forms.Form):
    """A role in a unit for a term."""

    role = forms.ChoiceField(label=_("角色"), choices=lambda: offered(roles.ROLES))
    party = CodeField(label=_("机构编码"), max_length=64)
    territory = forms.RegexField(
        r"^\d{0,12}$", label=_("属地"), required=False, help_text=_("行政区划代码；不填表示不限")
    )
    valid_from = forms.DateField(label=_("起始日期"), widget=DayInput(), required=False, help_text=_("不填表示今天"))
    valid_until = forms.DateField(label=_("终止日期"), widget=DayInput(), required=False)


class TokenForm(forms.Form):
    """A new bearer token."""

    name = forms.CharField(label=_("用途说明"), max_length=64)
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=365, initial=90)


class LanguageForm(forms.Form):
    """The language in which a user reads."""

    language = forms.ChoiceField(label=_("界面语言"), choices=settings.LANGUAGES)


def _labels(chinese: str, english: str) -> roles.Labels:
    return {language: text for language, text in (("zh-hans", chinese), ("en", english)) if text}
