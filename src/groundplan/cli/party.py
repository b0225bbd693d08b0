"""`groundplan party`: organisations, people and their roles, by spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from groundplan.cli import context


@click.group()
def party() -> None:
    """Organisations, people and their roles."""


@party.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path("parties.xlsx"))
def template(file: Path) -> None:
    """Write an XLSX template with the sheets 机构, 人员, 关系 to FILE (default parties.xlsx)."""
    from groundplan.kernel.parties.logic import sheets

    file.write_bytes(sheets.template())
    click.echo(f"wrote {file}", err=True)


@party.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@context.as_option
def import_file(file: Path, as_name: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Take in units, people and relations from FILE (XLSX, CSV; UTF-8 or GBK): all of it or nothing."""
    context.setup_django()
    from groundplan.kernel.parties import actions

    done = actions.import_parties(
        actor=context.actor_named(as_name), content=file.read_bytes(), filename=file.name, dry_run=dry_run
    )
    result: dict[str, Any] = {
        "created": done.created,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "roles": done.roles,
        "taken": done.taken,
        "errors": [{"cell": fault.cell, "reason": fault.reason} for fault in done.errors],
    }
    if as_json:
        context.echo_json(result)
    else:
        for fault in done.errors:
            click.echo(f"{fault.cell}: {fault.reason['zh-hans']} / {fault.reason['en']}", err=True)
        click.echo(f"created {done.created}, updated {done.updated}, unchanged {done.unchanged}, roles {done.roles}")
    if done.errors:
        context.fail(f"{len(done.errors)} cells cannot be taken; nothing was changed.")


@party.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--template", "as_template", is_flag=True, help="Write an XLSX template with examples to FILE instead.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@context.as_option
def calendars(file: Path, as_name: str | None, *, as_template: bool, dry_run: bool, as_json: bool) -> None:
    """Take in units' own work calendars from FILE (XLSX, CSV): all of it or nothing."""
    from groundplan.kernel.parties.logic import worktimes
    from groundplan.lib.tabular import write_xlsx

    if as_template:
        file.write_bytes(write_xlsx(worktimes.HEADERS, worktimes.EXAMPLES, sheet="工作日历", notes=worktimes.NOTES))
        click.echo(f"wrote {file}", err=True)
        return
    context.setup_django()
    from groundplan.kernel.parties import actions

    done = actions.import_calendars(
        actor=context.actor_named(as_name), content=file.read_bytes(), filename=file.name, dry_run=dry_run
    )
    if as_json:
        errors = [{"cell": fault.cell, "reason": fault.reason} for fault in done.errors]
        context.echo_json({"units": done.units, "unchanged": done.unchanged, "taken": done.taken, "errors": errors})
    else:
        for fault in done.errors:
            click.echo(f"{fault.cell}: {fault.reason['zh-hans']} / {fault.reason['en']}", err=True)
        click.echo(f"units {done.units}, unchanged {done.unchanged}")
    if done.errors:
        context.fail(f"{len(done.errors)} cells cannot be taken; nothing was changed.")


@party.command("list")
@click.option("--kind", help="Only this kind, such as department.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_parties(kind: str | None, *, as_json: bool) -> None:
    """The parties in force today, by name."""
    context.setup_django()
    from groundplan.kernel.parties import queries

    found = queries.directory(kind=kind or "", private=True)
    rows = [
        {"code": row.code, "kind": row.kind, "name": row.name, "id": str(row.public_id)}
        for row in found.iterator(chunk_size=1000)
    ]
    if as_json:
        context.echo_json({"parties": rows})
        return
    for row in rows:
        click.echo(
            f"{row['code']}\t{row['kind']}\t{row['name'].get('zh-hans') or next(iter(row['name'].values()), '')}"
        )


@party.command("rotate-key")
def rotate_key() -> None:
    """Let a new key encrypt personal numbers from now on, and bring the stored ones under it."""
    context.setup_django()
    from groundplan.kernel.parties import actions, queries
    from groundplan.lib import crypto

    new = crypto.rotate_key()
    total = 0
    while done := actions.reencrypt_identifiers(actor=queries.SYSTEM):
        total += done
    click.echo(f"key {new} is current; {total} numbers re-encrypted")
