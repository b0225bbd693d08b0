"""``groundplan test``: pytest with its closing line as the last thing to be seen."""

from __future__ import annotations

import subprocess
import sys

import click

from groundplan.cli.context import checkout


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": ["--help"]}
)
@click.option("--all", "everything", is_flag=True, help="Everything: slow tests, the browser matrix, peers.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(*, everything: bool, arguments: tuple[str, ...]) -> None:
    """Run the tests; further ARGUMENTS go to pytest."""
    command = [sys.executable, "-m", "pytest"]
    if not {"-n", "--numprocesses", "-p"} & set(arguments):
        command += ["-n", "2", "--dist", "loadgroup"]
    if "-m" not in arguments:
        # A whole bundle takes minutes and the package index: `groundplan test -m bundle`.
        command += ["-m", "not bundle" if everything else "not slow"]
    sys.exit(subprocess.run([*command, *arguments], cwd=checkout(), check=False).returncode)
