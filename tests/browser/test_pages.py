"""Every page, in both languages, wide and on a phone: accessible, within its width, quiet in the console."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import LANGUAGES, SIZES
from browser.inventory import EXEMPT, PAGES, VIEWS
from django.urls import get_resolver

ALL = PAGES | VIEWS
# Both languages and both widths are looked at for accessibility, but not each with each: it takes the most time.
LOOKED_AT = {("zh-hans", "wide"), ("en", "phone")}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def url_names():
    def walk(patterns):
        for entry in patterns:
            if hasattr(entry, "url_patterns"):
                if "api/" not in str(entry.pattern):
                    yield from walk(entry.url_patterns)
            elif entry.name:
                yield entry.name

    return sorted(set(walk(get_resolver().url_patterns)))


def test_no_page_is_forgotten():
    assert [name for name in url_names() if name not in PAGES and name not in EXEMPT] == []
    assert [name for name in [*PAGES, *EXEMPT] if name not in url_names()] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_page_is_accessible_fits_and_is_quiet(name, language, visitor, town, pictures):
    user, path = ALL[name]
    address = path.format(**town.samples)
    for size in SIZES:
        page = visitor.page(user, language, size)
        answer = page.goto(address)
        assert answer.status == (404 if name == "not-found" else 200), f"{address} answers {answer.status}"
        page.wait_for_selector("html[data-ready=true]", state="attached")
        if page.locator("[data-map]").count():
            page.wait_for_selector("[data-map=ready], [data-map=absent]", state="attached", timeout=60_000)
        if pictures:
            pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=pictures / f"{name}.{language}.{SIZES[size]['width']}.png", full_page=True)
        assert page.locator("h1").count() == 1
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} is {wide} px wider than {SIZES[size]['width']}"
        if (language, size) in LOOKED_AT:
            # An address with a # scrolls, and what lies under the head of the page then would count as covered.
            page.evaluate("window.scrollTo(0, 0)")
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, found.generate_report()
        if (language, size) == ("en", "wide"):
            assert chinese_words(page) == []
            # Last, since a page does not come back from paper to the screen as it was.
            page.emulate_media(media="print")
            assert page.evaluate(PALE_ON_PAPER) == []
        page.close()
    assert visitor.complaints == []


# What would be printed and hardly seen (text paler than 3:1, WCAG 1.4.3), or is of no use on paper.
PALE_ON_PAPER = """() => {
  const light = text => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    const part = [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return { value: 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2], seen: a > 0.5 };
  };
  const behind = node => {
    for (; node; node = node.parentElement) {
      const found = light(getComputedStyle(node).backgroundColor);
      if (found.seen) return found.value;
    }
    return 1;
  };
  const shown = node => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    if (!shown(node) || node.closest("svg, [aria-hidden=true], .visually-hidden")) continue;
    if (node.matches("button, .btn, .gp-nav")) found.push("of no use: " + node.outerHTML.slice(0, 80));
    if (![...node.childNodes].some(each => each.nodeType === 3 && each.textContent.trim())) continue;
    const [ink, paper] = [light(getComputedStyle(node).color).value, behind(node)];
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (contrast < 3) found.push(contrast.toFixed(1) + ": " + node.outerHTML.slice(0, 80));
  }
  return found.slice(0, 5);
}"""


def chinese_words(page):
    """Chinese in an English page is a name or a text of the city, never a word of ours: a label, a button, a column."""
    words = page.eval_on_selector_all(
        "h2, summary, label, thead th, button, legend, nav a, caption",
        "nodes => nodes.filter(n => !n.closest('[lang^=zh], .gp-account, tbody')).map(n => n.textContent.trim())",
    )
    return [word for word in words if any("\u4e00" <= letter <= "\u9fff" for letter in word)]


@pytest.mark.parametrize("name", ["front", "home", "case", "command"])
def test_the_dark_theme_is_as_accessible(name, visitor, town):
    user, path = ALL[name]
    page = visitor.page(user)
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": town.address}])
    page.goto(path.format(**town.samples))
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
