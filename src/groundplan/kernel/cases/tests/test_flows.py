import json
import time
from pathlib import Path

import pytest
import yaml

import groundplan
from groundplan.kernel.cases import actions
from groundplan.kernel.cases.errors import FlowInvalid, FlowUnknown
from groundplan.kernel.cases.logic import check
from groundplan.kernel.cases.logic.flow import Flow
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


def test_aliases_that_unfold_without_end_are_refused_at_once():
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    begun = time.process_time()
    assert "aliases unfold" in faults("\n".join(lines))["file"]
    assert "stands for itself" in faults("flow: &x {y: *x}")["file"]
    assert "characters" in faults("# " + "长" * 2_000_001)["file"]
    assert time.process_time() - begun < 5


def test_a_modest_alias_is_read():
    text = FLOW.replace("label: {zh-hans: 回访, en: Call-back}", "label: &call {zh-hans: 回访, en: Call-back}").replace(
        "label: {zh-hans: 受理, en: Acceptance}", "label: *call", 1
    )
    # The first stage uses the label of a later one: an alias comes after its anchor, so YAML itself refuses this.
    assert "is not YAML" in faults(text)["file"]
    text = FLOW.replace(
        "label: {zh-hans: 受理, en: Acceptance}", "label: &name {zh-hans: 受理, en: Acceptance}", 1
    ).replace("label: {zh-hans: 回访, en: Call-back}", "label: *name")
    assert actions.valid_flow(text=text).stages["check"].label == {"zh-hans": "受理", "en": "Acceptance"}


def chain(count, last="closed"):
    """A flow of many stages, one after the other, as data."""
    document = yaml.safe_load(FLOW)
    document["stages"] = {"closed": document["stages"]["closed"]}
    for number in range(count):
        to = f"s{number + 1}" if number + 1 < count else last
        document["stages"][f"s{number}"] = {
            "kind": "task", "label": {"zh-hans": f"环节{number}"}, "owner": {"party": "office"},
            "outcomes": {"go": {"label": {"zh-hans": "下一步"}, "to": to}},
        }  # fmt: skip
    return document | {"start": "s0", "reopen_to": None}


def told(document):
    found = check.check_flow(Flow.model_validate(document), compile_test=lambda *_: None, check_span=lambda _: None)
    return {each.where: each.reason for each in found}


def test_a_flow_of_a_thousand_stages_is_checked_and_its_faults_are_told():
    begun = time.process_time()
    assert told(chain(1000)) == {}
    found = told(chain(1000, last="s0"))
    # Nothing leads to the end: it is not reached, and the first of the thousand in the cycle are named.
    assert found["stages.closed"] == "cannot be reached from the start"
    assert "cannot end" in found["stages.s0"]
    assert len(found) == 200
    found = told(chain(1000, last="nowhere"))
    assert len(found["stages.s999.outcomes.go.to"]) < 500
    assert time.process_time() - begun < 10
    assert len(actions.valid_flow(text=json.dumps(chain(300), ensure_ascii=False)).stages) == 301


@pytest.mark.parametrize("text", [
    "flow: [", "\x00", "!!python/object/apply:os.system ['true']", "? [a]\n: b", "flow: 1e999", "flow: .nan",
    "- &a *a", "stages: {1: 2}", "a: !!binary x", "%YAML 9.9\n---\na: b", "a: b\n---\nc: d", "\ufeff",
    "flow: 2026-02-30",
])  # fmt: skip
def test_strange_texts_are_refused_with_a_place(text):
    found = faults(text)
    assert found
    assert all(where and reason for where, reason in found.items())


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
