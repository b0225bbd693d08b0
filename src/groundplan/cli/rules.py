"""`groundplan rules`: decision tables from and to files, decisions from a file of facts, replay."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def rules() -> None:
    """Decision tables: list, import, decide, replay."""


@rules.command("list")
@json_option
def list_rules(*, as_json: bool) -> None:
    """All rules with the version in force today."""
    setup_django()
    from groundplan.kernel.rules import queries

    found = [
        {
            "key": item.rule.key,
            "label": item.rule.label.get("zh-hans", ""),
            "version": item.in_force.version if item.in_force else None,
            "effective_from": str(item.in_force.effective_from) if item.in_force else None,
            "waiting": item.waiting,
        }
        for item in queries.summaries()
    ]
    if as_json:
        echo_json({"rules": found})
        return
    for row in found:
        since = f"v{row['version']} {row['effective_from']}" if row["version"] else "-"
        click.echo(f"{row['key']}\t{since}\t{row['label']}")


@rules.command("load")
@json_option
def load(*, as_json: bool) -> None:
    """Import the profile's tables: new rules come into force, new texts of known rules become drafts."""
    setup_django()
    from groundplan.kernel.rules import actions

    done = actions.load_profile_rules()
    if as_json:
        echo_json({"in_force": done.in_force, "drafts": done.drafts, "known": done.known})
        return
    click.echo(f"in force: {len(done.in_force)}, drafts: {len(done.drafts)}, known: {len(done.known)}")


@rules.command("import")
@file_argument
@as_option
@json_option
def import_file(*, file: Path, as_name: str | None, as_json: bool) -> None:
    """Import FILE (YAML, XLSX, CSV, TSV, DMN) as a draft; problems name their cells."""
    setup_django()
    from groundplan.kernel.rules import actions, queries
    from groundplan.kernel.rules.errors import TableRefused

    try:
        made = actions.import_table(actor=actor_named(as_name), content=file.read_bytes(), filename=file.name)
    except TableRefused as refused:
        for item in refused.problems:
            click.echo(f"{item['cell']}: {item['reason']}", err=True)
        fail(f"{file.name}: {len(refused.problems)} problem(s), nothing was imported.")
    gaps = queries.gap_texts(made)
    if as_json:
        echo_json({"key": made.rule.key, "version": made.version, "id": str(made.public_id), "gaps": gaps})
        return
    click.echo(f"{made.rule.key} v{made.version}: draft {made.public_id}")
    for text in gaps:
        click.echo(text, err=True)


@rules.command("approve")
@click.argument("version", type=click.UUID)
@as_option
def approve(*, version: Any, as_name: str | None) -> None:
    """Approve the draft VERSION (its id); not by whoever drafted it."""
    setup_django()
    from groundplan.kernel.rules import actions

    made = actions.approve(actor=actor_named(as_name), version=version)
    click.echo(f"{made.rule.key} v{made.version}: approved")


@rules.command("put-in-force")
@click.argument("version", type=click.UUID)
@click.option("--from", "effective_from", type=click.DateTime(["%Y-%m-%d"]), help="First day; today by default.")
@as_option
def put_in_force(*, version: Any, effective_from: Any, as_name: str | None) -> None:
    """Put the approved VERSION (its id) in force."""
    setup_django()
    from groundplan.kernel.rules import actions

    day = effective_from.date() if effective_from else None
    made = actions.put_in_force(actor=actor_named(as_name), version=version, effective_from=day)
    click.echo(f"{made.rule.key} v{made.version}: in force from {made.effective_from}")


@rules.command("decide")
@click.argument("key")
@file_argument
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day whose law applies; today by default.")
@json_option
def decide(*, key: str, file: Path, on: Any, as_json: bool) -> None:
    """What rule KEY says about the facts in FILE (one JSON object). Nothing is recorded."""
    facts = read_facts(file)
    setup_django()
    from groundplan.kernel.rules import queries
    from groundplan.kernel.rules.logic.values import to_json

    _, number, compiled = queries.version_in_force(key, on.date() if on else None)
    found = compiled.evaluate(facts)
    answer = {
        "outputs": {name: to_json(value) for name, value in found.outputs.items()},
        "rows": list(found.rows),
        "version": number,
        "because": [dict(item) for item in queries.because(compiled.table, found.rows)],
    }
    if as_json:
        echo_json(answer)
        return
    for name, value in found.outputs.items():
        click.echo(f"{name}\t{to_json(value)}")
    click.echo(f"# {key} v{number}, {', '.join(found.rows)}")


def read_facts(file: Path) -> dict[str, Any]:
    """The facts of a JSON file: numbers exact, NaN refused."""

    def refuse(name: str) -> Any:
        fail(f"{file.name}: {name} is not a number that a rule can use. Accepted: JSON without NaN and Infinity.")

    def whole(text: str) -> int | Decimal:
        return int(text) if len(text) <= 100 else Decimal(text)  # noqa: PLR2004 - longer ones are refused by the rule.

    try:
        facts = json.loads(
            file.read_text(encoding="utf-8-sig"), parse_float=Decimal, parse_int=whole, parse_constant=refuse
        )
    except ValueError as error:
        fail(f"{file.name}: {error}. Accepted: one JSON object in UTF-8.")
    if not isinstance(facts, dict):
        fail(f"{file.name} holds {type(facts).__name__}. Accepted: one JSON object of facts.")
    return facts


@rules.command("template")
@click.argument("key")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; KEY.xlsx by default.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The version of this day; today by default.")
def template(*, key: str, out: Path | None, on: Any) -> None:
    """Write rule KEY as a file to edit: .xlsx, .csv, .yaml or .dmn by the name given to --out."""
    setup_django()
    from groundplan.kernel.rules import queries
    from groundplan.kernel.rules.logic.files.formats import WRITERS

    target = out or Path(f"{key}.xlsx")
    writer = WRITERS.get(target.suffix.lower().lstrip("."))
    if writer is None:
        fail(f"{target.suffix!r} is no kind of file for tables. Accepted: {', '.join(WRITERS)}.")
    compiled = queries.table(key, on.date() if on else None)
    target.write_bytes(writer.write(compiled.table))
    click.echo(str(target))


@rules.command("replay")
@click.argument("key")
@click.argument("candidate", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", help="Count groups by the values of this input.")
@click.option("--better", multiple=True, metavar="OUTPUT=lower|higher", help="Says who would be worse off.")
@json_option
def replay(*, key: str, candidate: Path, by: str | None, better: tuple[str, ...], as_json: bool) -> None:
    """Run the table in the file CANDIDATE over every recorded decision of rule KEY. Nothing is imported."""
    setup_django()
    from groundplan.kernel.rules import queries
    from groundplan.kernel.rules.logic.files.source import read_table_file

    directions = {name: way for name, _, way in (item.partition("=") for item in better)}
    table = read_table_file(candidate.read_bytes(), candidate.name)
    found = queries.replay(key, table, by=by, better=directions)
    if as_json:
        echo_json(replay_json(found))
        return
    click.echo(f"compared: {found.compared}, changed: {found.changed}, erased: {found.erased}")
    if better:
        click.echo(f"worse: {found.worse}, better: {found.better}")
    for item in found.outcomes:
        if item.before != item.after:
            before, after = (json.dumps(answer, ensure_ascii=False) for answer in (item.before, item.after))
            click.echo(f"{item.count}\t{before} -> {after}")


def replay_json(found: Any) -> dict[str, Any]:
    """A replay as one JSON object."""
    return {
        "compared": found.compared,
        "changed": found.changed,
        "worse": found.worse,
        "better": found.better,
        "erased": found.erased,
        "bulk": found.bulk,
        "outcomes": [{"from": o.before, "to": o.after, "count": o.count, "verdict": o.verdict} for o in found.outcomes],
        "units": [vars(share) for share in found.units],
        "by": found.by,
        "groups": [vars(share) for share in found.groups],
        "examples": [
            {"decision": str(e.decision), "subject": e.subject, "from": e.before, "to": e.after, "verdict": e.verdict}
            for e in found.examples[:20]
        ],
    }
