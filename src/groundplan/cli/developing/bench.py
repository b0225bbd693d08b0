"""``groundplan bench``: ours beside a peer or a limit, in one run. Each benchmark is a module in benchmarks/."""

from __future__ import annotations

import importlib.util
import math
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from groundplan.cli.context import checkout, echo_json, fail

KEYS = ("ratio", "ours", "other", "unit", "what", "peer", "settings", "runs", "equal")


def benchmarks() -> dict[str, Path]:
    """All benchmarks: ``benchmarks/web_pages.py`` is ``web.pages``."""
    folder = checkout() / "benchmarks"
    return {path.stem.replace("_", ".", 1): path for path in sorted(folder.glob("[a-z]*.py"))}


def loaded(name: str, path: Path) -> ModuleType:
    """The module of a benchmark, with its peers checked.

    A module names the distributions of its peers in ``PEERS``; they are installed by the dependency group ``bench``.
    """
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    if spec is None or spec.loader is None:
        fail(f"{path} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    # What several benchmarks share stands beside them.
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    for peer in getattr(module, "PEERS", ()):
        try:
            distribution(peer)
        except PackageNotFoundError:
            fail(f"the benchmark {name} needs the package {peer}; install it with: uv sync --group bench")
    return module


def checked(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """The figures, if they are complete and the two sides gave equal answers."""
    missing = [key for key in KEYS if key not in found]
    if missing:
        fail(f"the benchmark {name} does not say {', '.join(missing)}.")
    if not math.isfinite(found["ratio"]):
        fail(f"the benchmark {name} has no finite ratio: {found['ratio']}.")
    if found["equal"] is not True:
        fail(f"the benchmark {name} compared answers that differ.")
    return {"name": name, **found}


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="The names of all benchmarks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--quick", is_flag=True, help="Within a minute, with rougher figures.")
def bench(name: str | None, *, listing: bool, as_json: bool, quick: bool) -> None:
    """Measure benchmark NAME: ours beside a peer or a limit.

    `ratio` > 1 means that we win against a peer; 1 is a physical limit.
    """
    known = benchmarks()
    if listing:
        for each in known:
            click.echo(each)
        return
    if name not in known:
        message = (
            f"there is no benchmark {name}. Accepted: {', '.join(known)}." if name else "name a benchmark, or --list."
        )
        raise click.UsageError(message)
    found = checked(name, loaded(name, known[name]).run(quick=quick))
    if as_json:
        echo_json(found)
        return
    click.echo(f"{found['what']}: {found['ours']} {found['unit']}; {found['peer']}: {found['other']} {found['unit']}")
    click.echo(f"ratio {found['ratio']}, {found['runs']} interleaved runs, {found['settings']}")
