"""``groundplan demo``: the sample city, built and served with a simulated day, or checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from groundplan.cli import context


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 for any free one.")
@click.option("--speed", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Simulated s a second.")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of real data.")
@click.option("--fresh", is_flag=True, help="Throw the sample city in the state folder away first.")
@click.option("--check", is_flag=True, help="Run the whole day in a temporary state, verify it, serve nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --check: print the figures as one JSON object.")
def demo(port: int, speed: float, data: Path | None, *, fresh: bool, check: bool, as_json: bool) -> None:
    """Build the sample city 兰汀市 and serve it with a simulated day running.

    With --check: build it in a temporary state, run the whole day as fast as it goes, verify what it did. With --data:
    send the real messages of complaints_zh through the same intake; their text is never logged. With --check and
    --data: also build Boston of its real requests, with its own profile.
    """
    os.environ["GROUNDPLAN_MODE"] = "demo"
    os.environ["GROUNDPLAN_CITY"] = "兰汀市 | Lanting"
    os.environ.pop("GROUNDPLAN_CLOCK", None)
    if check:
        sys.exit(run_check(data, as_json=as_json))
    serve_city(port, speed, data, fresh=fresh)


def run_check(data: Path | None, *, as_json: bool) -> int:
    """Build, run, verify in a folder that is removed afterwards; the exit status."""
    folder = Path(tempfile.mkdtemp(prefix="groundplan-demo-"))
    os.environ["GROUNDPLAN_STATE"] = str(folder)
    os.environ.pop("DATABASE_URL", None)
    # The folder is thrown away: nothing in it needs to outlive a power failure.
    os.environ["PGOPTIONS"] = "-c synchronous_commit=off"
    try:
        context.setup_django()
        from groundplan.demo import checking

        found, faults = checking.run(folder, data, tell)
    finally:
        context.discard_state(folder)
    if data is not None:
        figures, more = run_second_city(data)
        found, faults = {**found, **figures}, [*faults, *more]
    if as_json:
        context.echo_json(found)
    else:
        for name, value in found.items():
            click.echo(f"{name:28} {value}")
    for fault in faults:
        click.echo(f"groundplan: does not hold: {fault}", err=True)
    return 1 if faults else 0


def run_second_city(data: Path) -> tuple[dict[str, int | bool | float], list[str]]:
    """Build Boston of its real requests in an installation of its own, with another profile and time zone.

    Returns:
        Its figures, and what does not hold.
    """
    command = [sys.executable, "-P", "-m", "groundplan.cli.developing.second_city", str(data)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        return {}, ["the second city is built"]
    told = json.loads(done.stdout)
    return told["figures"], told["faults"]


def serve_city(port: int, speed: float, data: Path | None, *, fresh: bool) -> None:
    """Build the city unless it stands, then serve it with the day running until Ctrl-C."""
    from groundplan.cli.supervisor import Child, serve

    state = context.state_folder()
    if fresh:
        remove_state(state)
    context.setup_django()
    from groundplan.demo import city, units
    from groundplan.demo.day import BEGINS
    from groundplan.lib import clock

    (state / "demo").touch()
    if not city.is_built():
        city.build(tell=tell, readings=city.MANY_READINGS)
    os.environ["GROUNDPLAN_CLOCK"] = f"{BEGINS.isoformat()}|{clock.now().isoformat()}|{speed}"
    arguments = [sys.executable, "-P", "-m", "groundplan.demo.processes.live", *([str(data)] if data else [])]

    def ready(address: str) -> None:
        click.echo(f"兰汀市（演示数据）· {address}", err=True)
        click.echo(f"密码 · password: {units.PASSWORD}", err=True)
        for entry in units.text()["sign_ins"]:
            click.echo(f"  {entry['username']:12} {entry['label']['zh-hans']} · {entry['label']['en']}", err=True)
        click.echo("Ctrl-C stops it.", err=True)

    serve(port=port, also=[Child("day", arguments)], on_ready=ready)


def remove_state(state: Path) -> None:
    """Remove a sample city; anything else in the folder is refused."""
    marker = state / "demo"
    if state.exists() and any(state.iterdir()) and not marker.exists():
        context.fail(f"{state} holds no sample city; remove it yourself if it is to go.")
    context.discard_state(state)
    state.mkdir(parents=True)


def tell(text: str) -> None:
    """Say on standard error what is being done."""
    click.echo(f"  {text}", err=True)
