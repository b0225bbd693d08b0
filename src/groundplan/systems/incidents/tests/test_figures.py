"""The indicators: by hand on a small day, and set-based equal to plain on a mixed one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.parties.queries import ANONYMOUS, SYSTEM
from groundplan.lib import clock
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.logic.rates import Rate, example_score
from groundplan.systems.incidents.tests.factories import EAST_POINT, WEST_POINT, complete, make_town, open_task, sign

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in the city, a work day.
MONTH = {"start": datetime(2026, 2, 28, 16, 0, tzinfo=UTC), "end": datetime(2026, 3, 31, 16, 0, tzinfo=UTC)}


def patrol(town, number, point=WEST_POINT):
    case = actions.report_incident(
        actor=town["inspector"], channel="inspector", flow="city-management", kind="matter", category="06010",
        text=f"暴露垃圾第 {number} 处", point=point,
    ).case  # fmt: skip
    complete(town["registrar"], case, "file", kind="matter", category="06010")
    complete(town["dispatcher"], case, "dispatch")
    return case


def run_day(town):
    """Four cases: closed in time, reworked, returned and dispatched anew, left lying; one hotline case called back."""
    with clock.standing_at(MONDAY):
        good, poor, wrong, lying = (patrol(town, n) for n in range(4))
        call = actions.report_incident(
            actor=town["operator"], channel="phone", type="help", text="路灯不亮", category="路灯不亮",
            point=EAST_POINT, reporter_phone="13800138000",
        ).case  # fmt: skip
        complete(town["operator"], call, "dispatch", type="help", matter="路灯不亮")
    with clock.standing_at(MONDAY + timedelta(hours=1)):
        for case in (good, poor):
            sign(town["west-street"], case)
            complete(town["west-street"], case, "handled", result="已清")
            complete(town["dispatcher"], case, "confirm")
        complete(town["inspector"], good, "pass", finding="干净")
        complete(town["supervisor"], good, "close", grade="good")
        complete(town["inspector"], poor, "fail", finding="仍有残留")
        sign(town["west-street"], wrong)
        task = open_task(wrong, "handle")
        cases.return_task(actor=town["west-street"], task=task.public_id, seen=None, reason="属东区")
        ruling = open_task(wrong, "dispute")
        cases.rule_return(actor=town["dispatcher"], task=ruling.public_id, seen=None, uphold=True)
        complete(town["dispatcher"], wrong, "dispatch", lead_party="s339902001")
        sign(town["city-manager"], call, "handle", "lead")
        complete(town["city-manager"], call, "handled", "handle", "lead", reply="已修复")
        complete(town["operator"], call, "solved", solved="yes", satisfied="basic")
    return lying


def test_the_rates_of_a_small_day_are_those_counted_by_hand():
    town = make_town()
    run_day(town)
    with clock.standing_at(MONDAY + timedelta(days=3)):
        found = {row.unit.code: row.rates for row in queries.figures(SYSTEM, flow="city-management", **MONTH)}
        west = found["s339901001"]
        # Lead tasks due: good, poor (done), poor again after the failed check (open), lying (open).
        assert west["handled"] == Rate(2, 4)
        assert west["handled_in_time"] == Rate(2, 4)
        assert west["waiting_overdue"] == Rate(2, 4)
        assert west["closed"] == Rate(1, 3)
        assert west["reworked"] == Rate(1, 3)
        assert found["command-centre"]["dispatched_right"] == Rate(5, 6)
        assert found["supervision-centre"]["filed_in_time"] == Rate(4, 4)
        assert found["supervision-centre"]["valid"] == Rate(4, 4)
        calls = {row.unit.code: row.rates for row in queries.figures(SYSTEM, flow="hotline", **MONTH)}
        assert calls["urban-management"]["responded"] == Rate(1, 1)
        assert calls["urban-management"]["solved"] == Rate(1, 1)
        assert calls["urban-management"]["satisfied"] == Rate(1, 1)


@pytest.mark.parametrize("flow", queries.FLOWS)
@pytest.mark.parametrize("reader", ["system", "mayor", "west-street", "dispatcher"])
def test_the_set_based_figures_equal_the_plain_ones(flow, reader):
    town = make_town()
    run_day(town)
    actor = SYSTEM if reader == "system" else town[reader]
    with clock.standing_at(MONDAY + timedelta(days=3)):
        fast, plain = queries.figures(actor, flow=flow, **MONTH), queries.figures_plainly(actor, flow=flow, **MONTH)
        assert fast == plain
        assert fast or reader in ("west-street", "dispatcher")


def test_each_number_leads_to_its_cases():
    town = make_town()
    lying = run_day(town)
    unit = town.units["339901001"]
    with clock.standing_at(MONDAY + timedelta(days=3)):
        late = queries.figure_cases(
            town["west-street"], flow="city-management", **MONTH, unit=unit, key="waiting_overdue", hit=True
        )
        assert lying.number in {incident.receipt for incident in late}
        assert len(late) == 2


def test_an_outsider_sees_no_unit_but_their_own():
    town = make_town()
    run_day(town)
    with clock.standing_at(MONDAY + timedelta(days=3)):
        for outsider in (town["outsider"], town["resident"], ANONYMOUS):
            assert queries.figures(outsider, flow="city-management", **MONTH) == []
        hidden = queries.figure_cases(
            town["outsider"], flow="city-management", **MONTH, unit=town.units["339901001"], key="handled", hit=None
        )
        assert not hidden.exists()


def test_the_example_score_is_100_when_all_is_well_and_0_when_nothing_is():
    well = {"handled": Rate(2, 2), "handled_in_time": Rate(2, 2)}
    ill = {
        "handled": Rate(0, 2), "handled_in_time": Rate(0, 2), "reworked": Rate(2, 2),
        "waiting_overdue": Rate(2, 2), "extended": Rate(2, 2),
    }  # fmt: skip
    assert example_score(well) == Decimal(100)
    assert example_score(ill) == Decimal(0)


def test_the_map_joins_many_points_and_shows_only_what_the_reader_may_see():
    town = make_town()
    run_day(town)
    box = (123.0, 29.0, 123.2, 29.2)
    near = queries.map_features(town["dispatcher"], bbox=box, zoom=17, state="all")
    far = queries.map_features(town["dispatcher"], bbox=box, zoom=3, state="all")
    assert (near["numberReturned"], near["clustered"]) == (4, False)
    assert sum(feature["properties"]["count"] for feature in far["features"]) == 4
    assert far["clustered"]
    assert queries.map_features(town["outsider"], bbox=box, zoom=17, state="all")["features"] == []
    assert queries.map_features(ANONYMOUS, bbox=box, zoom=17, state="all")["features"] == []


def test_the_figures_of_the_districts_add_up_to_those_of_the_day():
    town = make_town()
    run_day(town)
    actions.report_incident(actor=town["operator"], channel="phone", type="complaint", text="不知何处水管漏水")
    with clock.standing_at(MONDAY + timedelta(hours=2)):
        whole = queries.today_figures(SYSTEM)
        found = {each.code: each for each in queries.district_figures(SYSTEM)}
        assert queries.district_figures(town["outsider"]) == []
    assert list(found) == ["339901", "339902", ""]
    assert found["339901"].name["zh-hans"] == "名339901"
    assert found["339901"].figures.returned == whole.returned == 1
    for name in ("opened", "active", "overdue", "closed"):
        assert sum(getattr(each.figures, name) for each in found.values()) == getattr(whole, name)
    assert whole.closed == 2


def test_list_figures_and_map_agree_on_what_is_late():
    town = make_town()
    lying = run_day(town)
    with clock.standing_at(MONDAY + timedelta(days=90)):
        rows = queries.latest_incidents(SYSTEM)
        figures = queries.today_figures(SYSTEM)
        shown = queries.map_features(SYSTEM, bbox=(-180, -90, 180, 90), zoom=12)
    assert [row.late for row in rows] == sorted((row.late for row in rows), reverse=True)
    late = {row.case_id for row in rows if row.late}
    assert lying.pk in late
    assert not lying.overdue
    assert len(late) == figures.overdue == sum(feature["properties"]["overdue"] for feature in shown["features"])
