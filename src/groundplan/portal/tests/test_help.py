"""Help on each page, its search and the handbooks."""

from __future__ import annotations

import pytest
from django.urls import reverse

from groundplan.kernel.parties.logic.roles import ROLES
from groundplan.portal.help import texts

pytestmark = pytest.mark.django_db


def test_a_page_links_to_its_own_help(client):
    answer = client.get(reverse("follow"))
    assert reverse("help-page", args=["follow"]) in answer.content.decode()


def test_a_problem_page_has_no_help(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "data-help" not in answer.content.decode()


def test_help_speaks_the_language_of_the_reader(client):
    address = reverse("help-page", args=["report"])
    assert "反映问题" in client.get(address).content.decode()
    assert "Report a problem" in client.get(address, headers={"accept-language": "en"}).content.decode()


def test_the_part_for_the_dialog_has_no_frame(client):
    answer = client.get(reverse("help-page", args=["report"]) + "?part=1").content.decode()
    assert "<html" not in answer
    assert "受理编号" in answer


def test_a_part_of_a_page_shows_the_help_of_its_page(client):
    assert "办件" in client.get(reverse("help-page", args=["case-do"])).content.decode()


@pytest.mark.parametrize("name", ["nonsense", "set-theme"])
def test_what_is_no_page_has_no_help(client, name):
    assert client.get(reverse("help-page", args=[name])).status_code == 404


def test_a_resident_is_offered_what_residents_use(client):
    shown = client.get(reverse("help")).content.decode()
    assert reverse("help-page", args=["report"]) in shown
    assert reverse("help-page", args=["accounts"]) not in shown
    assert reverse("handbook", args=["resident"]) in shown
    assert reverse("handbook", args=["handler"]) not in shown


def test_search_finds_all_words_and_titles_first():
    known = list(texts.pages().values())
    assert texts.search("办件", known)[0].name in {"cases", "case"}
    assert "case" in [each.name for each in texts.search("签收 退单", known)]
    assert texts.search("RETURN", known)
    assert texts.search("没有这样的词语", known) == []
    assert texts.search("   ", known) == []


HOSTILE = ["<script>alert(1)</script>", "%", "\x00", "词" * 5000, "路" + " 灯" * 3000]


@pytest.mark.parametrize("text", HOSTILE, ids=["script", "sign", "nul", "long", "many"])
def test_hostile_searches_find_nothing_and_show_nothing(client, text):
    answer = client.get(reverse("help"), {"text": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("role", list(ROLES))
def test_each_role_has_a_handbook_with_its_pages(client, role):
    shown = client.get(reverse("handbook", args=[role])).content.decode()
    assert 'id="report"' in shown
    assert ('id="cases"' in shown) == (role != "resident")
    assert ('id="account-new"' in shown) == (role == "system_admin")


def test_a_role_that_is_none_has_no_handbook(client):
    assert client.get(reverse("handbook", args=["emperor"])).status_code == 404
