"""The real messages of the data set complaints_zh, sent through the same intake; their text is never logged."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard

from groundplan.kernel.parties.queries import ANONYMOUS
from groundplan.systems.incidents import actions as incidents

SET = "complaints_zh"
FILES = ("hot_issue_messages", "labelled_open", "messages_with_replies", "unlabelled_test_with_team_outputs")


def send(folder: Path, *, until: Callable[[], bool] = lambda: False) -> int:
    """Send every message; they name no place and wait for dispatch by content.

    Args:
        folder: the folder of data sets, or that of the set itself.
        until: asked before each message; True ends early.

    Returns:
        How many messages were taken in as reports of their own.
    """
    sent = 0
    for name, number, title, text in messages(folder):
        if until():
            break
        receipt = incidents.report_incident(
            actor=ANONYMOUS,
            channel="web",
            flow="hotline",
            text=text[:20_000],
            title=title[:200],
            key=f"{SET}:{name}:{number}",
            visitor=hashlib.sha256(f"{name}:{number}".encode()).hexdigest(),
        )
        sent += int(receipt.created)
    return sent


def messages(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """File, line, title and text of each message that has a text."""
    place = folder / SET if (folder / SET).is_dir() else folder
    for name in FILES:
        with (place / f"{name}.csv.zst").open("rb") as raw:
            stream = zstandard.ZstdDecompressor().stream_reader(raw)
            rows = csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
            for number, row in enumerate(rows, start=1):
                text = (row.get("留言详情") or "").strip() or (row.get("留言主题") or "").strip()
                if text:
                    yield name, str(number), (row.get("留言主题") or "").strip(), text
