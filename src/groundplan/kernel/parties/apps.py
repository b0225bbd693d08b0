"""Registers the parties app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest

from groundplan.lib.errors import NotAllowed
from groundplan.portal.desk import Figure
from groundplan.portal.worklists import Table


class PartiesConfig(AppConfig):
    """机构与用户."""

    name = "groundplan.kernel.parties"
    label = "parties"

    def ready(self) -> None:
        """Connect sign-in, and tell the portal who reads."""
        from groundplan.kernel.parties.access import signin  # noqa: PLC0415 - models load after this module.
        from groundplan.kernel.parties.logic.roles import ROLES  # noqa: PLC0415
        from groundplan.portal import desk  # noqa: PLC0415
        from groundplan.portal.help.registry import registry as help_registry  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415
        from groundplan.portal.worklists import Listing  # noqa: PLC0415
        from groundplan.portal.worklists import registry as worklists  # noqa: PLC0415

        signin.connect()
        help_registry.roles.update(ROLES)
        help_registry.held = lambda request: frozenset(access_actor(request).roles)
        desk.registry.figure("accounts_active", {"zh-hans": "启用账号", "en": "Active accounts"}, accounts_active)
        desk.registry.figure(
            "roles_ending", {"zh-hans": "30 天内到期的角色", "en": "Roles ending within 30 days"}, roles_ending
        )
        worklists.add(
            Listing("accounts", {"zh-hans": "用户与角色", "en": "Users and roles"}, ("q",), table=accounts_table)
        )
        registry.reader_name = reader_name
        registry.add(
            Entry("organisation", {"zh-hans": "组织机构", "en": "Organisation"}, section="organisation", order=10),
            Entry(
                "calendars",
                {"zh-hans": "单位工作日历", "en": "Calendars of units"},
                section="organisation",
                order=15,
                visible=lambda request: bool(access_actor(request).scopes),
            ),
            Entry(
                "accounts",
                {"zh-hans": "用户与角色", "en": "Users and roles"},
                section="organisation",
                order=20,
                visible=is_administrator,
            ),
            Entry(
                "deputies",
                {"zh-hans": "代理与委托", "en": "Deputies"},
                section="account",
                order=20,
                visible=lambda request: bool(access_actor(request).scopes),
            ),
            Entry(
                "my-account",
                {"zh-hans": "我的账号", "en": "My account"},
                section="account",
                order=10,
                visible=lambda request: bool(reader_name(request)),
            ),
        )


def access_actor(request: HttpRequest) -> Any:
    """Who the reader is."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.

    return access.actor_of(request)


def is_administrator(request: HttpRequest) -> bool:
    """Whether the reader is one of the three administrators."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.
    from groundplan.kernel.parties.logic.roles import ADMINISTRATORS  # noqa: PLC0415

    return access.actor_of(request).has_role(*ADMINISTRATORS)


def accounts_table(request: HttpRequest, query: Mapping[str, str]) -> Table:
    """All accounts by a filter, for administrators."""
    from django.utils.translation import gettext as _  # noqa: PLC0415

    from groundplan.kernel.parties import queries  # noqa: PLC0415 - models load after this module.

    if not is_administrator(request):
        raise NotAllowed
    found = queries.users(query.get("q", "")).iterator(chunk_size=500)
    used, closed = _("在用"), _("已停用")
    rows = ([user.username, user.display_name, used if user.is_active else closed] for user in found)
    return [_("用户名"), _("姓名"), _("状态")], rows


def reader_name(request: HttpRequest) -> str:
    """The name shown in the layout; empty for somebody who is not signed in."""
    user = getattr(request, "user", None)
    return str(user) if user is not None and user.is_authenticated else ""


def accounts_active(request: HttpRequest) -> Figure:  # noqa: ARG001 - the signature of a figure.
    """Accounts that may sign in."""
    from django.urls import reverse  # noqa: PLC0415

    from groundplan.kernel.parties import queries  # noqa: PLC0415 - models load after this module.

    return Figure(queries.users().filter(is_active=True).count(), "", reverse("accounts"))


def roles_ending(request: HttpRequest) -> Figure:  # noqa: ARG001 - the signature of a figure.
    """Roles that end within thirty days."""
    from groundplan.kernel.parties import queries  # noqa: PLC0415 - models load after this module.

    count = queries.ending_soon()
    return Figure(count, "warn" if count else "")
