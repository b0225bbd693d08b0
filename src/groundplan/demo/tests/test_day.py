import json
import os
import subprocess
import sys
from random import Random

import pytest
from django.db import transaction

from groundplan.demo import checking
from groundplan.demo.arrivals import ZONE, arrivals
from groundplan.kernel.events import actions as events
from groundplan.kernel.events.models import Outgoing

GOOD = {
    "parties": 120,
    "incidents.opened": 580,
    "incidents.closed": 400,
    "incidents.overdue": 10,
    "incidents.returned": 10,
    "incidents.transferred": 10,
    "incidents.without_owner": 0,
    "catalogue.entries": 59,
    "lake.rows": 1_000_000,
    "lake.quarantined": 1000,
    "lake.reconciled": True,
    "catalogue.mounted": 43,
    "decisions": 900,
    "decisions.unexplained": 0,
    "events.published": 9000,
    "events.delivered": 9000,
    "events.lost": 0,
    "events.doubled": 0,
    "ledger.size": 9000,
    "ledger.ok": True,
    "proofs.checked": 25,
    "seconds": 100.0,
}


def test_the_day_has_a_morning_and_an_evening_peak_and_a_storm_in_the_afternoon():
    found = arrivals(Random(1))
    assert [item.at for item in found] == sorted(item.at for item in found)
    by_hour = [0] * 24
    for item in found:
        if item.door == "phone" and not item.storm:
            by_hour[item.at.astimezone(ZONE).hour] += 1
    assert min(by_hour[8:10]) > by_hour[12] < max(by_hour[18:20])
    hours = {item.at.astimezone(ZONE).hour for item in found if item.storm}
    assert hours <= {14, 15, 16}
    assert len(found) >= 550


def test_good_figures_have_no_fault():
    assert checking.faults(GOOD) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("incidents.opened", 499),
        ("incidents.closed", 299),
        ("incidents.without_owner", 1),
        ("catalogue.entries", 49),
        ("catalogue.mounted", 0),
        ("lake.reconciled", False),
        ("lake.rows", 20_000),
        ("lake.quarantined", 0),
        ("decisions.unexplained", 1),
        ("events.lost", 1),
        ("events.doubled", 1),
        ("ledger.ok", False),
        ("proofs.checked", -1),
        ("events.published", 0),
    ],
)
def test_each_figure_that_does_not_hold_is_named(key, value):
    assert len(checking.faults({**GOOD, key: value})) == 1


def publish():
    event = {"layer": "division", "origin": "test", "sha256": "0", "created": 1, "updated": 0}
    return events.publish(type="places.layer_imported.v1", subject="layer:1", data=event, actor="test")


@pytest.mark.django_db
def test_an_event_counts_as_published_only_when_its_transaction_commits(django_capture_on_commit_callbacks):
    with checking.published_ids() as found, django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            kept = publish()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            publish()
            _broken = 1 / 0
    assert found == {str(kept)}
    assert {str(row) for row in Outgoing.objects.values_list("event_id", flat=True)} == found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_day_holds_what_it_promises(tmp_path):
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("GROUNDPLAN_", "DATABASE"))}
    environment["GROUNDPLAN_STATE"] = str(tmp_path)
    command = [sys.executable, "-m", "groundplan.cli", "demo", "--check", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(GOOD) <= set(found)
    assert found["incidents.opened"] >= 500
    assert found["incidents.returned"] > 0
    assert found["incidents.transferred"] > 0
    assert found["incidents.overdue"] > 0
