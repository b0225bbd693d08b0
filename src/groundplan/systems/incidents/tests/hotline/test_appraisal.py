"""Exclusions, appeals and audits: who may ask, who decides, and what the figures say then."""

from datetime import UTC, datetime, timedelta

import pytest

from groundplan.kernel.cases.errors import CaseNotFound, NotYourTask
from groundplan.kernel.cases.models import Case
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.lib import clock
from groundplan.lib.errors import Conflict, NotAllowed, NotFound
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.errors import DrawInvalid, ObjectionInvalid
from groundplan.systems.incidents.logic.rates import Rate
from groundplan.systems.incidents.logic.sampling import sample
from groundplan.systems.incidents.tests.factories import WEST_POINT, complete, make_town, sign

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MONTH = {"start": datetime(2026, 2, 28, 16, 0, tzinfo=UTC), "end": datetime(2026, 3, 31, 16, 0, tzinfo=UTC)}
WHY = {"ground": "mistaken", "statement": "回访时接电话的不是来电人本人。"}


@pytest.fixture
def office():
    """A town whose hotline office has two dispatchers and a supervisor; the clock stands at a Monday."""
    with clock.standing_at(MONDAY):
        town = make_town()
        for name, role in (("second", "dispatcher"), ("quality", "supervisor")):
            town.people[name] = make_player(town.units["hotline-office"], role, name)
        yield town


def closed(town, text, satisfied="no"):
    case = actions.report_incident(
        actor=town["operator"], channel="phone", type="complaint", text=text, category="路灯不亮", point=WEST_POINT
    ).case
    complete(town["operator"], case, "dispatch", type="complaint", matter="路灯不亮")
    sign(town["city-manager"], case, "handle", "lead")
    complete(town["city-manager"], case, "handled", "handle", "lead", reply="路灯已修复，恢复照明。")
    complete(town["operator"], case, "solved", solved="yes", satisfied=satisfied)
    return case


class Door:
    """A client that sends JSON."""

    def __init__(self, client):
        self.client = client

    def get(self, path):
        return self.client.get(path)

    def post(self, path, data):
        return self.client.post(path, data, content_type="application/json")


def figures(town, actor=SYSTEM):
    found = {row.unit.code: row for row in queries.figures(actor, flow="hotline", **MONTH)}
    assert found == {row.unit.code: row for row in queries.figures_plainly(actor, flow="hotline", **MONTH)}
    return found["urban-management"]


def test_an_excluded_case_counts_in_no_figure_and_the_figures_say_how_many(office):
    bad, _good = closed(office, "路灯不亮一"), closed(office, "路灯不亮二", "yes")
    assert figures(office).rates["satisfied"] == Rate(1, 2)
    made = actions.contest_appraisal(
        actor=office["city-manager"], case=bad.public_id, kind="exclusion", ground="law", statement="已在法院诉讼。"
    )
    assert figures(office).left_out == 0
    complete(office["hotline-dispatcher"], made.case, "uphold", opinion="有受理通知书，予以剔除。")
    after = figures(office)
    assert (after.rates["satisfied"], after.rates["handled"], after.left_out) == (Rate(1, 1), Rate(1, 1), 1)


def test_an_upheld_appeal_corrects_the_contested_figure_only(office):
    case = closed(office, "路灯不亮三")
    made = actions.contest_appraisal(
        actor=office["city-manager"], case=case.public_id, kind="appeal", indicator="satisfied", **WHY
    )
    complete(office["second"], made.case, "uphold", opinion="录音核实，更正。")
    after = figures(office)
    assert (after.rates["satisfied"], after.rates["solved"], after.left_out) == (Rate(1, 1), Rate(1, 1), 0)
    hit = queries.figure_cases(
        SYSTEM, flow="hotline", unit=office.units["urban-management"], key="satisfied", hit=True, **MONTH
    )
    assert [row.case_id for row in hit] == [case.pk]


def test_a_refused_appeal_changes_nothing(office):
    case = closed(office, "路灯不亮四")
    made = actions.contest_appraisal(
        actor=office["city-manager"], case=case.public_id, kind="appeal", indicator="satisfied", **WHY
    )
    complete(office["second"], made.case, "refuse", opinion="录音显示为本人。")
    assert figures(office).rates["satisfied"] == Rate(0, 1)


def test_who_asks_does_not_decide_and_outsiders_see_nothing(office):
    case = closed(office, "路灯不亮五")
    made = actions.contest_appraisal(
        actor=office["hotline-dispatcher"], case=case.public_id, kind="exclusion", ground="law", statement="诉讼中。"
    )
    with pytest.raises(NotYourTask, match="另一人"):
        complete(office["hotline-dispatcher"], made.case, "uphold", opinion="同意")
    with pytest.raises(NotYourTask):
        complete(office["city-manager"], made.case, "uphold", opinion="同意")
    with pytest.raises(CaseNotFound):
        actions.contest_appraisal(
            actor=office["outsider"], case=case.public_id, kind="exclusion", ground="law", statement="x"
        )
    assert queries.objections_on(office["outsider"], case) == []
    assert office.people["outsider"].client.get(f"/cases/{made.case.public_id}").status_code == 404
    complete(office["second"], made.case, "uphold", opinion="同意")


def test_what_does_not_fit_is_refused_by_field(office):
    case = closed(office, "路灯不亮六")
    with pytest.raises(ObjectionInvalid) as refused:
        actions.contest_appraisal(
            actor=office["city-manager"], case=case.public_id, kind="appeal", ground="no", statement="", indicator="x"
        )
    assert {item["field"] for item in refused.value.extra["fields"]} == {"ground", "statement", "indicator"}
    with pytest.raises(NotAllowed):
        actions.contest_appraisal(
            actor=office["mayor"], case=case.public_id, kind="exclusion", ground="law", statement="诉讼中"
        )
    given = {"actor": office["city-manager"], "case": case.public_id, "kind": "exclusion", **WHY}
    actions.contest_appraisal(**given)
    with pytest.raises(Conflict):
        actions.contest_appraisal(**given)
    with clock.standing_at(MONDAY + timedelta(days=30)), pytest.raises(ObjectionInvalid, match="期限已过"):
        actions.contest_appraisal(**{**given, "kind": "appeal", "indicator": "solved"})


def test_a_sample_is_drawn_by_its_seed_audited_by_another_and_counts(office):
    cases = [closed(office, f"路灯不亮七{n}号杆", "yes") for n in range(5)]
    before = Pending.objects.filter(action="incidents.draw_sample").count()
    draw = actions.draw_sample(actor=office["hotline-dispatcher"], size=2, seed="0302", **MONTH)
    drawn = [row.about.number for row in draw.cases.order_by("position")]
    assert drawn == sample([case.number for case in cases], seed="0302", size=2)
    assert queries.redrawn(draw)
    assert Pending.objects.filter(action="incidents.draw_sample").count() == before + 1
    first, second = (row.case for row in draw.cases.order_by("position"))
    complete(office["quality"], first, "pass", finding="录音、照片与答复一致")
    complete(office["quality"], second, "fail", finding="现场仍未修复")
    assert figures(office).rates["audited"] == Rate(1, 2)
    listed = queries.draws(office["second"]).get()
    assert (listed.done, listed.failed) == (2, 1)


def test_only_the_hotline_office_draws_and_an_empty_period_gives_no_sample(office):
    with pytest.raises(DrawInvalid):
        actions.draw_sample(actor=office["hotline-dispatcher"], size=2, **MONTH)
    closed(office, "路灯不亮八")
    for actor in (office["dispatcher"], office["outsider"], office["city-manager"]):
        with pytest.raises(NotAllowed):
            actions.draw_sample(actor=actor, size=1, **MONTH)
        assert not queries.draws(actor).exists()
    draw = actions.draw_sample(actor=office["hotline-dispatcher"], size=9, **MONTH)
    assert (draw.size, draw.seed_origin, len(draw.seed)) == (1, "random", 32)
    with pytest.raises(NotFound):
        queries.draw_for(office["dispatcher"], draw.public_id)


def test_a_doubtful_reply_is_shown_before_it_is_sent_and_listed_afterwards(office):
    case = actions.report_incident(
        actor=office["operator"], channel="phone", type="complaint", text="路灯不亮好几天", point=WEST_POINT
    ).case
    complete(office["operator"], case, "dispatch", type="complaint", matter="路灯不亮")
    task = sign(office["city-manager"], case, "handle", "lead")
    client = office.people["city-manager"].client
    sent = {"task": str(task.public_id), "seen": task.version, "outcome": "handled", "field_reply": "感谢您的来电。"}
    shown = client.post(f"/cases/{case.public_id}/complete", sent)
    assert shown.status_code == 422
    assert "未写明办理结果" in shown.content.decode()
    assert Case.objects.get(pk=case.pk).stage == "handle"
    assert client.post(f"/cases/{case.public_id}/complete", {**sent, "advised": "1"}).status_code == 302
    complete(office["operator"], case, "solved", solved="yes", satisfied="yes")
    rows = queries.replies(office["quality"], **MONTH)
    assert [(row.case.number, row.findings) for row in rows] == [(case.number, ("short", "no-result", "template"))]
    assert queries.replies(office["outsider"], **MONTH) == []
    listed = office.people["quality"].client.get("/hotline/replies", {"from": "2026-03-01", "to": "2026-03-31"})
    assert case.number in listed.content.decode()


def test_the_pages_draw_and_object(office):
    case = closed(office, "路灯不亮九")
    client = office.people["quality"].client
    asked = {"start": "2026-03-01", "end": "2026-03-31", "size": "1", "seed": "7"}
    page = client.post("/hotline/audits", asked, follow=True).content.decode()
    assert case.number in page
    assert "结果一致" in page
    assert "历次抽查" in client.get("/hotline/audits").content.decode()
    assert office.people["outsider"].client.get("/hotline/audits").status_code == 403
    handler = office.people["city-manager"].client
    assert "提出剔除或申诉" in handler.get(f"/cases/{case.public_id}").content.decode()
    sent = {"kind": "appeal", "indicator": "satisfied", **WHY}
    page = handler.post(f"/hotline/cases/{case.public_id}/contest", sent, follow=True).content.decode()
    assert "异议审核" in page
    assert "审核中" in handler.get(f"/cases/{case.public_id}").content.decode()
    assert office.people["outsider"].client.post(f"/hotline/cases/{case.public_id}/contest", sent).status_code == 302
    assert case.objections.count() == 1


def test_the_api_says_the_same_and_an_outsider_gets_nothing(office):
    case = closed(office, "路灯不亮十")
    path = "/api/v1/incidents/hotline"
    asked = {"kind": "exclusion", **WHY}
    handler, outsider, quality = (Door(office.people[name].client) for name in ("city-manager", "outsider", "quality"))
    made = handler.post(f"{path}/cases/{case.public_id}/objections", asked)
    assert (made.status_code, made.json()["state"]) == (201, "open")
    assert [row["number"] for row in handler.get(f"{path}/cases/{case.public_id}/objections").json()] == [
        made.json()["number"]
    ]
    assert outsider.post(f"{path}/cases/{case.public_id}/objections", asked).status_code == 404
    assert outsider.get(f"{path}/cases/{case.public_id}/objections").status_code == 404
    period = {name: moment.isoformat() for name, moment in MONTH.items()}
    drawn = quality.post(f"{path}/audits", {**period, "size": 1, "seed": "1"})
    assert (drawn.status_code, drawn.json()["same_again"]) == (201, True)
    assert [row["id"] for row in quality.get(f"{path}/audits").json()["items"]] == [drawn.json()["id"]]
    assert outsider.get(f"{path}/audits/{drawn.json()['id']}").status_code == 404
    assert outsider.post(f"{path}/audits", {**period, "size": 1}).status_code == 403
    found = handler.post(f"{path}/replies/check", {"case": str(case.public_id), "reply": "感谢您的来电。"}).json()
    assert set(found["findings"]) == {"short", "no-result", "template"}
    assert outsider.post(f"{path}/replies/check", {"case": str(case.public_id), "reply": "x"}).status_code == 404
