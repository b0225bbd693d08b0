"""The closed lists of this app: kinds of parties, kinds of relations, roles. Names are stable, labels are shown.

The words for roles are data of the profile, read once when the program starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from groundplan.lib import environment

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

# The closed list of roles; what they are called and answer for is the profile's (profiles/*/roles.yaml).
ROLE_NAMES: Final = (
    "resident", "operator", "inspector", "grid_worker", "handler", "dispatcher", "supervisor", "leader", "data_office",
    "rule_editor", "rule_approver", "vendor", "system_admin", "security_admin", "audit_admin",
)  # fmt: skip
_PROFILES: Final = Path(__file__).resolve().parents[3] / "profiles"


@dataclass(frozen=True)
class Role:
    """A role as the profile describes it.

    Args:
        label: what it is called.
        answers: what its holder answers for.
        figures: keys of the figures on its desk, in order.
        tools: names of the pages that it uses most.
        late: whether its desk lists what is overdue in the units below.
    """

    label: Labels
    answers: Labels
    figures: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    late: bool = False


def read_roles(profile: str) -> dict[str, Role]:
    """The roles of a profile; one that describes none has those of ``cn``.

    Raises:
        ValueError: a role is missing or unknown.
    """
    file = _PROFILES / profile / "roles.yaml"
    file = file if file.is_file() else _PROFILES / "cn" / "roles.yaml"
    written = yaml.safe_load(file.read_text(encoding="utf-8"))["roles"]
    if set(written) != set(ROLE_NAMES):
        raise ValueError(f"{file}: {sorted(set(written) ^ set(ROLE_NAMES))}")
    return {
        name: Role(
            label=written[name]["label"],
            answers=written[name]["answers"],
            figures=tuple(written[name].get("figures", ())),
            tools=tuple(written[name].get("tools", ())),
            late=written[name].get("late", False),
        )
        for name in ROLE_NAMES
    }


DESKS: Final[dict[str, Role]] = read_roles(environment.read("GROUNDPLAN_PROFILE"))
ROLES: Final[dict[str, Labels]] = {name: role.label for name, role in DESKS.items()}
# 三员分立 (GB/T 22239-2019, 8.1.5): no one holds two of these at the same time; the database refuses it as well.
ADMINISTRATORS: Final = ("system_admin", "security_admin", "audit_admin")

# What may be done by a deputy: handling work. Who keeps rules, data, systems or security acts in person.
DEPUTISED: Final = ("operator", "inspector", "grid_worker", "handler", "dispatcher", "supervisor", "leader")
DEPUTY_KINDS: Final[dict[str, Labels]] = {
    "leave": {"zh-hans": "请假代理", "en": "Deputy during leave"},
    "delegation": {"zh-hans": "委托办理", "en": "Delegation"},
}

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
