"""Search finds what is misspelt, in pinyin, by initials and by synonyms, and only what the reader may see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.base.catalogue import actions, queries
from groundplan.base.catalogue.logic.words import index_words, parsed, query_words, syllables, text_words
from groundplan.base.catalogue.models import Posting, Word
from groundplan.base.catalogue.tests.factories import content, decide, make_town
from groundplan.kernel.parties.queries import ANONYMOUS, SYSTEM

TITLES = {
    "路灯设施台账": "Street lights", "企业登记基本信息": "Registered enterprises",
    "空气质量监测小时数据": "Hourly air quality",
    "河道水位监测": "Water levels", "户籍人口基本信息": "Residents", "重庆路公园名录": "Parks",
}  # fmt: skip


@pytest.fixture
def town(db):
    """A town with six published entries, the last one closed to the public."""
    made = make_town()
    lines = [{"title": name, "name": f"e{at}", "notes": "", "extras": []} for at, name in enumerate(TITLES)]
    for line, english in zip(lines, TITLES.values(), strict=True):
        version = actions.write_entry(
            actor=SYSTEM, identifier=line["name"], provider="market",
            content=content(title={"zh-hans": line["title"], "en": english}, summary={}, keywords=[], elements=[],
                            openness="closed" if line["name"] == "e5" else "open"),
        )  # fmt: skip
        case = actions.submit_entry(actor=SYSTEM, version=version.public_id)
        finish(made, case)
    return made


def finish(town, case):
    decide(town["second"], "confirm", "agree")
    decide(town["keeper"], "review", "publish_mount")


def best(actor, text):
    found = queries.search(actor, text).results
    return found[0].title["zh-hans"] if found else None


TYPED = [
    ("路灯", "路灯设施台账"), ("路登设施台帐", "路灯设施台账"), ("路灯设台账", "路灯设施台账"),
    ("ludengsheshi", "路灯设施台账"), ("lu deng she shi", "路灯设施台账"), ("ldss", "路灯设施台账"),
    ("ludensesi", "路灯设施台账"), ("ＳＴＲＥＥＴ　lights", "路灯设施台账"), ("stret lihgts", "路灯设施台账"),
    ("空氣質量", "空气质量监测小时数据"), ("大气环境", "空气质量监测小时数据"), ("居民", "户籍人口基本信息"),
    ("chongqinglu", "重庆路公园名录"), ("河道 水位", "河道水位监测"), ("登", "企业登记基本信息"),
]  # fmt: skip


def test_what_people_type_leads_to_the_entry(town):
    assert [(text, best(town["keeper"], text)) for text, _title in TYPED] == TYPED


def test_filters_scope_and_nonsense(town):
    assert queries.search(ANONYMOUS, "公园名录").results == ()
    assert best(town["outsider"], "公园名录") == "重庆路公园名录"
    narrowed = queries.Filters(shelf="population")
    assert queries.search(town["keeper"], "路灯", filters=narrowed).results == ()
    for text in ("%", "'; DROP TABLE catalogue_entry; --", "\x00", "😀", "_", "~lu.den", "a" * 5000, "的" * 5000):
        assert queries.search(town["keeper"], text).total_estimate >= 0
    assert queries.search(town["keeper"], "基本信息").total_estimate == 2


def test_the_index_follows_what_is_published(town):
    entry = queries.entry_for(town["keeper"], "e0")
    counted = {word.text: word.entries for word in Word.objects.all()}
    assert counted["路灯"] == 1
    assert counted["基本"] == 2
    case = actions.ask_offline(actor=SYSTEM, entry=entry.public_id, reason="撤并")
    decide(town["second"], "confirm", "agree")
    decide(town["keeper"], "review", "offline")
    assert case.flow == "catalogue-entry"
    assert best(town["keeper"], "路灯") is None
    assert not Posting.objects.filter(entry_id=entry.pk).exists()
    assert Word.objects.get(text="路灯").entries == 0


@given(st.text(max_size=60))
def test_a_text_is_found_by_itself(text):
    asked = query_words(text, {})
    if text_words(text, spoken=False) and len(text) <= 40:
        assert set(asked) & set(index_words([text], [], []))


def test_pinyin_is_read_in_syllables_and_tells_apart_what_all_speakers_do():
    assert parsed("zhongguo") == parsed("zongguo") == ("zon", "guo")
    assert parsed("lamp") == ()
    assert syllables("中国") == ["zon", "guo"]
