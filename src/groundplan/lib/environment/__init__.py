"""Every setting of the environment in one list: name, form, default, meaning; nobody else reads one unchecked."""

from __future__ import annotations

import difflib
import os
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from groundplan.lib.environment import forms
from groundplan.lib.errors import GroundplanError


class WrongSetting(GroundplanError):
    """A setting of the environment is not of the accepted form, or unknown."""

    code = "wrong-setting"
    status = 500
    title: ClassVar[dict[str, str]] = {"zh-hans": "设置有误", "en": "A setting is wrong"}


@dataclass(frozen=True)
class Setting:
    """One variable of the environment.

    Attributes:
        name: the variable.
        form: its form, a key of ``FORMS``.
        default: what holds when it is absent, as it would be written.
        meaning: one sentence for docs/settings.md.
        accepted: the values it may have, in words.
    """

    name: str
    form: str
    default: str
    meaning: str
    accepted: str


FORMS: dict[str, Callable[[str], Any]] = {
    "algorithm": forms.as_algorithm,
    "text": str,
    "number": forms.as_number,
    "port": forms.as_port,
    "switch": forms.as_switch,
    "mode": forms.as_mode,
    "day": forms.as_day,
    "list": forms.as_list,
    "hosts": forms.as_hosts,
    "networks": forms.as_networks,
    "zone": forms.as_zone,
    "side": forms.as_side,
    "database": forms.as_database,
    "secret": forms.as_secret,
    "account": forms.as_account,
}
# A wrong value of these is never repeated in an error.
SECRET_FORMS = {"secret", "account", "database"}
ACCOUNT = "name:password; three different people"
URL = "postgresql://user:password@host:port/database"

SETTINGS = (
    Setting("DATABASE_URL", "database", "", "A PostgreSQL 15 or newer to use instead of the embedded one.", URL),
    Setting("GROUNDPLAN_AUDIT_ADMIN", "account", "", "The audit administrator, read at the first start only.", ACCOUNT),
    Setting("GROUNDPLAN_BODY_MAX", "number", "200", "The largest request that is taken, MB.", "a number from 1"),
    Setting(
        "GROUNDPLAN_CITY",
        "text",
        "",
        "The city's name, shown in the heading of every page.",
        "Chinese, or Chinese|English",
    ),
    Setting(
        "GROUNDPLAN_CLOCK",
        "text",
        "",
        "A clock that runs faster than life, for simulated days; without effect in production.",
        "simulated start|real start|speed, ISO 8601 twice",
    ),
    Setting("GROUNDPLAN_DATA", "text", "", "Folder with real data sets, read by tests and by demo.", "a folder"),
    Setting(
        "GROUNDPLAN_HOSTS",
        "hosts",
        "127.0.0.1,localhost,[::1]",
        "Host names under which browsers reach the installation.",
        "names with commas between them; .example.org covers all names below",
    ),
    Setting(
        "GROUNDPLAN_HTTPS",
        "switch",
        "0",
        "Browsers come over HTTPS (a proxy ends it): cookies are marked secure and HSTS is sent.",
        "0 or 1",
    ),
    Setting(
        "GROUNDPLAN_JURISDICTION",
        "text",
        "",
        "The jurisdiction_id of Open311 requests; another one is not found. Without it none is looked at.",
        "such as city.gov",
    ),
    Setting(
        "GROUNDPLAN_LAKE",
        "text",
        "",
        "Folder of the data lake: Parquet files, quarantine, uploads; by default lake in the state folder.",
        "a folder on one disk",
    ),
    Setting(
        "GROUNDPLAN_LAKE_MEMORY",
        "number",
        "1024",
        "Memory that one load or question of the lake may take, MB; what needs more goes to the disk.",
        "a number from 256",
    ),
    Setting(
        "GROUNDPLAN_LAKE_UNPACKED",
        "number",
        "50",
        "The most that a packed file of a load may unpack to, GB; two hundred times its size at most in any case.",
        "a number from 1",
    ),
    Setting(
        "GROUNDPLAN_LEDGER_ALGORITHM",
        "algorithm",
        "ed25519",
        "How new keys sign the log: Ed25519, or SM2 with SM3; ledger rotate-key changes over.",
        "ed25519 or sm2-sm3",
    ),
    Setting(
        "GROUNDPLAN_MAP_APPROVAL",
        "text",
        "",
        "The map approval number of the base map; no base map is shown without one.",
        "the number as issued, shown on every map",
    ),
    Setting(
        "GROUNDPLAN_MAP_TILES",
        "text",
        "",
        "The city's base map (WMTS or tiles); without it maps show the city's own areas.",
        "an https address with {z}, {x} and {y}",
    ),
    Setting(
        "GROUNDPLAN_METRICS_TOKEN", "secret", "", "Lets a collector elsewhere read /metrics.", "32 characters or more"
    ),
    Setting(
        "GROUNDPLAN_MODE",
        "mode",
        "production",
        "What the installation is for; --as and simulated clocks work outside production only.",
        "production, demo or test",
    ),
    Setting(
        "GROUNDPLAN_OWNER_DATABASE_URL",
        "database",
        "",
        "The same database as the role that owns the schema; used for migrations only.",
        URL,
    ),
    Setting(
        "GROUNDPLAN_PAGE_THREADS", "number", "16", "Threads of a web process that render pages.", "a number from 1"
    ),
    Setting(
        "GROUNDPLAN_PATIENCE",
        "number",
        "10",
        "The longest that a request waits for a thread before it is asked to come back, s.",
        "a number from 1",
    ),
    Setting(
        "GROUNDPLAN_PG_BIN", "text", "", "Folder with other PostgreSQL programs for the embedded database.", "a folder"
    ),
    Setting(
        "GROUNDPLAN_PG_PORT",
        "port",
        "0",
        "Port of the embedded PostgreSQL on loopback; 0 finds a free one.",
        "0 to 65535",
    ),
    Setting(
        "GROUNDPLAN_HELP_PHONE",
        "text",
        "",
        "The telephone number of a human, offered on every page of the elders' mode.",
        "a number as it is dialled, such as 12345",
    ),
    Setting("GROUNDPLAN_PROFILE", "text", "cn", "The profile of the country or city.", "a folder of profiles/"),
    Setting(
        "GROUNDPLAN_PROXIES", "list", "127.0.0.1", "Proxies whose X-Forwarded-For is believed.", "addresses with commas"
    ),
    Setting(
        "GROUNDPLAN_PYTHON",
        "text",
        "",
        "The Python that ./groundplan builds its environment with.",
        "a program, 3.11 or newer",
    ),
    Setting(
        "GROUNDPLAN_QUEUE",
        "number",
        "512",
        "Requests that may wait for a thread in a web process while there is a rush.",
        "a number; 0 lets nobody wait",
    ),
    Setting(
        "GROUNDPLAN_RATE_ACTOR",
        "number",
        "6000",
        "Requests a minute that one session or token may send to a web process; a sixth of them at once.",
        "a number; 0 for no limit",
    ),
    Setting(
        "GROUNDPLAN_RATE_ADDRESS",
        "number",
        "12000",
        "The same for one address, except this machine's own.",
        "a number; 0 for no limit",
    ),
    Setting(
        "GROUNDPLAN_REQUIRE_BROWSER",
        "switch",
        "0",
        "Tests fail instead of skipping where Chromium is missing.",
        "0 or 1",
    ),
    Setting(
        "GROUNDPLAN_REQUIRE_DATA", "switch", "0", "Tests fail instead of skipping where real data is missing.", "0 or 1"
    ),
    Setting(
        "GROUNDPLAN_SECOND_FACTOR_FROM",
        "day",
        "",
        "First day of the second factor's being required; unset: at once in production, never elsewhere.",
        "2026-12-01 and the like, or never",
    ),
    Setting("GROUNDPLAN_SECOND_FACTOR_GRACE", "number", "14", "Days from a role to its second factor.", "a number"),
    Setting(
        "GROUNDPLAN_SECOND_FACTOR_ROLES",
        "list",
        "system_admin,security_admin,audit_admin,data_office",
        "Roles that take a second factor.",
        "names, with commas",
    ),
    Setting(
        "GROUNDPLAN_SECRET_KEY",
        "secret",
        "",
        "Signs sessions; made at the first start and kept in the state folder unless it is given.",
        "32 characters or more",
    ),
    Setting(
        "GROUNDPLAN_SECURITY_ADMIN", "account", "", "The security administrator, read at the first start only.", ACCOUNT
    ),
    Setting("GROUNDPLAN_SESSION_HOURS", "number", "12", "Hours after which one must sign in again.", "a number from 1"),
    Setting("GROUNDPLAN_STATE", "text", ".state", "The folder that keeps everything of an installation.", "a folder"),
    Setting(
        "GROUNDPLAN_SYSTEM_ADMIN", "account", "", "The system administrator, read at the first start only.", ACCOUNT
    ),
    Setting("GROUNDPLAN_TEST_DATABASE_URL", "database", "", "A server for the tests instead of a throw-away one.", URL),
    Setting(
        "GROUNDPLAN_TEST_TEMPLATE", "text", "", "The migrated template of a test run; set by the tests.", "a database"
    ),
    Setting(
        "GROUNDPLAN_TIME_ZONE",
        "zone",
        "",
        "The time zone of the city, by default that of its profile.",
        "a name such as Asia/Shanghai",
    ),
    Setting(
        "GROUNDPLAN_WEBHOOK_NETWORKS",
        "networks",
        "",
        "Ranges of the city's own network that webhooks may reach beside public addresses.",
        "10.1.0.0/16 and the like, with commas",
    ),
    Setting(
        "GROUNDPLAN_WITNESS_FOLDER",
        "text",
        "",
        "Folder of file witnesses, best on a disk that others keep; without it witnesses in the state folder.",
        "a folder",
    ),
    Setting("GROUNDPLAN_ZONE", "side", "", "Which of two zones this is; unset: there is one zone.", "outer or inner"),
    Setting(
        "GROUNDPLAN_ATTACHED_FOLDER",
        "text",
        "",
        "Drop folders of attached systems, one below it for each; unset: in the state.",
        "a folder",
    ),
    Setting("GROUNDPLAN_ZONE_FOLDER", "text", "", "Drop folder between the zones; unset: in the state.", "a folder"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def read(name: str, environment: Mapping[str, str] | None = None) -> Any:
    """The value of a setting.

    Raises:
        WrongSetting: it is not of the accepted form.

    Example:
        >>> read("GROUNDPLAN_PG_PORT", {"GROUNDPLAN_PG_PORT": "5433"})
        5433
    """
    setting = BY_NAME[name]
    text = (os.environ if environment is None else environment).get(name) or setting.default
    try:
        return FORMS[setting.form](text)
    except (ValueError, KeyError, zoneinfo.ZoneInfoNotFoundError):
        said = "" if setting.form in SECRET_FORMS else f" is {text!r}, which"
        raise WrongSetting(
            f"{name}{said} is not accepted.",
            accepted=setting.accepted,
            next_step=f"Correct it, or unset it: then {setting.default or 'nothing'} holds.",
        ) from None


def check(environment: Mapping[str, str] | None = None) -> None:
    """Read every setting and refuse unknown ones, so that a misspelling does not pass in silence.

    Raises:
        WrongSetting: naming the setting, what is accepted and the next step.
    """
    given = os.environ if environment is None else environment
    for name in sorted(given):
        if name.startswith("GROUNDPLAN_") and name not in BY_NAME:
            near = difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.5)
            raise WrongSetting(
                f"{name} is not a setting of Groundplan.",
                accepted=near[0] if near else "the names in docs/settings.md",
                next_step="Correct the name, or unset it.",
            )
    for setting in SETTINGS:
        read(setting.name, given)


def table() -> str:
    """The list as a table for docs/settings.md."""
    lines = ["| setting | meaning | accepted | default |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "–"
        lines.append(
            f"| `{setting.name}` | {setting.meaning} | {setting.accepted.replace('|', '&#124;')} | {default} |"
        )
    return "\n".join(lines)
