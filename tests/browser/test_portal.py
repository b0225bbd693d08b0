"""The portal in a browser: help over a page, a live floor."""

from __future__ import annotations

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
