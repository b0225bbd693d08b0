#!/usr/bin/env python3
"""Check an unpacked Groundplan bundle: python3 verify_bundle.py --key FINGERPRINT FOLDER. Needs nothing but Python 3.8.

FINGERPRINT is the SHA-256 of the key that signed it; take it, and this program with verify_proof.py, from a place you
trust. It proves that every file is the one that was signed (RFC 8032, FIPS 180-4) and that no file was added.
"""

import argparse
import base64
import os
import sys
from hashlib import sha256

from verify_proof import need, signed

LIST, SIGNATURE, KEY = "SHA256SUMS", "SHA256SUMS.sig", "signer.pem"
PREFIX = bytes.fromhex("302a300506032b6570032100")  # What stands before an Ed25519 key (RFC 8410).


def read(folder, name):
    path = os.path.join(folder, name)
    need(os.path.isfile(path) and not os.path.islink(path), f"{name} is missing")
    with open(path, "rb") as stream:
        return stream.read()


def key_in(pem):
    lines = pem.decode("ascii", "replace").split("\n")
    try:
        raw = base64.b64decode("".join(line for line in lines if not line.startswith("-----")), validate=True)
    except ValueError:
        raw = b""
    need(raw[:12] == PREFIX and len(raw) == 44, f"{KEY} is damaged: it holds no Ed25519 key")
    return raw[12:]


def digest(path):
    found = sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            found.update(block)
    return found.hexdigest()


def listed(text):
    found = {}
    for line in text.splitlines():
        value, _, name = line.partition("  ")
        need(len(value) == 64 and name and ".." not in name.split("/") and name[0] != "/", f"{LIST} is damaged")
        found[name] = value
    return found


def names_in(folder):
    for here, folders, files in os.walk(folder):
        for name in files + [one for one in folders if os.path.islink(os.path.join(here, one))]:
            yield os.path.relpath(os.path.join(here, name), folder).replace(os.sep, "/")


def check(folder, trusted):
    key, message = key_in(read(folder, KEY)), read(folder, LIST)
    need(not trusted or sha256(key).hexdigest() in trusted, "signed with another key than the one that you trust")
    mark = read(folder, SIGNATURE)
    need(len(mark) == 64 and signed(key, message, mark), f"the signature does not hold: {LIST} was changed")
    wanted = listed(message.decode("utf-8"))
    for name, value in wanted.items():
        path = os.path.join(folder, name)
        need(os.path.isfile(path) and not os.path.islink(path), f"{name} is missing")
        need(digest(path) == value, f"{name} was changed or is damaged")
    more = sorted(set(names_in(folder)) - {*wanted, LIST, SIGNATURE, KEY})
    need(not more, f"{more[0] if more else ''} does not belong to the bundle")
    return sha256(key).hexdigest(), len(wanted)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder")
    options.add_argument("--key", action="append", default=[], help="SHA-256 of a public key, 64 hexadecimal digits")
    chosen = options.parse_args()
    try:
        key, files = check(chosen.folder, [key.lower() for key in chosen.key])
    except (ValueError, OSError) as refusal:
        sys.exit(f"REFUSED: {refusal}")
    print(f"VERIFIED: {files} files, signed with the key {key}")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
