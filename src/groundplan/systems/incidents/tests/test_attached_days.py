"""Reconciliation with an attached system, outside any transaction, as the worker runs it."""

import datetime as dt

import pytest

from groundplan.commons.attached import actions, registry
from groundplan.commons.attached.actions import _fakes
from groundplan.commons.attached.errors import SystemBusy
from groundplan.commons.attached.models import Link
from groundplan.kernel.ledger.models import Pending
from groundplan.lib import clock
from groundplan.systems.incidents.tests.test_attached import NOON, SECRET, attach, moment, report, settled, turn


@clock.standing_at(NOON)
def test_reconciliation_asks_for_the_day_again_and_takes_in_what_was_missing(fresh_database):
    town = settled()
    with _fakes.FakeCity(registry.shipped_mapping("hotline-12345"), SECRET) as city:
        system = attach(town, city, "hotline-12345")
        report(city, 1)
        turn(town, system)
        city.report(id="late", code="路灯", text="晚到的一件，请处理", at=moment(city, -180), revision="1")
        city.report(id="other-day", code="路灯", text="前一天的一件，请处理", at=moment(city, -2000), revision="1")
        with clock.standing_at(NOON + dt.timedelta(hours=1)):
            made = actions.reconcile_system(actor=town["data"], system=system.public_id, day=dt.date(2026, 3, 2))
            city.answers = ["error"]
            with pytest.raises(SystemBusy):
                actions.reconcile_system(actor=town["data"], system=system.public_id, day=dt.date(2026, 3, 2))
    assert (made.theirs, made.found) == (2, 1)
    assert Pending.objects.filter(action="attached.reconcile_system").count() == 1
    assert Pending.objects.filter(action="attached.run_system").count() == 1
    assert sorted(Link.objects.values_list("their_id", flat=True)) == ["E1", "late"]
