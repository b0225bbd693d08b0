"""The signature of a bundle: checked before anything is installed, by Python alone or by openssl alone."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from groundplan.cli.bundling import commands

DOCS = Path(__file__).resolve().parents[2] / "docs"


def make_bundle(folder, key):
    """A bundle for a machine that does not exist: it is verified, and then nothing can be installed from it."""
    (folder / "wheels" / "any").mkdir(parents=True)
    (folder / "wheels" / "sparc64").mkdir()
    (folder / "wheels" / "any" / "groundplan-0.1.0-py3-none-any.whl").write_bytes(b"a wheel")
    (folder / "wheels" / "sparc64" / "more.whl").write_bytes(b"another")
    (folder / "VERSION").write_text("0.1.0-00000000\n")
    (folder / "PYTHON").write_text("3.11\n")
    shutil.copy(commands.FILES / "install.sh", folder)
    for name in commands.VERIFIERS:
        shutil.copy(DOCS / name, folder)
    return commands.sign(folder, key)


@pytest.fixture
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture
def unpacked(tmp_path, key):
    folder = tmp_path / "groundplan-0.1.0"
    return folder, make_bundle(folder, key)


@pytest.fixture(params=["python", "openssl"])
def path(request, tmp_path):
    """A PATH on which the machine has either Python or openssl, besides the usual small programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    wanted = ["sh", "dirname", "tr", "cat", "ls", "grep", "uname", "sed", "find", "head", "cut", "sha256sum", "tail"]
    wanted.append("openssl" if request.param == "openssl" else "python3")
    for name in wanted:
        (folder / name).symlink_to(sys.executable if name == "python3" else shutil.which(name))
    return str(folder)


def install(folder, path, to, *words):
    return subprocess.run(
        ["sh", str(folder / "install.sh"), "--to", str(to), *words],
        env={"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_whole_bundle_is_verified_and_a_machine_it_does_not_serve_is_told_so(unpacked, path, tmp_path):
    folder, fingerprint = unpacked
    done = install(folder, path, tmp_path / "to", "--key", fingerprint)
    assert done.returncode == 1
    assert "this bundle holds nothing for" in done.stderr
    assert "sparc64" in done.stderr


def flip(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


WHEEL = "wheels/any/groundplan-0.1.0-py3-none-any.whl"
SPOILT = {
    "a wheel changed": (lambda f: flip(f / WHEEL), WHEEL),
    "a wheel missing": (lambda f: (f / "wheels/sparc64/more.whl").unlink(), "wheels/sparc64/more.whl"),
    "a wheel added": (lambda f: (f / "wheels/any/worse.whl").write_bytes(b"x"), "wheels/any/worse.whl does not belong"),
    "a link added": (lambda f: (f / "wheels/any/l.whl").symlink_to("/etc/passwd"), "wheels/any/l.whl does not belong"),
    "the list changed": (lambda f: flip(f / "SHA256SUMS"), "SHA256SUMS was changed"),
    "the signature changed": (lambda f: flip(f / "SHA256SUMS.sig"), "signature does not hold"),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_a_tampered_bundle_is_refused_with_the_name_of_the_file(unpacked, path, tmp_path, how):
    folder, fingerprint = unpacked
    spoil, named = SPOILT[how]
    spoil(folder)
    done = install(folder, path, tmp_path / "to", "--key", fingerprint)
    assert done.returncode == 1
    assert "REFUSED" in done.stderr
    assert named in done.stderr
    assert not (tmp_path / "to").exists()


def test_a_bundle_that_somebody_else_signed_again_is_refused(unpacked, path, tmp_path):
    folder, fingerprint = unpacked
    (folder / "VERSION").write_text("9.9.9\n")
    forged = commands.sign(folder, Ed25519PrivateKey.generate())
    assert forged != fingerprint
    done = install(folder, path, tmp_path / "to", "--key", fingerprint)
    assert "signed with another key" in done.stderr
    # The same without naming the key, on a machine that was installed with the right one before.
    to = tmp_path / "before"
    to.mkdir()
    (to / "signer").write_text(fingerprint + "\n")
    done = install(folder, path, to)
    assert done.returncode == 1
    assert "signed with another key" in done.stderr


def test_the_verifier_alone_names_the_key_and_counts_the_files(unpacked):
    folder, fingerprint = unpacked
    done = subprocess.run(
        [sys.executable, "-B", str(folder / "verify_bundle.py"), "--key", fingerprint, str(folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    listed = (folder / "SHA256SUMS").read_text().splitlines()
    assert done.stdout == f"VERIFIED: {len(listed)} files, signed with the key {fingerprint}\n"
    assert f"{hashlib.sha256(b'a wheel').hexdigest()}  wheels/any/groundplan-0.1.0-py3-none-any.whl" in listed
