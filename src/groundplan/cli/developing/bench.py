"""``groundplan bench``: ours beside a peer or a limit, in one run. Each benchmark is a module in benchmarks/."""

from __future__ import annotations

import importlib.util
import math
import sys
from importlib.metadata import PackageNotFoundError, distribution
from inspect import signature
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
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    for peer in getattr(module, "PEERS", ()):
        try:
            distribution(peer)
        except PackageNotFoundError:
            fail(f"the benchmark {name} needs the package {peer}; install it with: uv sync --group bench")
    return module


def checked(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """The figures, if they are complete."""
    missing = [key for key in KEYS if key not in found]
    if missing:
        fail(f"the benchmark {name} does not say {', '.join(missing)}.")
    if not math.isfinite(found["ratio"]):
        fail(f"the benchmark {name} has no finite ratio: {found['ratio']}.")
    return {"name": name, **found}


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="The names of all benchmarks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--quick", is_flag=True, help="Within a minute, with rougher figures.")
@click.option("--minutes", type=click.FloatRange(0.5, 600), help="How long; for benchmarks that go on for a time.")
def bench(name: str | None, *, listing: bool, as_json: bool, quick: bool, minutes: float | None) -> None:
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
    run = loaded(name, known[name]).run
    if minutes is not None and "minutes" not in signature(run).parameters:
        message = f"the benchmark {name} has its own length; leave --minutes out."
        raise click.UsageError(message)
    found = checked(name, run(quick=quick, **({} if minutes is None else {"minutes": minutes})))
    show(found, as_json=as_json)
    if found["equal"] is not True:
        fail(f"the benchmark {name} compared answers that differ.")


def show(found: dict[str, Any], *, as_json: bool) -> None:
    """Print the figures."""
    if as_json:
        echo_json(found)
        return
    click.echo(f"{found['what']}: {found['ours']} {found['unit']}; {found['peer']}: {found['other']} {found['unit']}")
    click.echo(f"ratio {found['ratio']}, {found['runs']} interleaved runs, {found['settings']}")
    for key, value in found.items():
        if key not in {"name", *KEYS}:
            click.echo(f"{key:28} {value}")
