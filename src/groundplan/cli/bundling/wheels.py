"""The wheels of the locked environment for each architecture, and the list of everything in the bundle (CycloneDX)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from groundplan.cli.bundling.pythons import SERIES

ARCHITECTURES = ("x86_64", "aarch64")
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_24", "manylinux_2_17", "manylinux2014")


class CannotFetch(Exception):
    """Wheels that the lock names could not be had."""


def requirements(uv: str, root: Path) -> str:
    """The locked packages with their hashes, as pip reads them."""
    return run(uv, "export", "--project", root, "--frozen", "--no-dev", "--no-emit-project", "--quiet", "--no-header")


def add_wheels(uv: str, wanted: Path, machine: str, folder: Path) -> int:
    """Fetch the locked wheels for one architecture into ``any`` and a folder of its name, each with the locked hash.

    Raises:
        CannotFetch: one of them does not exist for this architecture, or the index does not answer.
    """
    fetched = folder / f"{machine}-fetching"
    platforms = [f"--platform={name}_{machine}" for name in PLATFORMS]
    run(uv, "tool", "run", "--quiet", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--require-hashes", "--only-binary=:all:", "--implementation=cp", f"--python-version={SERIES}", *platforms,
        f"--requirement={wanted}", f"--dest={fetched}")  # fmt: skip
    found = sorted(fetched.glob("*.whl"))
    for wheel in found:
        place = folder / ("any" if wheel.stem.endswith("-any") else machine)
        place.mkdir(exist_ok=True)
        wheel.replace(place / wheel.name)
    fetched.rmdir()
    return len(found)


def add_ours(uv: str, root: Path, folder: Path) -> None:
    """Build our own wheel, with the browser's assets and the compiled texts, and take along the installer of wheels."""
    (folder / "any").mkdir(exist_ok=True)
    run(uv, "build", "--quiet", "--wheel", f"--out-dir={folder / 'any'}", root)
    (folder / "any" / ".gitignore").unlink(missing_ok=True)
    run(uv, "tool", "run", "--quiet", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", f"--dest={folder}", "pip")  # fmt: skip


def run(program: str, *arguments: object) -> str:
    """Run a program and return what it says.

    Raises:
        CannotFetch: it failed, with its last line.
    """
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"status {done.returncode}"]
        named = [line for line in lines if line.startswith("ERROR")] or lines
        raise CannotFetch(named[-1].strip())
    return done.stdout


def bill_of_materials(uv: str, root: Path, version: str, pythons: dict[str, str], moment: str) -> dict[str, Any]:
    """Everything that the bundle is made of: CycloneDX 1.5, from both locks."""
    found: dict[str, Any] = json.loads(
        run(
            uv,
            "export",
            "--project",
            root,
            "--frozen",
            "--no-dev",
            "--no-emit-project",
            "--quiet",
            "--format",
            "cyclonedx1.5",
        )
    )
    about = found["metadata"]
    about["timestamp"] = moment
    about["component"] = {"type": "application", "bom-ref": "groundplan", "name": "groundplan", "version": version,
                          "purl": f"pkg:pypi/groundplan@{version}",
                          "licenses": [{"license": {"id": "Apache-2.0"}}]}  # fmt: skip
    for machine, source in pythons.items():
        found["components"].append(
            {
                "type": "platform",
                "bom-ref": f"python-{machine}",
                "name": "CPython",
                "version": SERIES,
                "description": source,
            }
        )
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    for path, each in sorted(lock["packages"].items()):
        name = re.sub(r"^.*node_modules/", "", path)
        if path and not each.get("dev"):
            purl = f"pkg:npm/{name.replace('@', '%40')}@{each['version']}"
            found["components"].append(
                {"type": "library", "bom-ref": purl, "name": name, "version": each["version"], "purl": purl}
            )
    refs = {component["bom-ref"] for component in found["components"]} | {"groundplan"}
    found["dependencies"] = [each for each in found.get("dependencies", []) if each["ref"] in refs]
    return found
