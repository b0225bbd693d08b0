#!/usr/bin/env python3
"""Check that a later log only adds to an earlier one: python3 verify_consistency.py --key FINGERPRINT FILE.

Needs nothing but Python 3.8 and verify_proof.py beside it. Give --key twice where two keys signed. Compare the first
head with the copy you kept: its root is printed. Source: RFC 9162, clause 2.1.4.2.
"""

from verify_proof import climb, head_of, main, need, opened, plain

HEAD = ["head", "public_key", "signature"]


def check(raw, trusted):
    proof = opened(raw, ["first", "format", "path", "second"], "groundplan-consistency/1")
    for part in (proof["first"], proof["second"]):
        fit = type(part) is dict and sorted(part) == HEAD and type(proof["path"]) is list
        need(fit, "the file is damaged: not spelled as proof files are")
    old, new = head_of(proof["first"], trusted), head_of(proof["second"], trusted)
    need(0 < old["size"] <= new["size"], "the heads are not in their order")
    same = joined(old["size"], new["size"], [old["root"], new["root"]], proof["path"])
    need(same, "the later log does not merely add to the earlier one")
    return f"{new['size']} entries of {new['at']} only add to the {old['size']} of {old['at']}, root {old['root']}"


def joined(size, later, roots, path):  # Whether the path leads from the earlier root and to the later one.
    if size == later:
        return roots[0] == roots[1] and not path
    at, last = size - 1, later - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    # A whole power of two is a subtree of the later tree: its root need not be told again.
    start, *steps = [roots[0], *path] if size & (size - 1) == 0 else path or [""]
    start = plain(start, [32])
    return list(climb(at, last, start, start, steps)) == roots


if __name__ == "__main__":
    main(check)
