"""Plans are approved by a second person; one press opens all cases or none; the record tells what happened."""

import pytest
from django.db import IntegrityError, connection, transaction

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.notices.models import Notice
from groundplan.lib.errors import GroundplanError
from groundplan.systems.linkage import actions, queries
from groundplan.systems.linkage.errors import (
    NotTheCommander,
    PlanInvalid,
    PlanUnknown,
    ResponseInvalid,
    ResponseMoved,
    ResponseUnknown,
    SecondPerson,
)
from groundplan.systems.linkage.logic.workbook import template
from groundplan.systems.linkage.models import LinkedCase, LogEntry, PlanVersion, Response, Suggestion
from groundplan.systems.linkage.tests.factories import PROFILE, make_town, plan_in_force, start

pytestmark = pytest.mark.django_db


def recorded(action):
    return list(Pending.objects.filter(action=action))


def deliver():
    while events.integrate(batch=500):
        pass
    while events.dispatch(batch=500).delivered:
        pass


def test_a_shipped_plan_is_a_draft_until_a_person_approves_it_and_is_drafted_once():
    town = make_town()
    draft = PlanVersion.objects.get(key="urban-waterlogging")
    assert draft.state == "draft"
    with pytest.raises(ResponseMoved):
        actions.start_plan(actor=town["commander"], plan=draft.public_id, level="III", reason="积水")
    actions.approve_plan(actor=town["mayor"], version=draft.public_id)
    assert PlanVersion.objects.get(pk=draft.pk).approved_by == town["mayor"].actor_id
    before = PlanVersion.objects.count()
    actions.load_shipped_plans(actor=town["commander"], profile="cn")
    assert PlanVersion.objects.count() == before


def test_whoever_drafted_a_plan_does_not_approve_it():
    town = make_town()
    text = (PROFILE / "plans" / "urban-waterlogging.yaml").read_bytes().replace(b"15 minutes", b"20 minutes")
    made = actions.import_plan(actor=town["commander"], content=text, filename="plan.yaml")
    with pytest.raises(SecondPerson):
        actions.approve_plan(actor=town["commander"], version=made.public_id)
    before = plan_in_force_of(town)
    actions.approve_plan(actor=town["second"], version=made.public_id)
    assert PlanVersion.objects.get(pk=before.pk).state == "retired"
    assert PlanVersion.objects.get(pk=made.pk).state == "in_force"


def plan_in_force_of(town):
    return actions.approve_plan(
        actor=town["mayor"], version=PlanVersion.objects.get(key="urban-waterlogging", number=1).public_id
    )


def test_an_outsider_sees_and_changes_no_plan():
    town = make_town()
    plan = plan_in_force(town)
    text = (PROFILE / "plans" / "urban-waterlogging.yaml").read_bytes()
    assert not queries.plans_for(town["stranger"]).exists()
    with pytest.raises(NotTheCommander):
        actions.import_plan(actor=town["stranger"], content=text, filename="x.yaml")
    for act in (
        lambda: actions.approve_plan(actor=town["stranger"], version=plan.public_id),
        lambda: actions.retire_plan(actor=town["stranger"], version=plan.public_id, reason="x"),
        lambda: actions.start_plan(actor=town["stranger"], plan=plan.public_id, level="III", reason="x"),
    ):
        with pytest.raises(PlanUnknown):
            act()
    assert Case.objects.count() == 0


def test_the_filled_template_is_a_plan_and_a_wrong_cell_is_named():
    town = make_town()
    made = actions.import_plan(actor=town["commander"], content=template(), filename="预案.xlsx")
    plan = queries.plan_of(made)
    assert [task.key for task in plan.tasks] == ["drain", "people"]
    assert plan.tasks[0].limit == "2 hours"
    assert plan.tasks[0].resources[0].amount == 4
    assert plan.tasks[1].unit.territory == "district"
    assert plan.triggers[0].words == ("积水", "内涝")
    with pytest.raises(PlanInvalid) as refused:
        actions.import_plan(actor=town["commander"], content=b"not a workbook", filename="预案.xlsx")
    assert refused.value.extra["problems"]


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"party: water", b"party: nobody"),
        (b"role: rescue", b"role: none"),
        (b"2 hours", b"soon"),
        (b"amount: 6", b"amount: -6"),
    ],
)
def test_a_plan_that_names_what_does_not_exist_is_refused(found, put):
    town = make_town()
    text = (PROFILE / "plans" / "urban-waterlogging.yaml").read_bytes().replace(found, put, 1)
    with pytest.raises(PlanInvalid):
        actions.import_plan(actor=town["commander"], content=text, filename="plan.yaml")


def test_one_press_opens_the_cases_of_all_units_with_their_limits():
    town = make_town()
    response = start(town, key="one press")
    linked = LinkedCase.objects.filter(response=response).select_related("case", "party")
    assert {each.party.code for each in linked} == {
        "water", "public-security", "urban-management", "transport", "d339901"
    }  # fmt: skip
    assert response.number.startswith("LDXY")
    assert len(recorded("linkage.start_plan")) == 1
    drain = linked.get(task="drain").case
    assert drain.flow == "linkage"
    assert "移动泵车 6 台" in drain.data["resources"]
    assert (drain.due_at - drain.opened_at).total_seconds() == 2 * 3600
    assert start(town, key="one press").pk == response.pk
    assert Case.objects.count() == 5


def test_one_missing_unit_and_nothing_is_opened():
    town = make_town()
    plan_in_force(town)
    with pytest.raises(ResponseInvalid):
        start(town, district="")
    with pytest.raises(ResponseInvalid):
        start(town, district="999999")
    with pytest.raises(ResponseInvalid):
        start(town, level="I")
    assert (Case.objects.count(), Response.objects.count(), recorded("linkage.start_plan")) == (0, 0, [])


def test_an_exercise_is_marked_everywhere_and_counted_nowhere():
    town = make_town()
    response = start(town, exercise=True)
    assert response.number.startswith("YLXY")
    for case in Case.objects.all():
        assert case.flow == "linkage-exercise"
        assert case.number.startswith("YL")
        assert case.title.startswith("【演练】")
        assert case.data["exercise"] is True
    assert queries.figures(town["commander"])["responses"] == 0
    assert queries.figures(town["commander"])["tasks"] == 0
    start(town)
    assert queries.figures(town["commander"])["responses"] == 1
    assert queries.figures(town["commander"])["tasks"] == 5


def test_the_flow_of_exercises_differs_in_its_names_only():
    real, exercise = (
        (PROFILE / "flows" / f"{name}.yaml").read_text(encoding="utf-8").partition("start:")[2]
        for name in ("linkage", "linkage-exercise")
    )
    assert real == exercise


def test_what_units_do_is_heard_and_stands_in_the_log():
    town = make_town()
    response = start(town)
    task = Task.objects.get(case__linkage__task="drain", state="offered")
    cases.sign_task(actor=town["water"], task=task.public_id, seen=None)
    cases.complete_task(actor=town["water"], task=task.public_id, seen=None, outcome="done", data={"result": "已排干"})
    confirm = Task.objects.get(case=task.case, state="open")
    cases.complete_task(actor=town["commander"], task=confirm.public_id, seen=None, outcome="confirm")
    deliver()
    deliver()
    lines = [entry.text["zh-hans"] for entry in queries.log_of(response)]
    assert [line for line in lines if "已签收" in line] == [f"water {task.case.number} 已签收。"]
    assert sum("已办结" in line for line in lines) == 1
    assert sum("已办理" in line for line in lines) == 1
    shown = {each.task.key: each for each in queries.tasks_of(response)}
    assert (shown["drain"].state, shown["drain"].result, shown["traffic"].state) == ("done", "已排干", "waiting")


def test_the_log_can_be_neither_changed_nor_deleted():
    town = make_town()
    entry = actions.write_log(actor=town["water"], response=start(town).public_id, text="泵车到位")
    for statement in ("UPDATE linkage_log_entry SET kind = 'x'", "DELETE FROM linkage_log_entry"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert LogEntry.objects.get(pk=entry.pk).text == {"zh-hans": "泵车到位"}
    with pytest.raises(ResponseInvalid):
        actions.write_log(actor=town["water"], response=entry.response.public_id, text=" \x00 ")


def test_raising_the_level_opens_what_it_adds_and_ending_needs_all_done():
    town = make_town()
    response = start(town)
    with pytest.raises(NotTheCommander):
        actions.change_level(actor=town["water"], response=response.public_id, seen=None, level="II", reason="x")
    raised = actions.change_level(
        actor=town["commander"], response=response.public_id, seen=1, level="II", reason="雨势加大"
    )
    assert LinkedCase.objects.filter(response=response).count() == 6
    with pytest.raises(ResponseMoved):
        actions.change_level(actor=town["second"], response=response.public_id, seen=1, level="IV", reason="x")
    with pytest.raises(ResponseMoved):
        actions.end_response(actor=town["commander"], response=response.public_id, seen=None, conclusion="完")
    ended = actions.end_response(
        actor=town["commander"],
        response=response.public_id,
        seen=raised.version,
        conclusion="处置完毕",
        cancel_open=True,
    )
    assert ended.state == "ended"
    assert set(Case.objects.values_list("state", flat=True)) == {"cancelled"}
    with pytest.raises(ResponseMoved):
        actions.write_log(actor=town["commander"], response=response.public_id, text="迟了")


def test_an_outsider_sees_and_changes_no_response():
    town = make_town()
    response = start(town)
    made = actions.draft_warning(actor=town["commander"], response=response.public_id, headline="积水", description="x")
    records = Pending.objects.count()
    for person in ("outsider", "stranger"):
        assert not queries.responses_for(town[person]).exists()
        for act in (
            lambda actor: queries.response_for(actor, response.public_id),
            lambda actor: queries.warning_xml(actor, made.public_id),
            lambda actor: actions.write_log(actor=actor, response=response.public_id, text="x"),
            lambda actor: actions.end_response(actor=actor, response=response.public_id, seen=None, conclusion="x"),
            lambda actor: actions.decide_warning(actor=actor, warning=made.public_id, approve=True),
            lambda actor: actions.draft_warning(
                actor=actor, response=response.public_id, headline="x", description="x"
            ),
        ):
            with pytest.raises(ResponseUnknown):
                act(town[person])
    assert Pending.objects.count() == records
    assert queries.responses_for(town["water"]).count() == 1


def test_enough_reports_of_a_district_suggest_the_plan_once_and_start_nothing():
    town = make_town()
    plan = plan_in_force(town)
    text = (PROFILE / "flows" / "linkage.yaml").read_text(encoding="utf-8")
    cases.import_flow(actor=town["mayor"], text=text.replace("flow: linkage", "flow: hotline", 1), origin="test")
    for number in range(7):
        cases.open_case(
            actor=town["commander"], flow="hotline", title=f"第 {number} 处道路积水",
            division_codes={"district": "339901"},
            data={"unit": "water", "commander": "command-centre", "limit": "2 hours", "sign_limit": "15 minutes"},
        )  # fmt: skip
    deliver()
    made = Suggestion.objects.get()
    assert (made.plan_id, made.level, made.district, made.found) == (plan.pk, "III", "339901", 5)
    assert Response.objects.count() == 0
    assert Notice.objects.filter(kind="linkage.suggested").count() == 2
    assert list(queries.suggestions_for(town["commander"])) == [made]
    assert not queries.suggestions_for(town["stranger"]).exists()
    response = start(town)
    assert Suggestion.objects.get().response == response
    assert not queries.suggestions_for(town["commander"]).exists()


def test_errors_of_linkage_are_of_the_house():
    with pytest.raises(GroundplanError):
        raise PlanUnknown
