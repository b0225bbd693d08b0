"""Kept filters: whose they are, what they hold, what they never widen."""

import json

import pytest
from django.urls import reverse

from groundplan.commons.worklists import actions, queries
from groundplan.commons.worklists.actions.filters import MOST_OWN
from groundplan.commons.worklists.errors import FilterInvalid, FilterNotFound
from groundplan.commons.worklists.models import SavedFilter
from groundplan.kernel.cases.tests.factories import dispatched, open_repair
from groundplan.kernel.ledger.models import Pending
from groundplan.lib.errors import NotAllowed
from groundplan.portal.worklists import registry

LATE = {"kind": "all", "overdue": "1"}


def keep(town, person="dispatcher", **more):
    given = {"listing": "cases", "name": "急件", "query": LATE} | more
    return actions.save_filter(actor=town.people[person], **given)


def test_a_kept_filter_holds_what_the_list_knows_and_leaves_one_record(town):
    made = keep(town, query=LATE | {"after": "x", "csrf": "y", "text": "  "})
    assert made.query == LATE
    assert Pending.objects.filter(action="worklists.save_filter").count() == 1


def test_the_same_name_keeps_the_new_filter_in_its_place(town):
    first = keep(town)
    again = keep(town, query={"kind": "done"})
    assert (again.pk, again.query) == (first.pk, {"kind": "done"})


@pytest.mark.parametrize(
    "more",
    [{"listing": "nowhere"}, {"name": " "}, {"name": "长" * 41}, {"query": {}}, {"query": {"after": "x"}}],
    ids=["list", "no name", "long name", "nothing", "unknown"],
)
def test_what_is_no_filter_is_not_kept(town, more):
    with pytest.raises(FilterInvalid):
        keep(town, **more)
    assert not SavedFilter.objects.exists()


def test_a_filter_is_ones_own_until_it_is_shared(town):
    keep(town)
    assert queries.filters_for(town.people["second"], "cases") == []
    shared = keep(town, name="共用", unit=town.parties["office"].code)
    assert queries.filters_for(town.people["second"], "cases") == [shared]
    assert queries.filters_for(town.people["outsider"], "cases") == []
    with pytest.raises(FilterNotFound):
        actions.choose_default(actor=town.people["outsider"], listing="cases", saved=shared.public_id)
    with pytest.raises(NotAllowed):
        keep(town, name="越权", unit=town.parties["lamps"].code)


def test_only_the_owner_removes_a_shared_filter_and_its_defaults_go_with_it(town):
    shared = keep(town, unit=town.parties["office"].code)
    second = town.people["second"]
    actions.choose_default(actor=second, listing="cases", saved=shared.public_id)
    with pytest.raises(NotAllowed):
        actions.remove_filter(actor=second, saved=shared.public_id)
    with pytest.raises(FilterNotFound):
        actions.remove_filter(actor=town.people["outsider"], saved=shared.public_id)
    actions.remove_filter(actor=town.people["dispatcher"], saved=shared.public_id)
    assert queries.default_for(second, "cases") is None


def test_there_is_an_end_to_filters(town):
    for number in range(MOST_OWN):
        keep(town, name=f"第 {number} 个")
    with pytest.raises(FilterInvalid):
        keep(town, name="再一个")
    keep(town, name="第 3 个", query={"kind": "done"})


def test_a_list_opens_by_the_default_and_shows_everything_when_asked(town, as_user):
    keep(town, default=True)
    browser = as_user("dispatcher")
    assert browser.get(reverse("cases"))["Location"] == f"{reverse('cases')}?kind=all&overdue=1"
    assert browser.get(reverse("cases") + "?kind=todo").status_code == 200
    assert as_user("second").get(reverse("cases")).status_code == 200


def test_a_shared_filter_shows_each_reader_their_own_cases(town, as_user):
    dispatched(town)
    keep(town, query={"kind": "all"}, unit=town.parties["office"].code)
    counted = registry.listings["cases"].count
    request = as_user("dispatcher").get(reverse("cases") + "?kind=all").wsgi_request
    outside = as_user("outsider").get(reverse("cases") + "?kind=all").wsgi_request
    assert (counted(request, {"kind": "all"}), counted(outside, {"kind": "all"})) == (1, 0)
    assert counted(request, {"kind": "all", "text": "路灯"}) is None


@pytest.mark.parametrize("kind", ["todo", "done", "all", "account"])
def test_a_count_is_the_length_of_the_list(town, as_user, kind):
    for _ in range(3):
        open_repair(town)
    dispatched(town)
    browser = as_user("dispatcher")
    answer = browser.get(reverse("cases"), {"kind": kind})
    assert registry.listings["cases"].count(answer.wsgi_request, {"kind": kind}) == len(answer.context["rows"])


def test_pages_keep_name_and_remove(town, as_user):
    browser = as_user("dispatcher")
    there = reverse("cases") + "?kind=all"
    sent = {"listing": "cases", "name": "<b>全部</b>", "query": "kind=all&x=1", "next": there, "unit": ""}
    assert browser.post(reverse("filter-keep"), sent)["Location"] == there
    shown = browser.get(there).content.decode()
    assert "&lt;b&gt;全部&lt;/b&gt;" in shown
    made = SavedFilter.objects.get()
    assert made.query == {"kind": "all"}
    counts = browser.get(reverse("filter-counts", args=["cases"]))
    assert counts.status_code == 200
    change = reverse("filter-change", args=[made.public_id, "remove"])
    assert as_user("outsider").post(change).status_code == 404
    assert as_user("dispatcher").post(change, {"next": "https://elsewhere.example/"})["Location"] == "/"
    assert not SavedFilter.objects.exists()


def test_the_api_keeps_lists_and_removes(town, as_user):
    browser = as_user("dispatcher")
    sent = {"list": "cases", "name": "急件", "query": LATE}
    browser.get("/cases?kind=todo")
    made = browser.post("/api/v1/worklists/filters", json.dumps(sent), "application/json")
    assert made.status_code == 201
    listed = browser.get("/api/v1/worklists/filters", {"listing": "cases"}).json()
    assert [each["query"] for each in listed] == [LATE]
    assert as_user("outsider").delete(f"/api/v1/worklists/filters/{made.json()['id']}").status_code == 404
    assert as_user("dispatcher").delete(f"/api/v1/worklists/filters/{made.json()['id']}").status_code == 204
