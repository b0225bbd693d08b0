"""The closed lists of this app: kinds of parties, kinds of relations, roles. Names are stable, labels are shown."""

from __future__ import annotations

from typing import Final

Labels = dict[str, str]

KINDS: Final[dict[str, Labels]] = {
    "city": {"zh-hans": "市级", "en": "City"},
    "department": {"zh-hans": "委办局", "en": "Department"},
    "district": {"zh-hans": "区县", "en": "District or county"},
    "street": {"zh-hans": "街道/乡镇", "en": "Street or township"},
    "community": {"zh-hans": "社区/村", "en": "Community or village"},
    "zone": {"zh-hans": "开发区", "en": "Development zone"},
    "vertical": {"zh-hans": "垂管单位", "en": "Vertically managed unit"},
    "utility": {"zh-hans": "公共服务企业", "en": "Public utility"},
    "section": {"zh-hans": "科室", "en": "Section"},
    "firm": {"zh-hans": "企业", "en": "Firm"},
    "person": {"zh-hans": "个人", "en": "Person"},
}
# Firms and people are private: the public directory lists none of them.
PRIVATE_KINDS: Final = frozenset({"firm", "person"})

RELATIONS: Final[dict[str, Labels]] = {
    "belongs_to": {"zh-hans": "隶属", "en": "belongs to"},
    "guided_by": {"zh-hans": "业务指导", "en": "guided by"},
    "territory_of": {"zh-hans": "属地", "en": "territory of"},
    "reports_work_to": {"zh-hans": "承办上级", "en": "reports work to"},
    "maintains": {"zh-hans": "养护", "en": "maintains for"},
}
# A unit's right reaches down these relations to the units below it.
COVERING: Final = ("belongs_to", "reports_work_to")

ROLES: Final[dict[str, Labels]] = {
    "resident": {"zh-hans": "市民", "en": "Resident"},
    "operator": {"zh-hans": "话务员", "en": "Operator"},
    "inspector": {"zh-hans": "信息采集员", "en": "Inspector"},
    "grid_worker": {"zh-hans": "网格员", "en": "Grid worker"},
    "handler": {"zh-hans": "承办人", "en": "Handler"},
    "dispatcher": {"zh-hans": "派遣员", "en": "Dispatcher"},
    "supervisor": {"zh-hans": "监督员", "en": "Supervisor"},
    "leader": {"zh-hans": "领导", "en": "Leader"},
    "data_office": {"zh-hans": "数据管理", "en": "Data office"},
    "rule_editor": {"zh-hans": "规则编制", "en": "Rule editor"},
    "rule_approver": {"zh-hans": "规则审定", "en": "Rule approver"},
    "vendor": {"zh-hans": "承建厂商", "en": "Vendor"},
    "system_admin": {"zh-hans": "系统管理员", "en": "System administrator"},
    "security_admin": {"zh-hans": "安全管理员", "en": "Security administrator"},
    "audit_admin": {"zh-hans": "审计管理员", "en": "Audit administrator"},
}
# 三员分立 (GB/T 22239-2019, 8.1.5): no one holds two of these at the same time; the database refuses it as well.
ADMINISTRATORS: Final = ("system_admin", "security_admin", "audit_admin")

SCHEMES: Final[dict[str, Labels]] = {
    "credit_code": {"zh-hans": "统一社会信用代码", "en": "Unified social credit code"},
    "organisation_code": {"zh-hans": "组织机构代码", "en": "Organisation code"},
    "citizen_number": {"zh-hans": "公民身份号码", "en": "Citizen number"},
    "phone": {"zh-hans": "手机号码", "en": "Mobile number"},
}
PERSONAL_SCHEMES: Final = frozenset({"citizen_number", "phone"})

PURPOSES: Final[dict[str, Labels]] = {
    "handling": {"zh-hans": "办理需要", "en": "Needed to handle a case"},
    "verification": {"zh-hans": "身份核验", "en": "Verifying an identity"},
    "correction": {"zh-hans": "校核纠错", "en": "Correcting data"},
    "lawful_request": {"zh-hans": "依法协查", "en": "Lawful request of an authority"},
}
