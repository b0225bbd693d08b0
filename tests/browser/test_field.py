"""Field work on a phone without network: nothing is lost, nothing comes twice, nobody sees what is another's."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys

from axe_playwright_python.sync_playwright import Axe
from browser.conftest import environment
from browser.test_pages import RULES
from PIL import Image
from playwright.sync_api import expect

COUNT = """
import json, sys, django
django.setup()
from groundplan.kernel.cases.models import Case, Step, Task
text, number = sys.argv[1:]
cases = Case.objects.filter(data__description=text)
print(json.dumps({
    "cases": cases.count(), "photos": sum(case.attachments.count() for case in cases),
    "offline": Step.objects.filter(case__in=cases, kind="offline").count(),
    "done": Task.objects.filter(case__number=number, stage__in=("collect", "verify"), state="done").count(),
}))
"""
COMPLETE = """
import sys, django
django.setup()
from groundplan.kernel.cases import actions
from groundplan.kernel.cases.models import Task
from groundplan.kernel.parties import queries
task = Task.objects.filter(case__number=sys.argv[1], state="open", role="inspector").latest("id")
actions.complete_task(actor=queries.actor_named("inspector"), task=task.public_id, seen=None,
    outcome="fail" if task.stage == "verify" else "not_found", data={"finding": "另一采集员已到现场"})
"""
READY = "html[data-ready=true]"


def run(town, code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(town.samples["now"]), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def photo():
    stream = io.BytesIO()
    Image.effect_noise((1800, 1350), 40).convert("RGB").save(stream, "JPEG", quality=60)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def open_field(visitor, language="zh-hans", user="inspector"):
    """The page on a phone, with the shell kept and the tasks taken along."""
    page = visitor.page(user, language, "phone")
    page.goto("/field")
    page.wait_for_selector(READY, state="attached")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    expect(page.locator("#tasks .gp-field-card").first).to_be_visible()
    return page


def report(page, text):
    page.click("#new-report")
    page.set_input_files("#photos", photo())
    expect(page.locator(".gp-field-photos img")).to_have_count(1)
    page.select_option("select[name=category]", index=3)
    page.fill("textarea[name=text]", text)
    page.fill("input[name=place]", "示范路 18 号")
    page.locator("form button[type=submit]").click()
    expect(page.locator("#new-report")).to_be_visible()


def finish_task(page, at):
    """Fill in one of the tasks; its number. Tests run beside one another in the same city: each takes another task."""
    card = page.locator("#tasks .gp-field-card").nth(at)
    number = re.search(r"CG[0-9-]+", card.inner_text()).group()
    card.click()
    page.locator("fieldset label").first.click()
    page.fill("textarea[name=finding]", "现场核实，情况属实")
    page.set_input_files("#photos", photo())
    expect(page.locator(".gp-field-photos img")).to_have_count(1)
    page.locator("form button[type=submit]").click()
    expect(page.locator("#new-report")).to_be_visible()
    return number


def is_accessible(page):
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_work_without_network_arrives_once_though_answers_are_lost(visitor, town, pictures):
    text = "离线上报：人行道地砖破损"
    page = open_field(visitor)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector(READY, state="attached")
    report(page, text)
    number = finish_task(page, 0)
    expect(page.locator("#status")).to_contain_text("未上传 2 件")
    page.reload()
    page.wait_for_selector(READY, state="attached")
    expect(page.locator("#waiting li")).to_have_count(2)
    is_accessible(page)
    if pictures:
        page.screenshot(path=pictures / "field-offline.png", full_page=True)
    lost = []

    def lose(route):
        if len(lost) < 2:
            lost.append(route.fetch().status)  # The server has done it; the phone never hears.
            route.abort()
        else:
            route.continue_()

    page.context.route("**/field/works/*", lose)
    page.context.set_offline(False)
    other = page.context.new_page()
    other.goto("/field")
    # A press while the other tab sends does nothing; on a busy machine it takes some until both have had their turn.
    for _press in range(60):
        page.click("#sync-now")
        other.locator("#sync-now").click()
        page.wait_for_timeout(400)
        if "已全部上传" in page.inner_text("#status"):
            break
    expect(page.locator("#status")).to_contain_text("已全部上传")
    expect(page.locator("#waiting")).to_have_count(0)
    assert lost == [201, 200], "the first answer and its repetition were lost"
    found = json.loads(run(town, COUNT, text, number))
    assert found == {"cases": 1, "photos": 1, "offline": 0, "done": 1}
    assert visitor.complaints == []


def test_a_task_that_moved_meanwhile_is_kept_as_a_conflict_and_attached_as_a_comment(visitor, town, pictures):
    page = open_field(visitor, "en")
    page.context.set_offline(True)
    number = finish_task(page, 1)
    run(town, COMPLETE, number)
    page.context.set_offline(False)
    page.click("#sync-now")
    card = page.locator("#conflicts li")
    expect(card).to_contain_text(number)
    is_accessible(page)
    if pictures:
        page.screenshot(path=pictures / "field-conflict.png", full_page=True)
    card.get_by_role("button", name="Attach to the case as a comment").click()
    expect(page.locator("#conflicts")).to_have_count(0)
    expect(page.locator("#status")).to_contain_text("Everything is sent")
    assert visitor.complaints == []


def test_signing_out_wipes_and_an_expired_sign_in_keeps_what_waits(visitor, town):
    page = open_field(visitor)
    page.context.set_offline(True)
    report(page, "离线上报：路灯不亮，待重新登录")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.reload()
    page.wait_for_selector(READY, state="attached")
    expect(page.locator("#view")).to_contain_text("登录已过期")
    expect(page.locator("#status")).to_contain_text("未上传 1 件")
    assert "离线上报" not in page.inner_text("body")
    # Another account on the same phone: it sees nothing of the first, whose work waits for its owner.
    page.context.add_cookies(list(visitor.sign_in("supervisor")["cookies"]))
    page.goto("/field")
    page.wait_for_selector(READY, state="attached")
    assert "离线上报" not in page.inner_text("body")
    assert "未上传 1 件" not in page.inner_text("body")
    page.context.clear_cookies()
    page.context.add_cookies(cookies)
    page.goto("/field")
    page.wait_for_selector(READY, state="attached")
    expect(page.locator("#status")).to_contain_text("已全部上传", timeout=15_000)
    page.click("#sign-out")
    page.wait_for_url("**/sign-in")
    visitor.states.pop("inspector")  # This session has ended; the next visitor signs in anew.
    left = page.evaluate(
        "Promise.all([indexedDB.databases(), caches.keys()])"
        ".then(([bases, kept]) => [...bases.map(base => base.name), ...kept, ...Object.keys(localStorage)])"
    )
    assert [name for name in left if "inspector" in name or name == "groundplan.field"] == []
    assert [name for name in left if name.startswith("groundplan-field")] == []


def test_the_forms_are_accessible_and_a_full_phone_says_so(visitor, pictures):
    page = open_field(visitor, "en")
    page.locator("#tasks .gp-field-card").first.click()
    page.locator("fieldset label").first.click()
    is_accessible(page)
    if pictures:
        page.screenshot(path=pictures / "field-task.png", full_page=True)
    page.locator("section > button").first.click()
    page.click("#new-report")
    is_accessible(page)
    page.evaluate(
        "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError'); }; }"
    )
    page.select_option("select[name=category]", index=3)
    page.fill("textarea[name=text]", "井盖缺失")
    page.fill("input[name=place]", "示范路 18 号")
    page.locator("form button[type=submit]").click()
    expect(page.locator("form [role=alert]")).to_contain_text("storage is full")
    expect(page.locator("textarea[name=text]")).to_have_value("井盖缺失")
    assert visitor.complaints == []
