from pathlib import Path

import pytest
import yaml

import groundplan
from groundplan.kernel.cases import actions
from groundplan.kernel.cases.errors import FlowInvalid, FlowUnknown
from groundplan.kernel.cases.queries.flows import version_in_force
from groundplan.kernel.cases.tests.factories import FLOW, make_city, open_repair
from groundplan.kernel.parties.queries import SYSTEM

SHIPPED = sorted((Path(groundplan.__file__).parent / "profiles").glob("*/flows/*.yaml"))


def changed(**at):
    """The flow with values put in at dotted places; None takes away."""
    document = yaml.safe_load(FLOW)
    for place, value in at.items():
        *path, last = place.split("__")
        inner = document
        for part in path:
            inner = inner[part]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return yaml.safe_dump(document, allow_unicode=True)


def faults(text):
    with pytest.raises(FlowInvalid) as refused:
        actions.valid_flow(text=text)
    return {problem["where"]: problem["reason"] for problem in refused.value.extra["problems"]}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_flows_are_valid(path):
    assert actions.valid_flow(text=path.read_text(encoding="utf-8")).flow == path.stem


def test_an_unknown_stage_is_named():
    found = faults(changed(stages__check__outcomes__fine__to="clsoed"))
    assert "'clsoed' is no stage" in found["stages.check.outcomes.fine.to"]


def test_an_unreachable_stage_is_named():
    lonely = {"kind": "end", "label": {"zh-hans": "孤"}, "outcome": "x"}
    assert faults(changed(stages__lonely=lonely)) == {"stages.lonely": "cannot be reached from the start"}


def test_a_cycle_that_cannot_end_is_named():
    found = faults(
        changed(
            stages__check__outcomes={"again": {"label": {"zh-hans": "重办"}, "to": "handle"}},
            stages__accept__outcomes__answer=None,
            stages__closed=None,
        )
    )
    assert "cannot end" in found["stages.handle"]


def test_a_missing_owner_is_named():
    assert faults(changed(stages__accept__owner=None)) == {"stages.accept.owner": "is missing"}


def test_guards_on_unknown_fields_and_ill_typed_guards_are_named():
    found = faults(changed(stages__accept__outcomes__answer__when={"kidn": '"lamp"'}))
    assert "'kidn' is no field" in found["stages.accept.outcomes.answer.when.kidn"]
    found = faults(changed(stages__accept__outcomes__answer__when={"cost": '"much"'}))
    assert "does not fit type decimal" in found["stages.accept.outcomes.answer.when.cost"]
    found = faults(changed(stages__accept__outcomes__answer__when={"cost": "[5..1]"}))
    assert "stages.accept.outcomes.answer.when.cost" in found


def test_misspelt_keys_and_wrong_spans_are_named():
    found = faults(changed(stages__accept__limti="30 minutes"))
    assert "stages.accept.limti" in found
    found = faults(changed(stages__accept__limit="soon"))
    assert "no time span" in found["stages.accept.limit"]


def test_a_stage_in_which_every_outcome_is_guarded_is_refused():
    found = faults(changed(stages__accept__outcomes__dispatch__when={"kind": '"lamp"'}))
    assert "every outcome is guarded" in found["stages.accept.outcomes"]


def test_rule_stages_that_follow_each_other_for_ever_are_refused():
    rule = {"kind": "rule", "rule": "r", "next": [{"to": "turn", "when": {"kind": '"lamp"'}}, {"to": "closed"}]}
    found = faults(changed(stages__turn=rule, stages__check__outcomes__fine__to="turn"))
    assert "cycle of rule stages" in found["stages.turn"]


def test_a_cycle_that_only_a_return_could_end_is_named_with_every_stage_in_it():
    found = faults(changed(stages__check__outcomes__fine__to="handle"))
    assert found == dict.fromkeys(("stages.handle", "stages.check"), "is in a cycle that only a return could end")


def test_a_cycle_through_tasks_for_units_of_which_there_may_be_none_is_refused():
    each = {"label": {"zh-hans": "协办"}, "for_each": "helpers"}
    spread = {"kind": "parallel", "label": {"zh-hans": "分办"}, "tasks": {"each": each}, "to": "turn"}
    rule = {"kind": "rule", "rule": "r", "next": [{"to": "spread", "when": {"kind": '"lamp"'}}, {"to": "closed"}]}
    found = faults(changed(stages__turn=rule, stages__spread=spread, stages__check__outcomes__fine__to="turn"))
    assert "without a person" in found["stages.spread"]
    assert "cycle of rule stages" in found["stages.turn"]


def test_a_stage_that_leads_only_to_itself_is_named():
    own = {"kind": "task", "label": {"zh-hans": "自转"}, "owner": {"party": "office"}, "outcomes": {
        "again": {"label": {"zh-hans": "重来"}, "to": "own"}}}  # fmt: skip
    found = faults(changed(stages__own=own, stages__accept__outcomes__dispatch__to="own"))
    assert "cannot end" in found["stages.own"]
    assert found["stages.handle"] == "cannot be reached from the start"


def test_a_stage_that_is_written_twice_is_refused_and_not_lost():
    text = FLOW + "  check: {kind: end, label: {zh-hans: 完}, outcome: x}\n"
    line = text.splitlines().index("  check: {kind: end, label: {zh-hans: 完}, outcome: x}") + 1
    assert faults(text) == {"check": f"is given twice, in line {line}: the first would be lost"}


def test_a_file_nested_without_end_is_refused():
    assert "nested" in faults("a: " + "[" * 3000 + "]" * 3000)["file"]
    assert faults("flow: &x\n  - *x\n")


def test_what_is_no_flow_at_all_is_refused():
    assert "is not YAML" in faults("a: [")["file"]
    assert "is not a mapping" in faults("- a")["file"]


@pytest.mark.django_db
def test_running_cases_stay_on_their_version():
    city = make_city()
    before = open_repair(city)
    made = actions.import_flow(actor=SYSTEM, text=changed(label={"zh-hans": "报修二", "en": "Repairs 2"}))
    after = open_repair(city)
    assert (before.flow_version.number, after.flow_version.number, made.number) == (1, 2, 2)


@pytest.mark.django_db
def test_an_upgrade_brings_drafts_and_never_touches_a_citys_flow():
    make_city()
    made = actions.import_flow(
        actor=SYSTEM, text=changed(label={"zh-hans": "出厂", "en": "Shipped"}), origin="shipped/repair.yaml"
    )
    assert not made.in_force
    assert version_in_force("repair").number == 1
    actions.put_flow_in_force(actor=SYSTEM, key="repair", number=2)
    assert version_in_force("repair").number == 2
    with pytest.raises(FlowUnknown):
        actions.put_flow_in_force(actor=SYSTEM, key="repair", number=9)
