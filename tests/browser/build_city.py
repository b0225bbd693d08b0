"""Builds the sample city in an empty database, lives through a morning, and prints where there is something to see."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import django

django.setup()

from groundplan.demo import city  # noqa: E402 - after setup.
from groundplan.demo.day import Day  # noqa: E402
from groundplan.kernel.cases.models import Case, Step, Task  # noqa: E402
from groundplan.kernel.events import actions as events  # noqa: E402
from groundplan.kernel.ledger import actions as ledger  # noqa: E402
from groundplan.kernel.ledger.models import Entry  # noqa: E402
from groundplan.kernel.rules import actions as rules  # noqa: E402
from groundplan.kernel.rules.models import Decision, RuleVersion  # noqa: E402
from groundplan.kernel.parties.models import Party, User  # noqa: E402
from groundplan.kernel.parties import queries as parties  # noqa: E402
from groundplan.lib import clock  # noqa: E402
from groundplan.systems.incidents.models import Incident  # noqa: E402


def live_until(hour: int) -> None:
    """Let the simulated morning pass."""
    day = Day.planned()
    end = day.turns[0].at.replace(minute=0) + timedelta(hours=hour)
    day.run(lambda moment: moment < end)


def deliver() -> None:
    """Integrate the log and deliver the events, as the worker does."""
    while ledger.sequence(batch=2000):
        pass
    while events.sequence(batch=2000):
        pass
    events.dispatch(batch=5000)


def draft_of_a_rule() -> str:
    """A draft beside the version in force, so that two versions can be compared."""
    version = RuleVersion.objects.filter(key="dispatch-directory").first()
    content = rules.export_table(version=version, kind="yaml")
    actor = parties.actor_named("editor")
    changed = content.decode().replace("urban-management", "water", 1).encode()
    draft = rules.import_table(actor=actor, content=changed, filename="dispatch-directory.yaml")
    return str(draft.public_id)


def main() -> None:
    """Build, and print the addresses of samples as one JSON object."""
    city.build()
    live_until(int(sys.argv[1]))
    deliver()
    samples: dict[str, str] = {}
    decision = Decision.objects.filter(key="dispatch-directory").first() or Decision.objects.first()
    step = Step.objects.exclude(decision=None).first()
    samples["decision"] = str(decision.public_id)
    samples["step"] = str(step.public_id) if step else ""
    open_task = Task.objects.filter(state="open", case__flow="hotline", party__code="urban-management").first()
    samples["task_case"] = str(open_task.case.public_id) if open_task else ""
    samples["case"] = str(Case.objects.filter(state="open", flow="hotline").order_by("-id").first().public_id)
    samples["closed_case"] = str(Case.objects.filter(state="closed").first().public_id)
    samples["record"] = str(Entry.objects.order_by("-index").first().entry_id)
    print(json.dumps(samples))


if __name__ == "__main__":
    main()
