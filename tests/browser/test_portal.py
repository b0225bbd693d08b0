"""The portal in a browser: help over a page, a live floor."""

from __future__ import annotations

import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import environment
from playwright.sync_api import expect


def test_help_opens_over_the_page_and_what_was_typed_stays(visitor):
    page = visitor.page("", "en")
    page.goto("/report")
    page.wait_for_selector("html[data-ready=true]", state="attached")
    page.locator("main textarea").first.fill("a lamp is dark")
    page.get_by_role("link", name="Help for this page").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Tell us about a broken lamp")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert page.locator("main textarea").first.input_value() == "a lamp is dark"
    assert visitor.complaints == []


def test_without_scripts_the_link_leads_to_the_help(visitor):
    page = visitor.page("", "en", java_script_enabled=False)
    page.goto("/follow")
    page.get_by_role("link", name="Help for this page").click()
    assert page.url.endswith("/help/pages/follow")
    expect(page.locator("h1")).to_have_text("Follow a report")


def test_many_cases_are_commented_on_together_by_keyboard_and_pointer(visitor):
    page = visitor.page("dispatcher", "en")
    page.goto("/cases?kind=all")
    page.wait_for_selector("html[data-ready=true]", state="attached")
    for box in page.locator("input.gp-pick").all()[:2]:
        box.check()
    page.get_by_label("With the ticked cases").select_option("comment")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("2 chosen, of which 2 will be handled.")).to_be_visible()
    page.get_by_label("Comment").fill("seen on the floor")
    page.get_by_role("button", name="Confirm: Comment").click()
    expect(page.get_by_role("table")).to_contain_text("Handled")
    assert visitor.complaints == []


def test_a_filter_is_kept_and_opens_the_list(visitor):
    page = visitor.page("hotline", "en")
    page.goto("/cases?kind=all&overdue=1")
    page.get_by_text("Saved filters").click()
    page.get_by_label("Save this filter as").fill("late ones")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="late ones")).to_have_attribute("aria-current", "true")


OPEN_A_WALL = """
import django; django.setup()
from groundplan.commons.wall.actions import open_wall
from groundplan.kernel.parties.queries import SYSTEM
print(open_wall(actor=SYSTEM, name="hall")[1])
"""
WALLS = {"1920x1080": (1920, 1080), "3840x2160": (3840, 2160), "5760x1080": (5760, 1080)}


@pytest.fixture(scope="module")
def wall_code(town):
    made = subprocess.run(
        [sys.executable, "-c", OPEN_A_WALL],
        env=environment(town.samples["now"]), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return made.stdout.strip()


def hung_up(visitor, code, size, language="zh-hans"):
    """A wall of a size, opened by the address that its keeper was given."""
    page = visitor.page("", language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"/wall#{code}")
    page.wait_for_selector(".gp-wall[data-ready=true]", state="attached")
    page.wait_for_selector("[data-map=ready], [data-map=absent]", state="attached", timeout=60_000)
    return page


@pytest.mark.parametrize("size", WALLS)
def test_a_wall_fits_its_screen_and_can_be_read_from_afar(visitor, wall_code, pictures, size):
    wide, high = WALLS[size]
    page = hung_up(visitor, wall_code, (wide, high), "en")
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pictures / f"wall.en.{size}.png")
    scroll = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert scroll[0] <= wide
    assert scroll[1] <= high
    body = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.gp-wall-what')).fontSize)")
    assert body >= high / 50  # 22 px of 1080: about 12 mm on a screen 60 cm high.
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag22aa"]}})
    assert found.violations_count == 0, found.generate_report()
    assert visitor.complaints == []
