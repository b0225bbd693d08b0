"""`groundplan flows`: the flows of cases, as BPMN 2.0 files."""

from __future__ import annotations

from pathlib import Path

import click

from groundplan.cli.context import echo_json, fail, setup_django


@click.group()
def flows() -> None:
    """Flows of cases: list, export."""


@flows.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_flows(*, as_json: bool) -> None:
    """The flows that new cases use."""
    setup_django()
    from groundplan.kernel.cases import queries

    found = [
        {"key": each.key, "version": each.number, "label": each.label.get("zh-hans", "")}
        for each in queries.flows_in_force()
    ]
    if as_json:
        echo_json({"flows": found})
        return
    for row in found:
        click.echo(f"{row['key']}\tv{row['version']}\t{row['label']}")


@flows.command("export")
@click.argument("key")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output without it.")
@click.option("--language", type=click.Choice(["zh-hans", "en"]), default="zh-hans", help="Of the names.")
def export(key: str, *, out: Path | None, language: str) -> None:
    """Write the flow KEY as BPMN 2.0 with its drawing."""
    setup_django()
    from groundplan.kernel.cases.errors import FlowUnknown
    from groundplan.kernel.cases.logic.bpmn import to_bpmn
    from groundplan.kernel.cases.queries.flows import flow_of, version_in_force

    try:
        content = to_bpmn(flow_of(version_in_force(key).pk), language=language)
    except FlowUnknown as error:
        fail(f"there is no flow {key}. Accepted: {error.accepted or 'none'}.")
    if out is None:
        click.echo(content, nl=False)
    else:
        out.write_bytes(content)
