"""Proof files checked here by the very programs that are handed out, so that page and program cannot disagree."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from groundplan.kernel.ledger import queries as ledger
from groundplan.lib.crypto import signing, sm2
from groundplan.lib.crypto.sm2 import AlgorithmUnavailable

LARGEST = 1_000_000
PROGRAMS = ("verify_proof", "verify_consistency")
WRONG_KIND = "this is no proof file of this kind: unknown format"
# What the programs say, in the city's language.
REASONS = {
    "the file is cut off or damaged: it is not a whole JSON document": gettext_noop(
        "文件不完整或已损坏：不是一份完整的 JSON 文档。"
    ),
    "the file is damaged: not spelled as proof files are": gettext_noop("文件已损坏：写法与证明文件不符。"),
    WRONG_KIND: gettext_noop("不是证明文件，或格式版本不明。"),
    "a hash, key or signature is not written as it should be": gettext_noop("文件已损坏：散列值、公钥或签名写法有误。"),
    "the public key or signature is no curve point": gettext_noop("文件已损坏：公钥或签名不是曲线上的点。"),
    "signed by SM2 with SM3, which this program does not check": gettext_noop(
        "使用 SM2、SM3 签名，本系统所在机器无法核验。"
    ),
    "signed with another key: of another log, or forged": gettext_noop(
        "签名用的是别的密钥：属于另一份日志，或系伪造。"
    ),
    "the signature of the tree head does not hold": gettext_noop("日志头的签名无效。"),
    "the path of the proof is too long": gettext_noop("证明的路径过长。"),
    "the place in the tree is not a whole number": gettext_noop("记录在日志中的位置不是整数。"),
    "the place in the tree is not one that the signed head covers": gettext_noop("已签名的日志头不包含这个位置。"),
    "the entry does not stand at this place of the tree that the head signs": gettext_noop(
        "记录内容或位置与已签名的日志不符。"
    ),
    "the heads are not in their order": gettext_noop("两个日志头的先后次序有误。"),
    "the later log does not merely add to the earlier one": gettext_noop(
        "较后的日志不是在较早的日志之后追加而成：日志被改写过。"
    ),
}
TOO_LARGE = gettext_noop("文件过大：证明文件不超过 1 MB。")


@dataclass(frozen=True)
class Checked:
    """What came out: what is proven, or why the file is refused, in the reader's language."""

    proven: str = ""
    refused: str = ""


def source(program: str) -> bytes:
    """The text of a program, from the package or the checkout."""
    return _path(program).read_bytes()


def check(content: bytes) -> Checked:
    """Check a proof file of either kind against the keys of this installation.

    Args:
        content: the file as it was handed in; anything at all.
    """
    if len(content) > LARGEST:
        return Checked(refused=gettext(TOO_LARGE))
    trusted = [signing.fingerprint(bytes(key.public_key)) for key in ledger.keys()]  # noqa: SIM118 - a query.
    kind = "verify_consistency" if b'"groundplan-consistency/' in content else "verify_proof"
    try:
        return Checked(proven=_programs()[kind].check(content, trusted))
    except ValueError as refusal:
        return Checked(refused=gettext(REASONS[str(refusal)]))


@cache
def _programs() -> dict[str, ModuleType]:
    found = {}
    for name in PROGRAMS:
        spec = importlib.util.spec_from_file_location(name, _path(name))
        if spec is None or spec.loader is None:
            raise FileNotFoundError(name)
        found[name] = importlib.util.module_from_spec(spec)
        # The second imports the first by its name, as it does in a reader's folder.
        sys.modules[name] = found[name]
        spec.loader.exec_module(found[name])
    with suppress(AlgorithmUnavailable):
        sm2.library()
        lengths = range(8, sm2.LONGEST_SIGNATURE + 1)
        found["verify_proof"].CHECKS["sm2-sm3"] = ([sm2.POINT_BYTES], lengths, sm2.verify)
    return found


def _path(program: str) -> Path:
    inside = Path(__file__).parents[1] / f"{program}.py"
    return inside if inside.exists() else Path(settings.BASE).parents[1] / "docs" / f"{program}.py"
