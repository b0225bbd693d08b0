"""``groundplan up``: the real thing."""

from __future__ import annotations

import os
import sys

import click

from groundplan.cli.context import fail, setup_django
from groundplan.lib import environment

ADMINISTRATORS = {
    "system_admin": ("GROUNDPLAN_SYSTEM_ADMIN", "system administrator (accounts, units, settings)"),
    "security_admin": ("GROUNDPLAN_SECURITY_ADMIN", "security administrator (roles and their terms)"),
    "audit_admin": ("GROUNDPLAN_AUDIT_ADMIN", "audit administrator (the log)"),
}
FIRST_UNIT = "administration"


def appoint_administrators() -> None:
    """At the first start, appoint the three administrators: three different people (三员分立)."""
    from groundplan.kernel.parties import actions, queries
    from groundplan.kernel.parties.models import Membership

    if Membership.objects.filter(role__in=ADMINISTRATORS).exists():
        return
    accounts = {role: account_for(role) for role in ADMINISTRATORS}
    if len({name for name, _ in accounts.values()}) < len(accounts):
        fail("the three administrators must be three different people; name a different user for each.")
    from django.db import transaction

    with transaction.atomic():
        unit = actions.create_party(
            actor=queries.SYSTEM,
            kind="department",
            code=FIRST_UNIT,
            name={"zh-hans": "系统运行管理单位", "en": "Administration of this installation"},
        )
        for role, (name, password) in accounts.items():
            user = actions.add_user(
                actor=queries.SYSTEM, username=name, display_name=name, password=password, must_change_password=False
            )
            actions.grant_membership(actor=queries.SYSTEM, user=user, party=unit, role=role)


def account_for(role: str) -> tuple[str, str]:
    """Name and password of an administrator: from the environment, else asked for."""
    setting, label = ADMINISTRATORS[role]
    given = environment.read(setting)
    if given:
        name, _, password = given.partition(":")
        return name.strip(), password
    if not sys.stdin.isatty():
        settings = ", ".join(setting for setting, _ in ADMINISTRATORS.values())
        fail(f"the first start needs three administrators: set {settings} to name:password, or start on a terminal.")
    name = click.prompt(f"Name of the {label}", err=True).strip()
    return name, click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)


def load_shipped() -> None:
    """Bring in what the profile ships and the database has never had; say what waits for the city's own people."""
    from groundplan.profiles.loading import load_profile

    for key in load_profile().drafts:
        click.echo(f"groundplan: a new text of {key} came with this version; it waits as a draft", err=True)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 for any free one.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Web processes.")
def up(host: str, port: int, workers: int) -> None:
    """Run the real thing: database, migrations, web, worker.

    The first start asks for the three administrators, or takes them from GROUNDPLAN_SYSTEM_ADMIN,
    GROUNDPLAN_SECURITY_ADMIN and GROUNDPLAN_AUDIT_ADMIN.
    """
    from groundplan.cli.supervisor import serve

    setup_django()
    load_shipped()
    appoint_administrators()
    os.environ.pop("GROUNDPLAN_CLOCK", None)
    for setting, _ in ADMINISTRATORS.values():
        os.environ.pop(setting, None)  # Children need no passwords of people.
    serve(
        host=host,
        port=port,
        workers=workers,
        on_ready=lambda address: click.echo(f"Groundplan is at {address} (Ctrl-C stops it)", err=True),
    )
