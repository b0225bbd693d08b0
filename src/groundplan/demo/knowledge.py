"""The sample city's articles, written by its crew and approved from above."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files

import yaml

from groundplan.commons.knowledge import actions
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.lib import clock

BASIS = "演示数据：示例口径，不是任何地方的政策"


def enter_articles() -> int:
    """Write and approve the sample articles; how many."""
    source = files("groundplan.demo").joinpath("data", "knowledge.yaml")
    entries = yaml.safe_load(source.read_text(encoding="utf-8"))
    review_by = clock.now().date() + timedelta(days=365)
    for entry in entries:
        wording = actions.Wording(
            **{name: entry[name] for name in ("title", "question", "answer", "words", "public")},
            basis=BASIS,
            review_by=review_by,
        )
        draft = actions.write_article(actor=SYSTEM, wording=wording, owner=entry["owner"])
        actions.approve_article(actor=SYSTEM, version=draft.public_id)
    return len(entries)
