import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from groundplan.portal.context import map_base
from groundplan.portal.security import tile_source


@pytest.mark.django_db
def test_the_front_page_answers_with_a_strict_policy(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_missing_page_teaches_in_the_language_of_the_reader(client):
    answer = client.get("/nowhere", headers={"accept-language": "en"})
    assert answer.status_code == 404
    assert "Check the address or number" in answer.content.decode()


@pytest.mark.django_db
def test_a_wished_theme_is_kept_and_leads_back_to_our_own_pages_only(client):
    answer = client.post("/theme", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"
    assert '<html lang="zh-Hans" data-bs-theme="dark"' in client.get("/").content.decode()


@pytest.mark.django_db
def test_no_page_holds_a_script_or_a_style_of_its_own(client):
    page = client.get("/components").content.decode()
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []
    assert re.findall(r"<style|\son\w+=|\sstyle=", page) == []


def test_a_base_map_without_its_approval_number_is_not_shown(monkeypatch):
    monkeypatch.setenv("GROUNDPLAN_MAP_TILES", "https://tiles.example/{z}/{x}/{y}.png")
    assert map_base() == {}
    monkeypatch.setenv("GROUNDPLAN_MAP_APPROVAL", "GS(2026)0001")
    assert map_base()["approval"] == "GS(2026)0001"
    assert tile_source() == " https://tiles.example"


def compressed(*names):
    folder = Path(finders.find("dist/portal.css")).parent
    return sum((folder / f"{name}.gz").stat().st_size for name in names)


def test_a_first_load_is_small_and_the_map_is_bounded():
    assert compressed("portal.css", "portal.js") <= 300_000
    assert compressed("map.js", "maplibre-gl-worker.mjs", "maplibre.css") <= 500_000
