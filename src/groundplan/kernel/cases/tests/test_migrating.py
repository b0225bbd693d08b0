"""Running cases stay on their version, or go over to another one by a checked mapping."""

import json

import pytest

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.errors import (
    CaseMoved,
    FlowRoleNeeded,
    FlowUnknown,
    MappingInvalid,
    MigrationMoved,
    MigrationNeedsSecondPerson,
)
from groundplan.kernel.cases.models import Case, FlowMigration, FlowVersion, Step, Task
from groundplan.kernel.cases.queries import migrating
from groundplan.kernel.cases.tests.factories import FLOW, MONDAY, act, dispatched, make_city, open_repair, task_of
from groundplan.kernel.cases.tests.test_concurrency import at_once
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.models import Membership, User
from groundplan.kernel.parties.queries import SYSTEM, Actor, Scope, actor_for_user
from groundplan.lib import clock

RENAMED = (
    FLOW.replace("  handle:\n", "  work:\n").replace("to: handle", "to: work")
    .replace("      lead:\n        label", "      main:\n        label")
    .replace("  reply: {type", "  answer: {type").replace("[reply]", "[answer]")
    .replace("fields:\n", "fields:\n  urgency: {type: integer, label: {zh-hans: 紧急, en: Urgency}}\n")
)  # fmt: skip
MAPPING = """
stages: {handle: work}
tasks: {handle.lead: work.main}
fields: {reply: answer}
defaults: {urgency: 2}
"""


def office(city, name, role):
    city.people[name] = Actor(f"id-{name}", 9, name, (Scope(role, city.parties["hall"].pk),))
    return city.people[name]


@pytest.fixture
def city(db):
    with clock.standing_at(MONDAY):
        found = make_city()
        office(found, "editor", "rule_editor")
        office(found, "approver", "rule_approver")
        yield found


def second_version(text=RENAMED):
    return actions.import_flow(actor=SYSTEM, text=text)


def propose(city, mapping=MAPPING, **more):
    given = {"key": "repair", "from_number": 1, "to_number": 2, "reason": "环节改名", **more}
    return actions.propose_migration(actor=city["editor"], mapping=mapping, **given)


def test_running_cases_stay_on_the_version_with_which_they_began(city):
    case, lead = dispatched(city)
    second_version()
    actions.carry_on_migrations()
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "已修复"})
    case.refresh_from_db()
    assert (case.flow_version.number, case.stage) == (1, "check")
    assert open_repair(city).flow_version.number == 2


def test_a_dry_run_lists_what_moves_and_what_cannot_and_changes_nothing(city):
    case, _lead = dispatched(city)
    waiting = open_repair(city)
    before = Case.objects.get(pk=case.pk).version
    new = second_version()
    old = FlowVersion.objects.get(key="repair", number=1)
    _old, _new, empty = migrating.checked_mapping("repair", 1, 2, "")
    plan = migrating.dry_run(old, new, empty)
    assert (plan.moving, plan.staying) == (1, 1)
    assert plan.moves == {("accept", "accept"): 1}
    ((number, reasons),) = plan.stays
    assert number == case.number
    assert [each["en"] for each in reasons] == ["handle: no such stage in the new version, and the mapping names none"]
    assert [each["zh-hans"] for each in reasons] == ["环节 handle：新版本没有该环节，对应关系中也未指定"]
    _old, _new, whole = migrating.checked_mapping("repair", 1, 2, MAPPING)
    plan = migrating.dry_run(old, new, whole)
    assert (plan.moving, plan.staying) == (2, 0)
    assert plan.moves == {("accept", "accept"): 1, ("handle", "work"): 1}
    assert Case.objects.get(pk=case.pk).version == before
    assert Case.objects.get(pk=waiting.pk).flow_version.number == 1


def test_an_approved_migration_moves_cases_and_keeps_owner_clock_and_data(city):
    case, lead = dispatched(city)
    case.data["reply"] = "初步答复"
    case.save(update_fields=["data"])
    second_version()
    migration = propose(city)
    assert actions.carry_on_migrations().moved == 0
    actions.approve_migration(actor=city["approver"], migration=migration.public_id)
    with clock.standing_at(MONDAY.replace(hour=5)):
        count = actions.carry_on_migrations()
    assert (count.moved, count.left, count.done) == (1, 0, 1)
    due, started, seen = lead.due_at, lead.clock_started_at, lead.version
    case.refresh_from_db()
    lead.refresh_from_db()
    assert (case.flow_version.number, case.stage, case.data) == (
        2, "work", {"answer": "初步答复", "urgency": 2, "kind": "lamp", "lead": "lamps"})  # fmt: skip
    assert (lead.stage, lead.key, lead.state, lead.party.code) == ("work", "main", "open", "lamps")
    assert (lead.due_at, lead.clock_started_at) == (due, started)
    with pytest.raises(CaseMoved):
        actions.complete_task(actor=city["handler"], task=lead.public_id, seen=seen, outcome="handled")
    step = Step.objects.get(case=case, kind="migrated")
    assert Pending.objects.filter(entry_id=step.record, action="cases.migrate").exists()
    assert Outgoing.objects.filter(type="case.migrated.v1", subject=f"case:{case.public_id}").count() == 1
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"answer": "已修复"})
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="fine")
    case.refresh_from_db()
    assert case.state == "closed"


def test_a_case_that_cannot_move_stays_whole_and_is_counted(city):
    case, _lead = dispatched(city)
    open_repair(city)
    second_version()
    migration = propose(city, mapping="")
    actions.approve_migration(actor=city["approver"], migration=migration.public_id)
    count = actions.carry_on_migrations()
    assert (count.moved, count.left) == (1, 1)
    case.refresh_from_db()
    assert (case.flow_version.number, case.stage) == (1, "handle")
    migration.refresh_from_db()
    assert (migration.state, migration.moved, migration.left) == ("done", 1, 1)
    assert queries.ownerless_count() == 0


def test_rounds_are_small_repeatable_and_move_each_case_once(city):
    cases = [open_repair(city) for _each in range(5)]
    second_version()
    migration = propose(city)
    actions.approve_migration(actor=city["approver"], migration=migration.public_id)
    counts = [actions.carry_on_migrations(batch=2).moved for _round in range(5)]
    assert counts == [2, 2, 1, 0, 0]
    assert Step.objects.filter(case__in=cases, kind="migrated").count() == 5


def test_past_stages_are_renamed_so_that_later_owners_are_found(city):
    case, lead = dispatched(city)
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    text = RENAMED.replace("  accept:\n", "  intake:\n").replace("start: accept", "start: intake")
    text = text.replace("upheld: accept", "upheld: intake").replace("owner_of: accept", "owner_of: intake")
    second_version(text.replace("reopen_to: accept", "reopen_to: intake"))
    blocked = propose(city, mapping="stages: {handle: work}\nfields: {reply: answer}")
    old, new, mapping = migrating.checked_mapping("repair", 1, 2, "fields: {reply: answer}")
    assert migrating.dry_run(old, new, mapping).moving == 1
    actions.withdraw_migration(actor=city["editor"], migration=blocked.public_id)
    migration = propose(city, mapping="stages: {handle: work, accept: intake}\nfields: {reply: answer}")
    actions.approve_migration(actor=city["approver"], migration=migration.public_id)
    actions.carry_on_migrations()
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="again")
    act(actions.sign_task, city["handler"], task_of(case, key="main"))
    act(actions.complete_task, city["handler"], task_of(case, key="main"), outcome="handled", data={"answer": "再修"})
    assert task_of(case).party.code == "office"
    assert Task.objects.filter(case=case, stage="intake").count() == 1


def test_a_return_that_waits_moves_only_where_it_can_be_ruled(city):
    case, lead = dispatched(city)
    act(actions.return_task, city["handler"], lead, reason="不属于本单位")
    second_version(FLOW.replace("  dispute:\n", "  ruling:\n").replace("to: dispute", "to: ruling"))
    old, new, mapping = migrating.checked_mapping("repair", 1, 2, "")
    plan = migrating.dry_run(old, new, mapping)
    ((number, reasons),) = plan.stays
    assert (number, [each["en"] for each in reasons]) == (
        case.number,
        ["dispute: its task has no stage in the new version"],
    )
    migration = propose(city, mapping="stages: {dispute: ruling}")
    actions.approve_migration(actor=city["approver"], migration=migration.public_id)
    assert actions.carry_on_migrations().moved == 1
    act(actions.rule_return, city["dispatcher"], task_of(case, kind="ruling"), uphold=True)
    case.refresh_from_db()
    assert case.stage == "accept"


def test_a_value_that_the_new_version_does_not_know_stops_its_case_unless_dropped(city):
    case = open_repair(city, data={"kind": "report"})
    second_version(FLOW.replace(", report: {zh-hans: 举报, en: Report}", "").replace('"report"', '"lamp"'))
    old, new, mapping = migrating.checked_mapping("repair", 1, 2, "")
    ((number, reasons),) = migrating.dry_run(old, new, mapping).stays
    assert number == case.number
    assert reasons[0]["zh-hans"] == "字段 kind：现有的值不符合新版本字段 kind 的要求"
    assert reasons[0]["en"] == "kind: its value does not fit kind of the new version (one of lamp)"
    _old, _new, dropped = migrating.checked_mapping("repair", 1, 2, "drop: [kind]")
    assert migrating.dry_run(old, new, dropped).moving == 1


def test_personal_values_stay_sealed_under_their_new_name(city):
    case = open_repair(city, personal={"reporter_phone": "13812345678"})
    second_version(FLOW.replace("reporter_phone", "caller_phone"))
    migration = propose(city, mapping="fields: {reporter_phone: caller_phone}")
    actions.approve_migration(actor=city["approver"], migration=migration.public_id)
    actions.carry_on_migrations()
    case = queries.case_for(city["dispatcher"], case.public_id)
    assert queries.personal_shown(city["dispatcher"], case) == {"caller_phone": "138****5678"}


@pytest.mark.parametrize(
    ("mapping", "where"),
    [
        ("stages: {handel: work}", "stages.handel"),
        ("stages: {handle: nowhere}", "stages.handle"),
        ("tasks: {handle.boss: work.main}", "tasks.handle.boss"),
        ("tasks: {handle.lead: work.main}", "tasks.handle.lead"),
        ("fields: {reply: nothing}", "fields.reply"),
        ("fields: {reporter_phone: answer}", "fields.reporter_phone"),
        ("fields: {reply: answer, cost: answer}", "fields.reply"),
        ("defaults: {urgency: very}", "defaults.urgency"),
        ("defaults: {reporter_phone: '1'}", "defaults.reporter_phone"),
        ("drop: [nothing]", "drop.nothing"),
        ("steps: {a: b}", "steps"),
        ("stages: [", "mapping"),
        ("- a", "mapping"),
        ("stages: {handle: {a: b}}", "stages.handle"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_place(city, mapping, where):
    second_version()
    with pytest.raises(MappingInvalid) as refused:
        propose(city, mapping=mapping)
    assert where in [problem["where"] for problem in refused.value.extra["problems"]]
    assert not FlowMigration.objects.exists()


def test_two_persons_are_needed_and_their_roles(city):
    second_version()
    with pytest.raises(FlowRoleNeeded):
        actions.propose_migration(
            actor=city["handler"], key="repair", from_number=1, to_number=2, mapping=MAPPING, reason="x"
        )
    migration = propose(city)
    both = Actor("id-editor", 9, "editor", (Scope("rule_editor", 1), Scope("rule_approver", 1)))
    with pytest.raises(MigrationNeedsSecondPerson):
        actions.approve_migration(actor=both, migration=migration.public_id)
    for who in ("handler", "outsider", "resident", "editor"):
        with pytest.raises(FlowRoleNeeded):
            actions.approve_migration(actor=city[who], migration=migration.public_id)
    with pytest.raises(FlowRoleNeeded):
        actions.withdraw_migration(actor=city["outsider"], migration=migration.public_id)
    with pytest.raises(MigrationMoved):
        propose(city)
    with pytest.raises(FlowUnknown):
        propose(city, to_number=7)
    with pytest.raises(MappingInvalid):
        propose(city, to_number=1)


@pytest.mark.usefixtures("fresh_database")
def test_two_approvers_and_two_rounds_at_once_move_each_case_once():
    city = make_city()
    office(city, "editor", "rule_editor")
    office(city, "approver", "rule_approver")
    cases = [open_repair(city) for _each in range(6)]
    second_version()
    migration = propose(city)

    def approve():
        return actions.approve_migration(actor=city["approver"], migration=migration.public_id)

    assert sum(isinstance(each, MigrationMoved) for each in at_once(approve, approve)) == 1
    counts = at_once(actions.carry_on_migrations, actions.carry_on_migrations)
    assert sum(each.moved for each in counts) <= 6
    actions.carry_on_migrations()
    assert Step.objects.filter(case__in=cases, kind="migrated").count() == 6
    migration.refresh_from_db()
    assert (migration.state, migration.moved, migration.left) == ("done", 6, 0)


@pytest.mark.usefixtures("fresh_database")
def test_a_press_and_a_migration_at_once_leave_a_whole_case():
    city = make_city()
    office(city, "editor", "rule_editor")
    office(city, "approver", "rule_approver")
    second_version(FLOW.replace("start: accept", "start: accept\nescalation: {levels: 2}"))
    FlowVersion.objects.filter(key="repair").update(in_force=False)
    FlowVersion.objects.filter(key="repair", number=1).update(in_force=True)
    case, lead = dispatched(city)
    migration = propose(city, mapping="")
    actions.approve_migration(actor=city["approver"], migration=migration.public_id)

    def press():
        return actions.complete_task(
            actor=city["handler"], task=lead.public_id, seen=lead.version, outcome="handled", data={"reply": "好"}
        )

    pressed, _count = at_once(press, actions.carry_on_migrations)
    case.refresh_from_db()
    assert case.flow_version.number == 2
    assert case.stage == ("handle" if isinstance(pressed, CaseMoved) else "check")
    assert queries.ownerless_count() == 0


OPERATIONS = [
    ("POST", "/flows/repair/dry-run", {"from_version": 1, "to_version": 2}),
    ("GET", "/flows/repair/migrations", None),
    ("POST", "/flows/repair/migrations", {"from_version": 1, "to_version": 2, "reason": "x"}),
    ("POST", "/flows/migrations/{migration}/approve", None),
    ("POST", "/flows/migrations/{migration}/withdraw", None),
]


def staffed(town):
    """Editor and approver who can sign in, beside a proposed migration."""
    for name, role in (("editor", "rule_editor"), ("approver", "rule_approver")):
        user = User.objects.create(username=name, display_name=name)
        Membership.objects.create(user=user, party=town.parties["hall"], role=role, valid_from="2020-01-01")
        town.people[name] = actor_for_user(user)
    second_version()
    return propose(town)


@pytest.mark.parametrize("who", ["handler", "outsider", "vendor", "resident"])
@pytest.mark.parametrize(("method", "address", "body"), OPERATIONS)
def test_nobody_else_tries_or_changes_a_migration(town, as_user, who, method, address, body):  # noqa: PLR0917
    migration = staffed(town)
    place = "/api/v1/cases" + address.format(migration=migration.public_id)
    client = as_user(who)
    if method == "GET":
        answer = client.get(place)
    else:
        answer = client.post(place, json.dumps(body or {}), content_type="application/json")
    assert answer.status_code == 403, answer.content
    migration.refresh_from_db()
    assert migration.state == "proposed"


def test_the_api_tries_proposes_and_approves(town, as_user):
    case = open_repair(town)
    first = staffed(town)
    client = as_user("editor")

    def post(address, **body):
        return client.post(f"/api/v1/cases/flows{address}", json.dumps(body), content_type="application/json")

    plan = post("/repair/dry-run", from_version=1, to_version=2, mapping=MAPPING).json()
    assert plan == {
        "moving": 1, "staying": 0, "stays": [],
        "moves": [{"from_stage": "accept", "to_stage": "accept", "cases": 1}],
    }  # fmt: skip
    wrong = post("/repair/dry-run", from_version=1, to_version=2, mapping="stages: {x: y}")
    assert wrong.status_code == 422
    assert wrong.json()["problems"] == [
        {"where": "stages.x", "reason": "is no stage of the old version"},
        {"where": "stages.x", "reason": "'y' is no stage of the new version"},
    ]
    assert post(f"/migrations/{first.public_id}/withdraw").json()["state"] == "withdrawn"
    made = post("/repair/migrations", from_version=1, to_version=2, mapping=MAPPING, reason="改名")
    assert made.status_code == 201
    client = as_user("approver")
    assert post(f"/migrations/{made.json()['id']}/approve").json()["state"] == "approved"
    assert post(f"/migrations/{made.json()['id']}/approve").status_code == 409
    actions.carry_on_migrations()
    done = client.get("/api/v1/cases/flows/repair/migrations").json()[0]
    assert (done["state"], done["moved"]) == ("done", 1)
    case.refresh_from_db()
    assert case.flow_version.number == 2


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_tries_proposes_and_lets_a_second_person_approve(town, as_user, language):
    case = open_repair(town)
    first = staffed(town)
    actions.withdraw_migration(actor=town["editor"], migration=first.public_id)
    client = as_user("editor")
    client.cookies["language"] = language
    given = {"from_version": "1", "to_version": "2", "mapping": "fields: {reply: answer}", "reason": "改名"}
    page = client.post("/cases/flows/repair/migrations", {**given, "try": "1"}).content.decode()
    assert ("可迁移 1 件" in page) == (language == "zh-hans")
    assert FlowMigration.objects.count() == 1
    wrong = client.post("/cases/flows/repair/migrations", {**given, "mapping": "stages: {x: y}"})
    assert wrong.status_code == 422
    assert "stages.x" in wrong.content.decode()
    assert client.post("/cases/flows/repair/migrations", given).status_code == 302
    made = FlowMigration.objects.get(state="proposed")
    address = f"/cases/migrations/{made.public_id}/approve"
    assert address not in client.get("/cases/flows/repair/versions").content.decode()
    assert client.post(address).status_code == 403
    client = as_user("approver")
    assert address in client.get("/cases/flows/repair/versions").content.decode()
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 409
    actions.carry_on_migrations()
    case.refresh_from_db()
    assert case.flow_version.number == 2
    assert as_user("outsider").get("/cases/flows/repair/versions").status_code == 403
    assert as_user("outsider").post(address).status_code == 403
