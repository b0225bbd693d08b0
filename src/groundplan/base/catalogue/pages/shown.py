"""How values of the catalogue are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.kernel.parties.queries import Actor

KINDS = {
    "dataset": _("数据集"), "stream": _("实时数据流"), "layer": _("图层"), "api": _("接口代理"), "check": _("核验服务"),
    "certificate": _("证照类型"), "model": _("模型"), "facility": _("设施资源"),
}  # fmt: skip
SHARING = {"unconditional": _("无条件共享"), "conditional": _("有条件共享"), "not_shared": _("不予共享")}
OPENNESS = {"open": _("无条件开放"), "conditional": _("有条件开放"), "closed": _("不予开放")}
CYCLES = {
    "realtime": _("实时"), "daily": _("每日"), "weekly": _("每周"), "monthly": _("每月"), "quarterly": _("每季度"),
    "half_yearly": _("每半年"), "yearly": _("每年"), "irregular": _("不定期"), "once": _("一次性"),
}  # fmt: skip
TYPES = {
    "text": _("文本"), "integer": _("整数"), "decimal": _("小数"), "date": _("日期"), "datetime": _("日期时间"),
    "boolean": _("是否"), "geometry": _("空间图形"), "binary": _("文件"),
}  # fmt: skip
PERSONAL = {"none": _("非个人信息"), "personal": _("个人信息"), "sensitive": _("敏感个人信息")}
GRADES = {
    "core": _("核心数据"), "important": _("重要数据"), "general4": _("一般数据4级"), "general3": _("一般数据3级"),
    "general2": _("一般数据2级"), "general1": _("一般数据1级"), "": _("未分级"),
}  # fmt: skip
FIELD_PROVIDER = _("数据提供单位")
SECRECY = {"none": _("不涉及"), "state": _("国家秘密"), "work": _("工作秘密")}
STATES = {
    "draft": (_("编目中"), "neutral"), "review": (_("审核中"), "active"), "published": (_("已发布"), "good"),
    "offline": (_("已下线"), "paused"), "withdrawn": (_("已撤回"), "neutral"), "returned": (_("退回修改"), "warn"),
    "superseded": (_("已被替代"), "neutral"),
}  # fmt: skip
VERSION_KINDS = {"new": _("编目"), "change": _("变更"), "offline": _("下线")}
SHELF_KINDS = {"register": _("基础信息资源"), "theme": _("主题信息资源")}
FIELDS = {
    "title": _("名称"), "summary": _("摘要"), "kind": _("资源类型"), "shelf": _("所属分类"), "sharing": _("共享类型"),
    "condition": _("共享条件"), "basis": _("不予共享依据"), "openness": _("开放类型"), "open_condition": _("开放条件"),
    "cycle": _("更新周期"), "form": _("资源格式"), "keywords": _("关键词"), "contact": _("联系处室"),
    "coverage": _("空间范围"), "period": _("时间范围"), "series": _("所属系列"), "derived_from": _("来源目录"),
    "elements": _("数据项"), "extra": _("其他信息"), "secrecy": _("涉密情况"),
}  # fmt: skip
VALUES: dict[str, Mapping[str, Any]] = {
    "kind": KINDS, "sharing": SHARING, "openness": OPENNESS, "cycle": CYCLES, "secrecy": SECRECY
}  # fmt: skip


def facts_of(entry: Entry) -> list[tuple[Any, Any]]:
    """What an entry says, as name and value, without what is empty."""
    content = entry.content
    found: list[tuple[Any, Any]] = [(FIELD_PROVIDER, entry.provider), (_("目录代码"), entry.identifier)]
    for name, label in FIELDS.items():
        if name in {"title", "summary", "elements", "shelf", "secrecy"}:
            continue
        value = content.get(name)
        if value:
            found.append((label, _shown(name, value)))
    return found


def changes_of(version: EntryVersion) -> list[tuple[Any, str, str]]:
    """What a version changes in the entry in force: name, before, after."""
    before, after = version.entry.content, version.content
    if version.kind != "change" or version.state in {"published", "superseded"}:
        return []
    return [
        (FIELDS[name], str(_shown(name, before.get(name))), str(_shown(name, after.get(name))))
        for name in FIELDS
        if before.get(name) != after.get(name)
    ]


def panel_of(actor: Actor, version: EntryVersion) -> dict[str, Any]:
    """What the page of a case shows of its version."""
    editing = queries.edits_for(actor, version.entry.provider_id)
    elements = [(each, TYPES[each["type"]], PERSONAL[each["personal"]]) for each in version.content["elements"]]
    return {
        "version": version, "entry": version.entry, "changes": changes_of(version), "elements": elements,
        "kind": VERSION_KINDS[version.kind], "sharing": SHARING[version.content["sharing"]],
        "editing": editing and version.state == "returned",
        "mounting": editing and version.entry.state == "published" and version.entry.mounted_at is None,
    }  # fmt: skip


def _shown(name: str, value: Any) -> Any:
    if name in VALUES:
        return VALUES[name].get(value, value)
    if name in {"title", "summary"}:
        return " / ".join(text for text in (value or {}).values() if text)
    if name == "extra":
        return "；".join(f"{key}：{text}" for key, text in (value or {}).items())
    if name == "elements":
        return "、".join(each["name"] for each in value or ())
    return "、".join(value) if isinstance(value, (list, tuple)) else value
