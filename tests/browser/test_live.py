"""How soon a change on the server stands on an open page."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

import pytest
from browser.conftest import environment

OPEN_A_CASE = """
import sys, time, django; django.setup()
from groundplan.kernel.events import actions as events
from groundplan.kernel.parties.queries import actor_named
from groundplan.systems.incidents import actions
print("ready", flush=True)
for line in sys.stdin:
    made = actions.report_incident(actor=actor_named("operator"), channel="phone", text=line.strip())
    told = time.time()
    while events.integrate(batch=1000):
        pass
    print(made.case.number, told, flush=True)
"""
OPEN_A_WALL = """
import django; django.setup()
from groundplan.commons.wall.actions import open_wall
from groundplan.kernel.parties.queries import SYSTEM
print(open_wall(actor=SYSTEM, name="hall")[1])
"""
# Remembers when a figure of the day changed, and when the last hint had come; the figure stands first on either page.
WATCH = """selector => {
  window.seen = {};
  window.hintAt = 0;
  const source = new EventSource('/streams/events');
  source.onmessage = () => { window.hintAt = Date.now(); };
  source.onopen = () => { document.body.dataset.watching = 'yes'; };
  const figure = () => Number(document.querySelector(selector).textContent);
  const look = () => { window.seen[figure()] ||= { at: Date.now(), hint: window.hintAt }; };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  return figure();
}"""


@pytest.fixture
def opener(town):
    """Opens a case on the server and hands its event on when it is given a line; tells the moment of its commit."""
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_A_CASE], env=environment(town.samples["now"]), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout.readline().strip() == "ready"

        def opened(text):
            process.stdin.write(text + "\n")
            process.stdin.flush()
            return float(process.stdout.readline().split()[1])

        yield opened
        process.stdin.close()


def wall_of(visitor, town):
    """A wall, opened by the address that its keeper was given."""
    made = subprocess.run(
        [sys.executable, "-c", OPEN_A_WALL], env=environment(town.samples["now"]), check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    page = visitor.page("", "en")
    page.goto(f"/wall#{made.stdout.strip()}")
    page.wait_for_selector(".gp-wall[data-ready=true]", state="attached")
    return page, ".gp-wall-numbers dd"


def floor_of(visitor, town):
    """The command floor of an operator."""
    page = visitor.page("operator", "en")
    page.goto("/command?flow=")
    return page, ".gp-tiles .gp-tile-value"


@pytest.mark.parametrize("shown", [floor_of, wall_of])
def test_a_change_shows_within_a_second_of_its_hint(visitor, town, opener, shown, pictures):
    page, selector = shown(visitor, town)
    page.wait_for_selector("html[data-stream=open]", state="attached")
    before = page.evaluate(WATCH, selector)
    page.wait_for_selector("body[data-watching=yes]", state="attached")
    painted, whole = [], []
    for turn in range(1, 6):
        told = opener(f"{shown.__name__}: 第 {turn} 盏路灯不亮")
        page.wait_for_function("figure => window.seen[figure]", arg=before + turn, timeout=20_000)
        seen = page.evaluate("figure => window.seen[figure]", before + turn)
        painted.append((seen["at"] - seen["hint"]) / 1000)
        whole.append(seen["at"] / 1000 - told)
    if pictures:
        figures = f"hint to page {median(painted):.3f} s, commit to page {median(whole):.3f} s"
        pictures.mkdir(parents=True, exist_ok=True)
        (pictures / f"live-{shown.__name__}.txt").write_text(figures)
    # The machine of a test is shared, so that only the part of the browser is held to its second.
    assert median(painted) <= 1.0
    assert median(whole) <= 3.0
