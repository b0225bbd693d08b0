#!/usr/bin/env python3
"""Check a Groundplan proof file: python3 verify_proof.py --key FINGERPRINT FILE. Needs nothing but Python 3.8.

FINGERPRINT is the SHA-256 of the city's public key; take it from a place you trust, never from the file itself.
It proves that the entry stands in the log whose head was signed with that key (RFC 9162 clause 2.1.3.2, RFC 8032).
"""

import argparse
import json
import sys
from hashlib import sha256, sha512

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: the field, the order of its base point.
D = -121665 * pow(121666, -1, P) % P
FIELDS = ["audit_path", "entry", "format", "head", "leaf_index", "public_key", "signature", "tree_size"]


def need(holds, reason):
    if not holds:
        raise ValueError(reason)


def add(a, b):
    m = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + b[0] * a[1]) * pow(1 + m, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - m, -1, P) % P


def times(n, a):
    return (0, 1) if n == 0 else add(times(n >> 1, add(a, a)), a) if n & 1 else times(n >> 1, add(a, a))


def point(raw):
    y, odd = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need((x * x - square) % P == 0 and y < P and (x or not odd), "the public key or signature is no curve point")
    return P - x if x & 1 != odd else x, y


def signed(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little")
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return s < Q and times(s, base) == add(point(signature[:32]), times(h % Q, point(key)))


CHECKS = {"ed25519": ([32], [64], signed), "sm2-sm3": ()}  # Lengths of key and signature, and the check.


def plain(text, sizes):
    good = type(text) is str and set(text) <= set("0123456789abcdef") and len(text) / 2 in sizes
    need(good, "a hash, key or signature is not written as it should be")
    return bytes.fromhex(text)


def opened(raw, fields, form):
    try:
        proof = json.loads(raw.decode())
        whole = raw == (json.dumps(proof, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    except (ValueError, RecursionError):
        need(False, "the file is cut off or damaged: it is not a whole JSON document")
    whole = whole and type(proof) is dict and sorted(proof) == fields
    need(whole, "the file is damaged: not spelled as proof files are")
    need(proof["format"] == form, "this is no proof file of this kind: unknown format")
    return proof


def head_of(part, trusted):  # A head whose signature holds; what it says is believed from here on.
    text = part["head"] if type(part["head"]) is str else ""
    sizes = CHECKS["sm2-sm3" if '"algorithm":"sm2-sm3"' in text else "ed25519"]
    need(sizes, "signed by SM2 with SM3, which this program does not check")
    key, signature = plain(part["public_key"], sizes[0]), plain(part["signature"], sizes[1])
    need(sha256(key).hexdigest() in trusted, "signed with another key: of another log, or forged")
    need(sizes[2](key, text.encode(), signature), "the signature of the tree head does not hold")
    return json.loads(text)


def climb(at, last, old, new, steps):  # The roots of a smaller and of the larger tree that the steps lead to.
    for step in [plain(step, [32]) for step in steps]:
        need(last > 0, "the path of the proof is too long")
        left = at & 1 or at == last
        old = sha256(b"\1" + step + old).digest() if left else old
        new = sha256(b"\1" + (step + new if left else new + step)).digest()
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return (old.hex(), new.hex()) if last == 0 else ("", "")


def check(raw, trusted):
    proof = opened(raw, FIELDS, "groundplan-proof/1")
    head, at, size = head_of(proof, trusted), proof["leaf_index"], proof["tree_size"]
    need(type(at) is type(size) is int, "the place in the tree is not a whole number")
    need(head["size"] == size and 0 <= at < size, "the place in the tree is not one that the signed head covers")
    texts = type(proof["entry"]) is str and type(proof["audit_path"]) is list
    need(texts, "the file is damaged: not spelled as proof files are")
    leaf = sha256(b"\0" + proof["entry"].encode()).digest()
    root = climb(at, size - 1, leaf, leaf, proof["audit_path"])[1]
    need(root == head["root"], "the entry does not stand at this place of the tree that the head signs")
    return f"entry {at} of {size}, head of {head['at']}\n{proof['entry']}"


def main(check=check):
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file")
    options.add_argument("--key", required=True, action="append", help="SHA-256 of a public key, 64 hexadecimal digits")
    chosen = options.parse_args()
    with open(chosen.file, "rb") as stream:
        raw = stream.read()
    try:
        print("PROVEN: " + check(raw, [key.lower() for key in chosen.key]))
    except ValueError as refusal:
        sys.exit(f"REFUSED: {refusal}")


if __name__ == "__main__":
    main()
