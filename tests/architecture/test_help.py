"""Each page has help of its own, in both languages, with real content."""

from __future__ import annotations

import re

import pytest
from browser.inventory import PAGES
from django.urls import get_resolver
from pydantic import ValidationError

from groundplan.portal.help import texts

CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Pages of the inventory without help, each with its reason.
EXEMPT = {
    "components": "shows developers the components; absent in production",
    "help-page": "is help itself",
}


def shared():
    return {name: texts.read(texts.HERE / f"{name}.yaml")[name] for name in ("words", "contacts")}


def known_names():
    def walk(patterns):
        for entry in patterns:
            yield from walk(entry.url_patterns) if hasattr(entry, "url_patterns") else [entry.name]

    return set(walk(get_resolver().url_patterns))


def test_each_page_of_the_inventory_has_help_or_a_reason():
    addresses = texts.addresses()
    assert [name for name in PAGES if name not in addresses and name not in EXEMPT] == []
    assert [name for name in EXEMPT if name in addresses] == []


def test_help_belongs_to_addresses_that_exist_and_lead_somewhere():
    names = known_names()
    assert sorted(name for name in texts.addresses() if name not in names) == []
    used = {key for each in texts.pages().values() for key in each.written.words}
    assert sorted(set(texts.read(texts.HERE / "words.yaml")["words"]) - used) == []


def test_every_text_speaks_its_language_and_says_something():
    faults = []
    for name, each in texts.pages().items():
        written = each.written
        for text in [written.title, written.purpose, *written.can]:
            if not CHINESE.search(text.chinese):
                faults.append(f"{name}: no Chinese in {text.chinese!r}")
            # Letters of a menu or a word of the trade may stand in English, sentences may not.
            if len(CHINESE.findall(text.english)) > 4:
                faults.append(f"{name}: Chinese in {text.english!r}")
        if len(written.purpose.chinese) < 15 or len(written.purpose.english) < 40:
            faults.append(f"{name}: says too little of what it is for")
        if len({text.chinese for text in written.can}) < 2:
            faults.append(f"{name}: names fewer than two things to do")
    assert faults == []


def test_no_two_pages_say_the_same():
    purposes = [each.written.purpose.chinese for each in texts.pages().values()]
    assert len(set(purposes)) == len(purposes)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"words": ["nonsense"]}, texts.HelpInvalid),
        ({"ask": ["nobody"]}, texts.HelpInvalid),
        ({"for": {"zh-hans": "只有中文"}}, ValidationError),
        ({"surprise": 1}, ValidationError),
    ],
)
def test_a_faulty_file_is_refused(change, reason):
    text = {"zh-hans": "足够长的说明文字", "en": "a text that is long enough"}
    page = {"title": text, "readers": ["public"], "for": text, "can": [text], "ask": ["human"]}
    assert "x" in texts.gather(iter([("app", {"x": page})]), shared())
    with pytest.raises(reason):
        texts.gather(iter([("app", {"x": page | change})]), shared())


def test_a_page_is_described_once():
    page = texts.read(texts.HERE.parent / "help.yaml")["front"]
    with pytest.raises(texts.HelpInvalid, match="twice"):
        texts.gather(iter([("one", {"front": page}), ("two", {"front": page})]), shared())
