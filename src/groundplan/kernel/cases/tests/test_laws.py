"""Random officers pressing random buttons: whatever they do, the laws of cases hold."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.models import Case, Step, Task
from groundplan.kernel.cases.queries.offers import offers_for
from groundplan.kernel.cases.tests.factories import MONDAY, make_city, open_repair
from groundplan.kernel.ledger.models import Pending
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError

PEOPLE = ("dispatcher", "handler", "helper", "crew", "van", "street", "leader")
UNITS = ("lamps", "parks", "lamps-crew", "lamps-van", "east-street")


def press(person, case, offer, unit):
    """Carry out what a page offers."""
    seen = {"actor": person, "task": offer.task and offer.task.public_id, "seen": offer.task and offer.task.version}
    whole = {"actor": person, "case": case.public_id, "seen": case.version}
    data = {name: {"lead": unit, "reply": "好", "kind": "lamp"}[name] for name in offer.requires}
    acts = {
        "complete": lambda: actions.complete_task(**seen, outcome=offer.outcome, data=data),
        "sign": lambda: actions.sign_task(**seen),
        "accept": lambda: actions.accept_transfer(**seen),
        "refuse": lambda: actions.refuse_transfer(**seen, reason="不在辖区"),
        "uphold": lambda: actions.rule_return(**seen, uphold=True),
        "overrule": lambda: actions.rule_return(**seen, uphold=False),
        "grant": lambda: actions.decide_extension(**seen, grant=True),
        "deny": lambda: actions.decide_extension(**seen, grant=False),
        "return": lambda: actions.return_task(**seen, reason="非本单位职责"),
        "transfer": lambda: actions.transfer_task(**seen, to_party=unit, reason="在其辖区"),
        "redispatch": lambda: actions.redispatch_task(**seen, to_party=unit),
        "reassign": lambda: actions.reassign_task(**seen, to_party=unit, reason="派错"),
        "assist": lambda: actions.add_assisting(**seen, party=unit),
        "extend": lambda: actions.request_extension(**seen, span="1 work_days", reason="备件未到"),
        "suspend": lambda: actions.suspend_case(**whole, reason="等待"),
        "resume": lambda: actions.resume_case(**whole),
        "supervise": lambda: actions.supervise_case(**whole, text="尽快"),
        "reopen": lambda: actions.reopen_case(**whole, reason="未解决"),
        "cancel": lambda: actions.cancel_case(**whole, reason="误报"),
        "comment": lambda: actions.comment(actor=person, case=case.public_id, text="已联系"),
        "rate": lambda: actions.rate_case(actor=person, case=case.public_id, source="callback", satisfaction=4),
    }
    return acts[offer.action]() if offer.action in acts else None


presses = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(0, 40), st.sampled_from(UNITS), st.integers(0, 2000)),
    min_size=4,
    max_size=16,
)


@pytest.mark.django_db
@given(presses)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_sequence_of_buttons_leaves_a_case_without_owner_or_an_action_without_its_record(pressed):

    with transaction.atomic(), clock.standing_at(MONDAY):
        walk(pressed)
        transaction.set_rollback(True)


def walk(pressed):
    """Press the buttons one after another; look at the laws after each."""
    city, moment = make_city(), MONDAY
    case = open_repair(city)
    for name, choice, unit, minutes in pressed:
        moment += timedelta(minutes=minutes)
        with clock.standing_at(moment):
            case = Case.objects.get(pk=case.pk)
            offers = [o for o in offers_for(city[name], case, queries.active_tasks(case)) if o.action != "merge"]
            if not offers or not queries.queue(city[name], "all").items:
                continue
            before = Pending.objects.count()
            try:
                press(city[name], case, offers[choice % len(offers)], unit)
            except GroundplanError:
                assert Pending.objects.count() == before
            else:
                assert Pending.objects.count() == before + 1
            assert_laws(case)


def assert_laws(case):
    """What holds after every action."""
    assert queries.ownerless_count() == 0
    now = Case.objects.get(pk=case.pk)
    active = Task.objects.filter(case=case, state__in=("offered", "open", "waiting"))
    assert now.active == active.exists()
    if now.active and now.state == "open":
        assert active.exclude(state="waiting").exists(), "somebody must be able to act"
    for timed in (now, *active):
        assert timed.due_at is None or timed.due_at >= timed.clock_started_at
        ends = [pause["end"] for pause in timed.pauses]
        assert bool(timed.paused_for) == (bool(ends) and ends[-1] is None)
    assert not Step.objects.filter(case=case, record=None).exists()
