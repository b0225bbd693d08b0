"""``groundplan bundle``."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from groundplan import __version__
from groundplan.cli import context
from groundplan.cli.bundling import pythons, wheels

FILES = Path(__file__).with_name("files")
VERIFIERS = ("verify_bundle.py", "verify_proof.py")
# The three files that stand outside the list of hashes.
SIGNED_BY = ("SHA256SUMS", "SHA256SUMS.sig", "signer.pem")
PREFIX = bytes.fromhex("302a300506032b6570032100")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", "key_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Ed25519 private key (PEM) that signs; by default keys/bundle.pem of the state folder.")  # fmt: skip
@click.option("--python", "given", multiple=True, metavar="ARCH=FILE",
              help="An archive of python-build-standalone (install_only) for x86_64 or aarch64.")  # fmt: skip
@click.option(
    "--arch", "chosen", multiple=True, type=click.Choice(wheels.ARCHITECTURES), help="Only these; by default all."
)
@click.option("--json", "as_json", is_flag=True, help="Print what is in it as one JSON object.")
def bundle(
    file: Path, key_file: Path | None, given: tuple[str, ...], chosen: tuple[str, ...], *, as_json: bool
) -> None:
    """Write one signed archive that installs on a machine without internet: Python, wheels, assets.

    Made in a checkout on a machine that reaches the package index.
    """
    begun, root, file = time.monotonic(), context.checkout(), file.absolute()
    if not file.parent.is_dir():
        context.fail(f"{file.parent} is no folder.")
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".bundle-") as name:
        folder = Path(name) / f"groundplan-{__version__}"
        try:
            told = fill(folder, root, archives(given), chosen or wheels.ARCHITECTURES)
        except (wheels.CannotFetch, OSError, ValueError) as error:
            context.fail(f"the bundle could not be made: {error}. Nothing was written.")
        fingerprint = sign(folder, private_key(key_file))
        write(folder, file)
    told |= {"file": str(file), "bytes": file.stat().st_size, "signer": fingerprint,
             "seconds": round(time.monotonic() - begun, 1)}  # fmt: skip
    for machine, missing in told["missing"].items():
        click.echo(f"groundplan: {machine}: {missing}", err=True)
    if as_json:
        context.echo_json(told)
    click.echo(
        f"wrote {file}: {told['bytes']} bytes, version {told['version']}\nsigned with the key {fingerprint}", err=True
    )


def archives(given: tuple[str, ...]) -> dict[str, Path]:
    """The archives of Python that were named, by architecture."""
    found = {}
    for each in given:
        machine, _, path = each.partition("=")
        if machine not in wheels.ARCHITECTURES or not Path(path).is_file():
            raise click.UsageError(
                f"--python {each}: wanted is ARCH=FILE, ARCH one of {', '.join(wheels.ARCHITECTURES)}."
            )
        found[machine] = Path(path).absolute()
    return found


def fill(folder: Path, root: Path, given: dict[str, Path], machines: tuple[str, ...]) -> dict[str, Any]:
    """Everything that is signed: wheels, Pythons, installer, verifier, list of parts."""
    from groundplan.lib import clock

    uv = program_uv(root)
    moment = clock.now().isoformat(timespec="seconds")
    for part in ("wheels", "python"):
        (folder / part).mkdir(parents=True)
    wanted = folder / "requirements.txt"
    wanted.write_text(wheels.requirements(uv, root), encoding="utf-8")
    told: dict[str, Any] = {"architectures": {}, "missing": {}}
    sources: dict[str, str] = {}
    tell("our own wheel, with the assets of the browser")
    wheels.add_ours(uv, root, folder / "wheels")
    for machine in machines:
        tell(f"wheels and Python for {machine}")
        try:
            count = wheels.add_wheels(uv, wanted, machine, folder / "wheels")
        except wheels.CannotFetch as reason:
            shutil.rmtree(folder / "wheels" / f"{machine}-fetching", ignore_errors=True)
            told["missing"][machine] = (
                f"its wheels cannot be had ({reason}); the bundle does not serve this architecture"
            )
            continue
        python = pythons.add_python(uv, machine, given.get(machine), folder / "python")
        told["architectures"][machine] = {"wheels": count, "python": python.source if python else ""}
        if python is None:
            told["missing"][machine] = (
                f"no Python could be had; there the system must have python{pythons.SERIES}. "
                f"To take one along: --python {machine}=FILE (python-build-standalone, install_only)"
            )
        else:
            sources[machine] = python.source
    if not told["architectures"]:
        raise wheels.CannotFetch("; ".join(told["missing"].values()))
    described = wheels.bill_of_materials(uv, root, __version__, sources, moment)
    (folder / "sbom.cdx.json").write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    shutil.copy(FILES / "install.sh", folder)
    for name in VERIFIERS:
        shutil.copy(root / "docs" / name, folder)
    (folder / "PYTHON").write_text(pythons.SERIES + "\n", encoding="ascii")
    told["version"] = f"{__version__}-{contents_id(folder)}"
    (folder / "VERSION").write_text(told["version"] + "\n", encoding="ascii")
    return told


def tell(what: str) -> None:
    """Say what is being done."""
    click.echo(f"groundplan: {what}", err=True)


def program_uv(root: Path) -> str:
    """The program uv: on the PATH, or the one that ``./groundplan`` has set up."""
    found = shutil.which("uv") or str(root / ".tool" / "bin" / "uv")
    if not Path(found).exists():
        context.fail("uv was not found; run ./groundplan once, or install uv.")
    return found


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_in(folder: Path) -> list[Path]:
    """All files below a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def contents_id(folder: Path) -> str:
    """Eight digits that differ when the program or a package does; two builds of one text are one version."""
    names = sorted(path.name for path in (folder / "wheels").rglob("*.whl"))
    ours = [digest(path) for path in (folder / "wheels" / "any").glob("groundplan-*.whl")]
    return hashlib.sha256("\n".join(names + ours).encode()).hexdigest()[:8]


def private_key(file: Path | None) -> Any:
    """The Ed25519 key that signs.

    The key of the state folder is made at the first bundle, mode 0600.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = file or context.state_folder() / "keys" / "bundle.pem"
    if file is None and not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        made = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(made)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        context.fail(
            f"{path} holds no Ed25519 private key without a password; `openssl genpkey -algorithm ed25519` makes one."
        )
    return key


def sign(folder: Path, key: Any) -> str:
    """Write the list of hashes, its signature and the public key; the fingerprint is returned."""
    for name in SIGNED_BY:
        (folder / name).unlink(missing_ok=True)
    lines = [f"{digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files_in(folder)]
    message = "".join(lines).encode()
    raw = key.public_key().public_bytes_raw()
    (folder / "SHA256SUMS").write_bytes(message)
    (folder / "SHA256SUMS.sig").write_bytes(key.sign(message))
    pem = base64.b64encode(PREFIX + raw).decode()
    (folder / "signer.pem").write_text(
        f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n", encoding="ascii"
    )
    return hashlib.sha256(raw).hexdigest()


def write(folder: Path, file: Path) -> None:
    """One archive; it appears when it is whole. Its parts are packed already, so it is packed lightly."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with gzip.open(part, "wb", compresslevel=1) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
            for path in files_in(folder):
                tar.add(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
