"""Labels of kinds and states."""

from __future__ import annotations

Labels = dict[str, str]

CLIENT_KINDS: dict[str, Labels] = {
    "machine": {"zh-hans": "程序接入", "en": "Program"},
    "site": {"zh-hans": "单点登录应用", "en": "Application with single sign-on"},
}
STATES: dict[str, Labels] = {
    "proposed": {"zh-hans": "待审批", "en": "Awaits approval"},
    "active": {"zh-hans": "使用中", "en": "In use"},
    "paused": {"zh-hans": "已暂停", "en": "Paused"},
    "refused": {"zh-hans": "未通过", "en": "Refused"},
    "ended": {"zh-hans": "已停用", "en": "Ended"},
}
SCOPES: dict[str, Labels] = {
    "read": {"zh-hans": "查询", "en": "Read"},
    "write": {"zh-hans": "查询和办理", "en": "Read and act"},
    "openid": {"zh-hans": "登录标识", "en": "Who signs in"},
    "profile": {"zh-hans": "姓名和用户名", "en": "Name and user name"},
    "units": {"zh-hans": "所在机构和角色", "en": "Units and roles"},
}
SCOPES_OF: dict[str, tuple[str, ...]] = {"machine": ("read", "write"), "site": ("openid", "profile", "units")}
