"""长者模式: large pages with few choices, a human at hand, the same service."""

import pytest
from django.test import Client

from groundplan.kernel.cases.models import Case
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.tests.factories import make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def elder():
    client = Client()
    client.post("/face", {"face": "elders", "next": "/report"})
    return client


def test_the_face_is_kept_and_left_again(elder):
    page = elder.get("/").content.decode()
    assert 'data-face="elders"' in page
    assert "普通版" in page
    elder.post("/face", {"face": "usual", "next": "https://elsewhere.example/"})
    assert 'data-face="elders"' not in elder.get("/").content.decode()


def test_a_wish_leads_back_to_our_own_pages_only(elder):
    assert elder.post("/face", {"face": "elders", "next": "https://elsewhere.example/"}).headers["Location"] == "/"
    assert elder.post("/face", {"face": "elders", "next": "/follow"}).headers["Location"] == "/follow"


def test_a_human_is_one_press_away_on_every_public_page(elder, monkeypatch):
    monkeypatch.setenv("GROUNDPLAN_HELP_PHONE", "12345")
    for address in ("/", "/report", "/follow", "/help/call-back"):
        page = elder.get(address).content.decode()
        assert 'href="tel:12345"' in page
        assert 'href="/help/call-back"' in page
    assert "tel:" not in Client().get("/").content.decode()


def test_the_form_asks_for_less(elder):
    usual, less = Client().get("/report").content.decode(), elder.get("/report").content.decode()
    assert 'name="type"' in usual
    assert 'name="type"' not in less
    assert "data-map" not in less
    assert 'name="text"' in less


def test_the_whole_journey_in_large_print(elder):
    make_town()
    made = elder.post("/report", {"flow": "hotline", "text": "公园几点开门", "key": "k"}, follow=True)
    incident = Incident.objects.get()
    assert incident.receipt in made.content.decode()
    assert incident.receipt in elder.get("/follow").content.decode()
    assert elder.post("/follow/supplement", {"text": "是周末"}).status_code == 302


def test_a_call_back_is_a_case_and_the_number_is_nowhere_in_the_clear(elder):
    make_town()
    made = elder.post("/help/call-back", {"reporter_phone": "13812345678", "key": "k"}, follow=True)
    case, incident = Case.objects.get(), Incident.objects.get()
    assert incident.receipt in made.content.decode()
    assert queries.follow_code(incident) in made.content.decode()
    assert case.flow == "hotline"
    assert "回电" in case.title
    assert "13812345678" not in f"{case.title} {case.data} {incident.text}"
    assert case.personal
    elder.post("/help/call-back", {"reporter_phone": "13812345678", "key": "k"})
    assert Case.objects.count() == 1


@pytest.mark.parametrize("phone", ["", "1", "电话", "1" * 40])
def test_a_call_back_without_a_number_is_refused(elder, phone):
    assert elder.post("/help/call-back", {"reporter_phone": phone}).status_code == 422
    assert not Case.objects.exists()
