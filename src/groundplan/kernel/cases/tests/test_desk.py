"""The desk of each role, and the one count of what waits."""

import re

import pytest
from django.urls import reverse

from groundplan.kernel.cases.models import Case, FlowMigration, FlowVersion
from groundplan.kernel.cases.tests.factories import open_repair
from groundplan.kernel.parties.logic.roles import DESKS, ROLE_NAMES, read_roles
from groundplan.kernel.parties.models import Membership, User
from groundplan.portal import desk
from groundplan.portal.navigation import registry

OFFICES = [name for name in ROLE_NAMES if name != "resident"]


def badge(page, pattern):
    found = re.search(pattern, page, re.DOTALL)
    return int(found[1]) if found else 0


@pytest.fixture
def busy(town):
    """Two cases to accept and one change of a flow to approve."""
    open_repair(town)
    open_repair(town)
    version = FlowVersion.objects.get(key="repair")
    FlowMigration.objects.create(
        from_version=version, to_version=version, reason="新版流程", proposed_by="user:x", proposed_name="某人"
    )
    return town


@pytest.mark.parametrize("role", OFFICES)
def test_every_place_shows_the_same_number(busy, as_user, role):
    user = User.objects.create(username=f"of-{role}", display_name=role)
    Membership.objects.create(user=user, party=busy.parties["office"], role=role, valid_from="2020-01-01")
    client = as_user(user.username)
    home = client.get("/work").content.decode()
    expected = {"dispatcher": 2, "rule_approver": 1}.get(role, 0)
    in_the_head = rf'href="{reverse("waiting")}"[^>]*>(?:(?!</a>).)*gp-count-top"[^>]*>(\d+)<'
    for page in (home, client.get("/notices").content.decode()):
        assert badge(page, in_the_head) == expected
        assert badge(page, r'href="/work"[^>]*>(?:(?!</a>).)*gp-count"[^>]*>(\d+)<') == expected
    assert badge(home, r'id="desk-figures">.*?gp-tile-value"><span>(\d+)<') == expected
    assert badge(client.get("/notices").content.decode(), r"待办 (\d+) 件") == expected
    assert badge(client.get(reverse("waiting-badge")).content.decode(), r'gp-count-top"[^>]*>(\d+)<') == expected
    queue = badge(client.get("/cases").content.decode(), r'\?kind=todo"[^>]*>待办 <span class="gp-count">(\d+)<')
    rows = client.get("/api/v1/cases/?kind=todo").json()["items"] if role == "dispatcher" else []
    assert queue == (expected if role == "dispatcher" else 0)
    assert len(rows) == (expected if role == "dispatcher" else 0)


@pytest.mark.parametrize("role", OFFICES)
def test_a_desk_says_what_its_owner_answers_for_and_offers_tools(busy, as_user, role):
    user = User.objects.create(username=f"of-{role}", display_name=role)
    Membership.objects.create(user=user, party=busy.parties["office"], role=role, valid_from="2020-01-01")
    page = as_user(user.username).get("/work").content.decode()
    assert DESKS[role].answers["zh-hans"] in page
    assert DESKS[role].label["zh-hans"] in page
    assert re.search(r'gp-desk-tools"[^>]*><a class="btn btn-primary" href="/', page)


def test_a_resident_has_a_desk_without_figures(town, as_user):
    page = as_user("resident").get("/work").content.decode()
    assert DESKS["resident"].answers["zh-hans"] in page
    assert "desk-figures" not in page
    assert "gp-count-top" not in page


def test_what_is_late_below_stands_on_the_desk_of_who_controls(busy, as_user):
    case = Case.objects.first()
    Case.objects.filter(pk=case.pk).update(overdue=True)
    assert "本单位及下级超期件" in as_user("dispatcher").get("/work").content.decode()
    assert case.number not in as_user("outsider").get("/work").content.decode()


def test_two_scopes_of_one_role_do_not_count_twice(busy, as_user):
    user = User.objects.get(username="dispatcher")
    office = busy.parties["office"]
    Membership.objects.create(user=user, party=office, role="dispatcher", territory="37", valid_from="2020-01-01")
    assert badge(as_user("dispatcher").get("/work").content.decode(), r'gp-tile-value"><span>(\d+)<') == 2


def test_the_one_queue_with_something_in_it_opens(busy, as_user):
    assert as_user("dispatcher").get(reverse("waiting")).headers["Location"] == "/cases"
    assert as_user("handler").get(reverse("waiting")).headers["Location"] == "/work"


def test_whatever_the_profile_puts_on_a_desk_exists():
    pages = {entry.url_name for entry in registry.entries}
    for role in DESKS.values():
        assert set(role.figures) <= set(desk.registry.figures)
        assert set(role.tools) <= pages


def test_a_profile_without_roles_has_those_of_cn():
    assert read_roles("nowhere") == read_roles("cn")


def test_a_count_is_capped():
    assert desk.shown(999) == "999"
    assert desk.shown(1000) == "1000+"
