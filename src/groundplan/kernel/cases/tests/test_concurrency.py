"""Two officers at once, on real connections."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.errors import CaseMoved
from groundplan.kernel.cases.models import Case, Step
from groundplan.kernel.cases.tests.factories import dispatched, make_city, open_repair, task_of
from groundplan.lib import clock

pytestmark = pytest.mark.usefixtures("fresh_database")


def at_once(*calls):
    """Run calls in threads that start together; what each gave or raised."""
    gate = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(position, call):
        gate.wait()
        try:
            results[position] = call()
        except Exception as error:  # noqa: BLE001 - what was raised is what the test looks at.
            results[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_two_officers_pressing_at_once_give_one_move_and_one_clear_refusal():
    city = make_city()
    for _round in range(5):
        case, lead = dispatched(city)

        def press(lead=lead):
            return actions.complete_task(
                actor=city["handler"], task=lead.public_id, seen=lead.version, outcome="handled", data={"reply": "好"}
            )

        results = at_once(press, press)
        refusals = [each for each in results if isinstance(each, CaseMoved)]
        assert len(refusals) == 1, results
        assert case.number in refusals[0].detail
        assert Case.objects.get(pk=case.pk).stage == "check"
        assert Step.objects.filter(case=case, kind="complete", task=lead).count() == 1


def test_an_acceptance_and_a_refusal_at_once_leave_one_owner():
    city = make_city()
    case, lead = dispatched(city)
    offer = actions.transfer_task(
        actor=city["handler"], task=lead.public_id, seen=lead.version, to_party="parks", reason="在公园内"
    )
    seen = {"actor": city["helper"], "task": offer.public_id, "seen": offer.version}
    results = at_once(
        lambda: actions.accept_transfer(**seen), lambda: actions.refuse_transfer(**seen, reason="不在公园内")
    )
    assert sum(isinstance(each, CaseMoved) for each in results) == 1, results
    assert task_of(case).state == "open"
    assert queries.ownerless_count() == 0


def test_numbers_given_at_once_are_all_different():
    city = make_city()
    results = at_once(*[lambda: open_repair(city) for _each in range(6)])
    assert len({case.number for case in results}) == 6


def test_two_rounds_of_escalation_at_once_escalate_once():

    city = make_city()
    _case, lead = dispatched(city)

    def later():
        with clock.standing_at(lead.due_at + timedelta(minutes=1)):
            return actions.escalate_overdue().escalated

    results = at_once(later, later)
    assert sum(results) >= 1
    lead.refresh_from_db()
    assert lead.escalation == 1


def test_a_number_reserved_before_the_transaction_holds_up_nobody_and_is_given_once():
    city = make_city()
    reserved = actions.reserve_number(flow="repair")
    with transaction.atomic():
        assert actions.reserve_number(flow="repair") == ""
        held = open_repair(city)
        # The series is held by this transaction, but a case whose number was reserved does not need it.
        (other,) = at_once(lambda: open_repair(city, number=reserved))
        assert other.number == reserved
    numbers = at_once(*[lambda: actions.reserve_number(flow="repair") for _each in range(8)])
    assert len({*numbers, reserved, held.number}) == 10
    assert max(*numbers, reserved, held.number).endswith("-00010")
