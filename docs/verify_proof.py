#!/usr/bin/env python3
"""Check a Groundplan proof file: python3 verify_proof.py --key FINGERPRINT FILE. Needs nothing but Python 3.

FINGERPRINT is the SHA-256 of the city's public key; take it from a place you trust, never from the file itself.
It proves that the entry stands in the log whose head was signed with that key (RFC 9162 clause 2.1.3.2, RFC 8032).
"""

import argparse
import json
import sys
from hashlib import sha256, sha512

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
FIELDS = ("audit_path", "entry", "format", "head", "leaf_index", "public_key", "signature", "tree_size")


def add(a, b):  # Points of the curve in extended coordinates (RFC 8032, clause 5.1.4).
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return ((t - s) * (v - u) % P, (v + u) * (t + s) % P, (v - u) * (v + u) % P, (t - s) * (t + s) % P)


def times(n, a):
    total = (0, 1, 1, 0)
    while n:
        total, a, n = (add(total, a) if n & 1 else total), add(a, a), n >> 1
    return total


def point(raw):
    y, odd = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need((x * x - square) % P == 0 and y < P and not (x == 0 and odd), "the public key or signature is no curve point")
    return (P - x if x & 1 != odd else x, y, 1, (P - x if x & 1 != odd else x) * y % P)


def signed(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % Q
    base = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    a, b = times(s, base), add(point(signature[:32]), times(h, point(key)))
    return s < Q and (a[0] * b[2] - b[0] * a[2]) % P == 0 == (a[1] * b[2] - b[1] * a[2]) % P


def need(holds, reason):
    if not holds:
        sys.exit("REFUSED: " + reason)


def plain(text, size):
    raw = bytes.fromhex(text) if set(text) <= set("0123456789abcdef") and len(text) == 2 * size else b""
    need(raw, "a hash, key or signature is not written as it should be")
    return raw


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file")
    options.add_argument("--key", required=True, help="SHA-256 of the public key, 64 hexadecimal digits")
    chosen = options.parse_args()
    with open(chosen.file, "rb") as stream:
        raw = stream.read()
    try:
        proof = json.loads(raw.decode())
        again = (json.dumps(proof, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
        head, path = json.loads(proof["head"]), proof["audit_path"]
    except (ValueError, KeyError, TypeError, RecursionError):
        sys.exit("REFUSED: the file is cut off or damaged: it is not a whole JSON document")
    need(raw == again and tuple(sorted(proof)) == FIELDS, "the file is damaged: not spelled as proof files are")
    need(proof["format"] == "groundplan-proof/1", "unknown format of proof file")
    need(type(proof["leaf_index"]) is type(proof["tree_size"]) is int, "the place in the tree is not a whole number")
    key, signature = plain(proof["public_key"], 32), plain(proof["signature"], 64)
    need(sha256(key).hexdigest() == chosen.key.lower(), "signed with another key: of another log, or forged")
    need(signed(key, proof["head"].encode(), signature), "the signature of the tree head does not hold")
    at, last = proof["leaf_index"], proof["tree_size"] - 1
    need(head["size"] == last + 1 and 0 <= at <= last, "the place in the tree is not one that the signed head covers")
    value = sha256(b"\0" + proof["entry"].encode()).digest()
    for step in path:
        other = plain(step, 32)
        need(last > 0, "the audit path is too long")
        left = at & 1 or at == last
        value = sha256(b"\1" + (other + value if left else value + other)).digest()
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    need(
        last == 0 and value.hex() == head["root"],
        "the entry does not stand at this place of the tree that the head signs",
    )
    print(f"PROVEN: entry {proof['leaf_index']} of {head['size']}, head of {head['at']}\n{proof['entry']}")


if __name__ == "__main__":
    main()
