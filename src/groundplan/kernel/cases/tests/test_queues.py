"""Lists by state and searches, page by page: the fast ways give what a plain reading gives."""

import pytest

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.queries import searching
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.cases.tests.factories import act, dispatched, make_city, open_repair, task_of

pytestmark = pytest.mark.django_db


def pages(actor, kind, filters, size):
    found, after = [], None
    while True:
        page = queries.queue(actor, kind, filters, after, size)
        found += [row.case.number for row in page.items]
        if page.next is None:
            return found
        after = page.next


def test_what_waits_is_listed_by_the_state_of_its_case_also_after_it_changed():
    city = make_city()
    held, plain = open_repair(city), open_repair(city)
    actions.suspend_case(actor=city["dispatcher"], case=held.public_id, seen=None, reason="等待配件")
    mine = city["dispatcher"]
    assert pages(mine, "todo", Filters(state="suspended"), 10) == [held.number]
    assert pages(mine, "todo", Filters(state="open"), 10) == [plain.number]
    assert sorted(pages(mine, "todo", Filters(state="active"), 1)) == sorted([held.number, plain.number])
    assert pages(mine, "todo", Filters(state="closed"), 10) == []
    actions.resume_case(actor=city["dispatcher"], case=held.public_id, seen=None)
    assert pages(mine, "todo", Filters(state="suspended"), 10) == []
    assert sorted(pages(mine, "todo", Filters(state="open"), 1)) == sorted([held.number, plain.number])


def test_what_units_have_done_is_listed_by_the_state_of_the_case():
    city = make_city()
    case, lead = dispatched(city)
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "已修复"})
    assert pages(city["handler"], "done", Filters(state="open"), 10) == [case.number]
    assert pages(city["handler"], "done", Filters(state="closed"), 10) == []
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="fine")
    assert pages(city["handler"], "done", Filters(state="closed"), 10) == [case.number]


@pytest.mark.parametrize("newest", [1, 3, 1000])
def test_a_search_gives_every_page_whichever_way_finds_it(monkeypatch, newest):
    monkeypatch.setattr(searching, "NEWEST", newest)
    city = make_city()
    lamps = [open_repair(city, title=f"人民路{number}号路灯不亮").number for number in range(5)]
    wells = [open_repair(city, title=f"和平街{number}号井盖缺失").number for number in range(3)]
    actor = city["dispatcher"]
    for size in (1, 2, 3, 50):
        assert pages(actor, "all", Filters(text="路灯"), size) == lamps[::-1]
        assert pages(actor, "all", Filters(text="井盖 和平街"), size) == wells[::-1]
    assert pages(actor, "all", Filters(text="路灯", state="closed"), 2) == []
    assert pages(actor, "all", Filters(text="路灯井盖"), 2) == []
    assert pages(city["outsider"], "all", Filters(text="路灯"), 2) == []
    assert pages(city["mayor"], "all", Filters(text="路灯"), 2) == lamps[::-1]
