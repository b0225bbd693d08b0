"""A Python for another architecture from Debian's archive: fetched by apt, whose signed index proves every package."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# The release that carries a series of Python, and its C library, which the target must have at least.
RELEASES = {"3.11": ("bookworm", "2.36")}
NAMES = {"aarch64": ("arm64", "aarch64-linux-gnu"), "x86_64": ("amd64", "x86_64-linux-gnu")}
# e_machine of the ELF header.
MACHINES = {"aarch64": 183, "x86_64": 62}
PACKAGES = ("python{0}-minimal", "libpython{0}-minimal", "libpython{0}-stdlib", "libexpat1", "zlib1g", "libssl3",
            "libbz2-1.0", "libffi8", "liblzma5", "libsqlite3-0", "libuuid1")  # fmt: skip
TRIES_S = 300


class NotToBeHad(Exception):
    """Debian's archive, or what reads it, is not there; says which."""


def fetch(machine: str, series: str, folder: Path) -> str:
    """Fetch and unpack the packages into ``root`` below a folder; the C library that they were built with.

    apt runs in folders of its own and touches nothing of this machine. It refuses an index that Debian has not signed,
    and a package whose SHA-256 is not the one of the index.

    Raises:
        NotToBeHad: no release has this series, apt or the key ring is missing, or the archive does not answer.
    """
    if series not in RELEASES:
        raise NotToBeHad(f"no release of Debian is known that carries Python {series}")
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing or not KEYRING.exists():
        raise NotToBeHad(f"{', '.join(missing) or KEYRING} is not here")
    release, libc = RELEASES[series]
    archive = archive_of_this_machine()
    architecture = NAMES[machine][0]
    for name in ("lists/partial", "cache/archives/partial", "fetched", "root"):
        (folder / name).mkdir(parents=True)
    source = f"deb [arch={architecture} signed-by={KEYRING}] {archive} {release} main\n"
    (folder / "sources.list").write_text(source, encoding="ascii")
    options = [f"-o{name}={value}" for name, value in {
        "Dir::State::lists": folder / "lists", "Dir::Cache": folder / "cache", "Dir::State::status": "/dev/null",
        "Dir::Etc::sourcelist": folder / "sources.list", "Dir::Etc::sourceparts": "-",
        "APT::Architecture": architecture, "APT::Architectures": architecture, "APT::Sandbox::User": "",
        "Acquire::AllowInsecureRepositories": "false", "Acquire::Retries": "2",
    }.items()]  # fmt: skip
    _run(["apt-get", "-qq", *options, "update"], folder)
    wanted = [name.format(series) for name in PACKAGES]
    _run(["apt-get", "-qq", *options, "download", *wanted], folder / "fetched")
    for package in sorted((folder / "fetched").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(folder / "root")], folder)
    return libc


def archive_of_this_machine() -> str:
    """Where this machine's own apt has Debian from, so that a mirror of the city is used where there is one.

    Raises:
        NotToBeHad: its sources name no archive of Debian.
    """
    asked = ["apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI)", "Identifier: Packages"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    found = next((each for each in done.stdout.split() if each.rstrip("/").endswith("/debian")), "")
    if not found:
        raise NotToBeHad("the sources of apt on this machine name no archive of Debian")
    return found.rstrip("/")


def assemble(machine: str, series: str, root: Path, target: Path, left_out: tuple[str, ...]) -> list[Path]:
    """Put program, standard library and shared libraries in the places of a relocatable Python.

    Returns:
        Everything in it that is ELF: the program first, then modules, then libraries.
    """
    library = target / "lib" / f"python{series}"
    ignored = shutil.ignore_patterns(*left_out, "sitecustomize.py")  # A link to /etc, which the target may not have.
    shutil.copytree(root / "usr/lib" / f"python{series}", library, ignore=ignored)
    (library / "site-packages").mkdir()
    program = target / "bin" / f"python{series}"
    program.parent.mkdir()
    shutil.copy(root / "usr/bin" / f"python{series}", program)
    (program.parent / "python3").symlink_to(program.name)
    carried = []
    for place in (root / "usr/lib" / NAMES[machine][1], root / "lib" / NAMES[machine][1]):
        for source in sorted(place.glob("*.so.*")):
            if re.search(r"\.so\.[\d.]+$", source.name) and not (target / "lib" / source.name).exists():
                shutil.copy(source.resolve(), target / "lib" / source.name)
                carried.append(target / "lib" / source.name)
    return [program, *sorted((library / "lib-dynload").glob("*.so")), *carried]


def require_whole(
    machine: str, programs: list[Path], needed: dict[Path, list[str]], of_the_system: re.Pattern[str]
) -> None:
    """Refuse a Python that could not run on the architecture.

    Args:
        machine: the architecture.
        programs: every ELF file of it.
        needed: the shared libraries that each asks for.
        of_the_system: those that the target has.

    Raises:
        NotToBeHad: names files for another machine, and libraries that are neither inside nor the system's.
    """
    inside = {each.name for each in programs}
    found = [f"{each.name} is for another machine" for each in programs if elf_machine(each) != MACHINES[machine]]
    for each in programs:
        lost = [name for name in needed[each] if name not in inside and not of_the_system.fullmatch(name)]
        found += [f"{each.name} needs {name}, which is not carried along" for name in lost]
    if found:
        raise NotToBeHad("; ".join(found[:5]))


def elf_machine(program: Path) -> int:
    """The machine of the ELF header; -1 when it is no ELF of 64 bits, little end first."""
    with program.open("rb") as stream:
        head = stream.read(20)
    return int.from_bytes(head[18:20], "little") if head[:6] == b"\x7fELF\x02\x01" else -1


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=TRIES_S)
    except subprocess.TimeoutExpired:
        raise NotToBeHad("the archive of Debian does not answer") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise NotToBeHad(said[-1] if said else f"{command[0]} ends with {done.returncode}")
