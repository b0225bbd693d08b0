"""`groundplan flows`: the flows of cases, as BPMN 2.0 files; tried in a simulation."""

from __future__ import annotations

from pathlib import Path

import click

from groundplan.cli.context import echo_json, fail, setup_django


@click.group()
def flows() -> None:
    """Flows of cases: list, export, simulate."""


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


@flows.command("simulate")
@click.argument("key")
@click.option("--version", "number", type=int, help="A version, also one not in force; the latest without it.")
@click.option("--arrivals", type=float, help="Cases a day; as recorded without it.")
@click.option("--days", type=click.IntRange(1, 3650), default=60, show_default=True)
@click.option("--staff", "staff", multiple=True, metavar="STAGE=N", help="How many cases a stage works on at once.")
@click.option("--hours", "hours", multiple=True, metavar="STAGE=H", help="Mean time of a stage's work.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate_flow(
    key: str, *, number: int | None, arrivals: float | None, days: int, staff: tuple[str, ...], hours: tuple[str, ...],
    seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Simulate the flow KEY on its recorded past: waiting and overdue share of each stage."""
    setup_django()
    from groundplan.kernel.cases.logic.simulation import simulate
    from groundplan.kernel.cases.models import FlowVersion
    from groundplan.kernel.cases.queries.flows import flow_of
    from groundplan.kernel.cases.queries.past import past_of, plan_of

    versions = FlowVersion.objects.filter(key=key, **({"number": number} if number else {})).order_by("-number")
    version = versions.first()
    if version is None:
        fail(f"there is no flow {key}{f' of version {number}' if number else ''}.")
    past = past_of(key)
    people = {name: max(1, int(value)) for name, value in _pairs(staff).items()}
    plan = plan_of(flow_of(version.pk), past, staff=people, hours=_pairs(hours))
    unknown = [name for name in (*people, *_pairs(hours)) if name not in plan.stations]
    if unknown:
        fail(f"no stage is called {unknown[0]}. Accepted: {', '.join(plan.stations)}.")
    a_day = past.per_day if arrivals is None else arrivals
    try:
        found = simulate(plan, arrivals_per_hour=a_day / 24, hours=days * 24.0, seed=seed)
    except ValueError as error:
        fail(str(error))
    told = {
        name: {"mean_wait_h": round(each.mean_wait, 3), "p90_wait_h": round(each.p90_wait, 3),
               "overdue_share": round(each.overdue_share, 4), "done": each.done, "left": each.left}
        for name, each in found.stations.items()
    }  # fmt: skip
    if as_json:
        echo_json(
            {"flow": key, "version": version.number, "opened": found.opened, "closed": found.closed, "stages": told}
        )
        return
    for name, row in told.items():
        click.echo(f"{name}\t" + "\t".join(f"{figure} {value}" for figure, value in row.items()))


def _pairs(given: tuple[str, ...]) -> dict[str, float]:
    """``STAGE=NUMBER`` texts, each above nought."""
    found = {}
    for text in given:
        name, _equal, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            fail(f"{text!r} is not STAGE=NUMBER.")
        if not 0 < found[name] <= 10_000:  # noqa: PLR2004 - a whole city's staff.
            fail(f"{text!r} is out of range. Accepted: above 0, at most 10000.")
    return found
