"""Written reports: figures as counted by hand, files that open, four eyes, scope, hostile templates."""

import io
import json
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from docx import Document
from openpyxl import load_workbook

from groundplan.commons.reports import actions as reports
from groundplan.commons.reports import errors
from groundplan.commons.reports import queries as report_queries
from groundplan.commons.reports.logic.periods import Period
from groundplan.commons.reports.models import Report
from groundplan.commons.reports.queries import docx, writing
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.notices.models import Notice
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents.actions import report_incident
from groundplan.systems.incidents.queries import counting
from groundplan.systems.incidents.tests.factories import make_town
from groundplan.systems.incidents.tests.test_figures import MONDAY, run_day

pytestmark = pytest.mark.django_db
BASE = "http://city.example"


@pytest.fixture
def town():
    made = make_town()
    run_day(made)
    made.people["second"] = make_player(made.units["hall"], "supervisor", "second")
    with clock.standing_at(MONDAY + timedelta(days=30)):
        yield made


def monthly(town, source="city-management", person="mayor"):
    return reports.make_report(
        actor=town[person], source=source, kind="monthly", unit=town.units["hall"], day=date(2026, 3, 9)
    )


def table(report, key):
    return next(section for section in report.sections if section["key"] == key)["table"]["rows"]


def test_the_figures_are_those_counted_by_hand_and_lead_to_as_many_cases(town):
    made = monthly(town)
    found = {row[0]["value"]["zh-hans"]: row[1:] for row in table(made, "overview")}
    assert {name: row[0]["value"] for name, row in found.items()} == {
        "受理": 4, "办结": 1, "按期办结": 1, "退回": 1, "期末在办": 3, "期末超期未结": 3, "按期办结率": "1.0000",
    }  # fmt: skip
    assert found["受理"][1]["value"] is None, "no case came in the month before: there is no base"
    client = Client()
    client.force_login(town.people["mayor"].user)
    for name, number in (("受理", 4), ("退回", 1), ("期末超期未结", 3)):
        listed = client.get(found[name][0]["url"]).content.decode()
        assert listed.count("/cases/") == number


def test_growth_is_counted_against_the_month_and_the_year_before(town):
    wanted = counting.Wanted("hotline", date(2026, 3, 1), date(2026, 3, 31))
    texts = ("井盖松动", "夜间施工噪声扰民", "小区门口垃圾无人清运", "公交站牌倒伏")
    for when, times in ((MONDAY - timedelta(days=364), 4), (MONDAY - timedelta(days=28), 2)):
        with clock.standing_at(when):
            for text in texts[:times]:
                report_incident(actor=town["operator"], channel="phone", type="consult", text=text)
    assert counting.counts(town["operator"], wanted)["received"] == 1
    overview = table(monthly(town, "hotline"), "overview")
    assert [cell["value"] for cell in overview[0][1:]] == [1, "-50.0", "-75.0"]
    text = monthly(town, "hotline").sections[0]["text"][0]["zh-hans"]
    assert text.startswith("本期共受理1件，环比下降50.0%，同比下降75.0%；")


def test_docx_and_xlsx_open_and_hold_the_same_figures_links_and_charts(town):
    made = monthly(town)
    text = writing.docx_of(made, "zh-hans", BASE)
    document = Document(io.BytesIO(text))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "市政府" in words
    assert "一、总体情况" in words
    assert [cell.text for cell in document.tables[0].rows[1].cells] == ["受理", "4", "—", "—"]
    links = {rel.target_ref for rel in document.part.rels.values() if rel.is_external}
    assert f"{BASE}{table(made, 'overview')[0][1]['url']}" in links
    with zipfile.ZipFile(io.BytesIO(text)) as archive:
        charts = [name for name in archive.namelist() if name.startswith("word/charts/chart") and name.endswith(".xml")]
        assert len(charts) == 3
        assert "每日受理量".encode() in archive.read(charts[0])
    book = load_workbook(io.BytesIO(writing.xlsx_of(made, "zh-hans", BASE)))
    sheet = book["总体情况"]
    assert [cell.value for cell in sheet[2]] == ["受理", 4, "—", "—"]
    assert sheet["B2"].hyperlink.target.startswith(f"{BASE}/indicators/counted?")
    assert len(book["每日受理量"]._charts) == 1
    english = Document(io.BytesIO(writing.docx_of(made, "en", "")))
    assert english.tables[0].rows[1].cells[0].text == "Received"


def test_a_report_is_checked_by_another_numbered_once_and_recorded(town):
    made = monthly(town)
    with pytest.raises(errors.SecondPersonNeeded):
        reports.check_report(actor=town["mayor"], report=made.public_id, seen=1)
    with pytest.raises(errors.ReportMoved):
        reports.issue_report(actor=town["mayor"], report=made.public_id, seen=1)
    checked = reports.check_report(actor=town["second"], report=made.public_id, seen=1)
    with pytest.raises(errors.ReportMoved):
        reports.check_report(actor=town["second"], report=made.public_id, seen=1)
    issued = reports.issue_report(actor=town["mayor"], report=made.public_id, seen=checked.version)
    assert issued.number == "〔2026〕第1期"
    other = reports.check_report(actor=town["second"], report=monthly(town, "hotline").public_id, seen=1)
    assert reports.issue_report(actor=town["mayor"], report=other.public_id, seen=2).number == "〔2026〕第2期"
    back = reports.withdraw_report(actor=town["second"], report=made.public_id, seen=3, reason="数字有误")
    assert (back.state, back.number) == ("withdrawn", "〔2026〕第1期")
    subject = f"report:{made.public_id}"
    told = Pending.objects.filter(subject=subject).order_by("id").values_list("action", flat=True)
    assert list(told) == ["reports.make", "reports.check", "reports.issue", "reports.withdraw"]


def test_an_edited_text_takes_the_place_of_the_made_one_and_its_editor_does_not_check_it(town):
    made = monthly(town)
    edited = Document(io.BytesIO(writing.docx_of(made, "zh-hans", "")))
    edited.add_paragraph("补充说明：雨季提前。")
    out = io.BytesIO()
    edited.save(out)
    kept = reports.keep_text(actor=town["second"], report=made.public_id, seen=1, content=out.getvalue())
    assert "雨季提前" in "".join(p.text for p in Document(io.BytesIO(writing.docx_of(kept, "zh-hans", ""))).paragraphs)
    with pytest.raises(errors.SecondPersonNeeded):
        reports.check_report(actor=town["second"], report=made.public_id, seen=2)
    with pytest.raises(errors.TemplateRefused):
        reports.keep_text(actor=town["second"], report=made.public_id, seen=2, content=b"%PDF-1.7")
    assert reports.check_report(actor=town["mayor"], report=made.public_id, seen=2).state == "checked"


def test_an_outsider_sees_and_changes_nothing(town):
    made = monthly(town)
    for name in ("outsider", "west-street", "resident"):
        client = Client()
        client.force_login(town.people[name].user)
        for address in ("", "/report.docx", "/report.xlsx"):
            assert client.get(f"/reports/{made.public_id}{address}").status_code in (302, 403, 404)
            assert client.get(f"/api/v1/reports/{made.public_id}{address}").status_code in (401, 403, 404)
        assert client.post(f"/reports/{made.public_id}/withdraw", {"seen": 1, "reason": "x"}).status_code in (302, 403)
    client.force_login(town.people["dispatcher"].user)  # makes reports, but of another unit
    assert client.get(f"/reports/{made.public_id}").status_code == 404
    assert client.get("/api/v1/reports/").json()["items"] == []
    with pytest.raises(NotAllowed):
        monthly(town, person="dispatcher")
    with pytest.raises(errors.ReportNotFound):
        reports.check_report(actor=town["dispatcher"], report=made.public_id, seen=1)
    assert Report.objects.get(pk=made.pk).state == "draft"


def test_a_unit_reports_what_it_sees_and_no_more(town):
    head = make_player(town.units["339902"], "leader", "east-head")
    made = reports.make_report(
        actor=head.actor, source="city-management", kind="monthly", unit=town.units["339902"], day=date(2026, 3, 9)
    )
    assert table(made, "overview")[0][1]["value"] == 1, "only the case that was dispatched anew to the east"


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("yearly", {}), ("special", {}), ("daily", {"day": date(2030, 1, 1)}),
        ("special", {"period": Period(date(2026, 3, 2), date(2026, 3, 1))}),
        ("special", {"period": Period(date(2024, 1, 1), date(2026, 3, 1))}),
        ("special", {"period": Period(date(2026, 3, 1), date(2026, 3, 2)), "about": {"category": "nothing"}}),
        ("special", {"period": Period(date(2026, 3, 1), date(2026, 3, 2)), "about": {"phone": "1"}}),
        ("monthly", {"about": {"category": "06010"}}),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_on_is_refused_and_nothing_is_kept(town, kind, given):
    with pytest.raises(errors.ReportInvalid):
        reports.make_report(actor=town["mayor"], source="hotline", kind=kind, unit=town.units["hall"], **given)
    assert not Report.objects.exists()


def test_a_special_report_speaks_of_its_matter_and_area_alone(town):
    made = reports.make_report(
        actor=town["mayor"], source="city-management", kind="special", unit=town.units["hall"],
        period=Period(date(2026, 3, 2), date(2026, 3, 3)), about={"category": "06010", "district": "339901"},
    )  # fmt: skip
    assert made.title["zh-hans"].endswith("城市管理专报")
    assert {section["key"] for section in made.sections} == {"overview", "days", "late"}
    assert table(made, "overview")[0][1]["value"] == 4


def test_what_is_due_by_schedule_is_drafted_once_and_those_who_check_are_told(town):
    made = reports.set_schedule(
        actor=town["mayor"], source="hotline", kind="weekly", unit=town.units["hall"], active=True, hour=7
    )
    now = clock.now()
    next_monday = now + timedelta(days=7 - now.weekday())
    assert reports.make_due_reports() <= 1
    Report.objects.all().delete()
    with clock.standing_at(next_monday.replace(hour=1)):
        assert reports.make_due_reports() == 1
        assert reports.make_due_reports() == 0
    report = Report.objects.get()
    assert (report.kind, report.made_by, report.schedule_key) == (
        "weekly", "reports:schedule", f"{made.public_id}/{report.first}",
    )  # fmt: skip
    assert Notice.objects.filter(subject=f"report:{report.public_id}").count() == 2
    reports.set_schedule(
        actor=town["mayor"], source="hotline", kind="weekly", unit=town.units["hall"], active=False, hour=7
    )
    with clock.standing_at(next_monday.replace(hour=1) + timedelta(days=7)):
        assert reports.make_due_reports() == 0


def template(*lines):
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04", b"hello", template("{{ organ }}"), template("{{ body }}", "{{ secret }}"),
        template("{{ body }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}"),
        template("{{ body }}", "{% for i in range(10) %}x{% endfor %}"), template("{{ body }}", "{{ organ"),
    ],
    ids=["empty", "cut", "text", "no-body", "unknown", "escape", "statement", "open"],
)  # fmt: skip
def test_a_template_that_cannot_be_filled_in_is_refused(town, content):
    with pytest.raises(errors.TemplateRefused):
        reports.set_letterhead(
            actor=town["mayor"], unit=town.units["hall"], organ={"zh-hans": "兰汀市"}, template=content
        )
    assert report_queries.letterhead_of(town.units["hall"]).pk is None


def test_a_units_own_letterhead_is_on_its_papers(town):
    reports.set_letterhead(
        actor=town["mayor"], unit=town.units["hall"], organ={"zh-hans": "兰汀市热线办公室"}, sign="兰热线",
        template=template("{{ organ }} & 部门", "{{ sign }}{{ number }}", "{{ body }}"),
    )  # fmt: skip
    words = [p.text for p in Document(io.BytesIO(writing.docx_of(monthly(town), "zh-hans", ""))).paragraphs]
    assert words[0] == "兰汀市热线办公室 & 部门"
    assert words[2] == "一、总体情况"
    with pytest.raises(NotAllowed):
        reports.set_letterhead(actor=town["outsider"], unit=town.units["hall"], organ={"zh-hans": "假"})


def test_the_page_and_the_api_make_the_same_report(town):
    client = Client(headers={"X-Requested-With": "test"})
    client.force_login(town.people["mayor"].user)
    unit = town.units["hall"]
    answer = client.post(
        "/reports/make",
        {"source": "hotline", "kind": "monthly", "unit": str(unit.public_id), "day": "2026-03-09"},
        follow=True,
    )
    assert answer.status_code == 200
    assert "总体情况" in answer.content.decode()
    token_free = client.post(
        "/api/v1/reports/",
        json.dumps({"source": "hotline", "kind": "monthly", "unit": unit.code, "day": "2026-03-09"}),
        content_type="application/json",
    )
    assert token_free.status_code == 201, token_free.content
    first, second = Report.objects.order_by("id")
    assert first.sections == second.sections
    bad = client.post("/reports/make", {"source": "hotline", "kind": "special", "unit": str(unit.public_id)})
    assert bad.status_code == 422
    assert client.get("/reports").status_code == 200


def test_text_that_looks_like_a_formula_stays_text_in_the_workbook(town):
    made = monthly(town)
    made.sections[0]["table"]["rows"][0][0] = {"value": "=cmd|'/c calc'!A1", "kind": "text", "url": ""}
    sheet = load_workbook(io.BytesIO(writing.xlsx_of(made, "zh-hans", "")))["总体情况"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=cmd|'/c calc'!A1", "s")


def test_shares_print_with_one_decimal():
    from groundplan.commons.reports.logic.figures import cell_text  # noqa: PLC0415 - beside its only use.

    assert cell_text({"value": str(Decimal("0.3333")), "kind": "percent"}, "zh-hans") == "33.3%"
    assert docx._chinese(21) == "二十一"
    assert SYSTEM.is_system
