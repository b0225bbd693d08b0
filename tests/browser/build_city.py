"""Builds the sample city in an empty database, lives through a morning, and prints where there is something to see."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import django

# Models can only be imported after this.
django.setup()

from groundplan.base.catalogue.models import Entry as CatalogueEntry
from groundplan.base.lake.models import LakeRun, LakeTable
from groundplan.commons.attached import actions as attached
from groundplan.commons.attached import queries, registry
from groundplan.commons.attached.actions._fakes import FakeFolder
from groundplan.commons.attached.models import System
from groundplan.commons.knowledge.models import Article
from groundplan.commons.reports import actions as reports
from groundplan.demo import city
from groundplan.demo.arrivals import MIDNIGHT
from groundplan.demo.day import Day
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Step, Task
from groundplan.kernel.events import actions as events
from groundplan.kernel.identity import actions as identity
from groundplan.kernel.identity.models import Client, Source
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.ledger.models import Entry
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.models import Party, User
from groundplan.kernel.rules import actions as rules
from groundplan.kernel.rules.models import Decision, RuleVersion
from groundplan.lib import clock
from groundplan.systems.incidents.models import BesideRow
from groundplan.systems.linkage.models import PlanVersion, Response

SHIPPED = "groundplan.profiles"


def deliver() -> None:
    """Integrate the log and deliver the events, as the worker does."""
    while ledger.sequence(batch=2000):
        pass
    while events.integrate(batch=2000):
        pass
    while events.dispatch(batch=2000).delivered:
        pass


def draft_of_a_rule() -> RuleVersion:
    """A draft beside the version in force, so that two versions can be compared."""
    from importlib.resources import files  # noqa: PLC0415 - only here.

    source = files(SHIPPED).joinpath("cn", "rules", "dispatch-directory.yaml").read_text(encoding="utf-8")
    changed = source.replace("urban-management", "water-affairs", 1).encode()
    return rules.import_table(
        actor=parties.actor_named("editor"), content=changed, filename="dispatch-directory.yaml", origin="city"
    )


def put_on_account(task: Task) -> Case:
    """A case that cannot be solved for long (挂账)."""
    asked = cases.request_account(
        actor=parties.actor_named("handler"),
        task=task.public_id,
        seen=None,
        reason="占用的管线须待轨道交通三号线完工后迁改，目前已设围挡和警示标志。",
        review_on=clock.now().date() + timedelta(days=60),
    )
    member = parties.members(asked.party_id, asked.role)[0]
    cases.decide_account(
        actor=parties.actor_for_user(member), task=asked.public_id, seen=None, grant=True, note="情况属实，同意挂账。"
    )
    return asked.case


def outside_doors() -> tuple[Client, Source]:
    """An application that may ask for tokens, and a house by which people sign in."""
    keeper, guard = parties.actor_named("sysadmin"), parties.actor_named("secadmin")
    unit = parties.party_by_code("urban-management")
    client = identity.propose_client(
        actor=keeper, kind="machine", name="路灯监控平台", unit=unit, scopes=["read"], username="app-lamps"
    )
    identity.decide_client(actor=guard, client=client.public_id, grant=True)
    source = identity.propose_source(
        actor=keeper, kind="wecom", name="政务微信", name_en="WeCom", address="http://127.0.0.1:9",
        secret="of-the-sample-city", options={"corp_id": "ww0", "agent_id": "1000002", "login_address": "http://127.0.0.1:9"},
    )  # fmt: skip
    identity.decide_source(actor=guard, source=source.public_id, grant=True)
    return client, source


def attached_system() -> System:
    """A system behind a drop folder: an event taken in, one that waits for its code, one refused, orders sent."""
    actor = parties.actor_named("data")
    unit = Party.objects.filter(pk__in=actor.unit_ids("data_office")).first()
    made = attached.add_system(
        actor=actor, name="区城管平台", kind="files", address="city-system", secret="", unit=unit, flow="hotline"
    )
    category = next(iter(queries.meanings(made, "category")))
    codes = [("category", "市容环境", category), ("unit", "CG-01", "urban-management")]
    attached.set_codes(actor=actor, system=made.public_id, codes=codes)
    folder = FakeFolder(registry.shipped_mapping("files"))
    at = clock.now().isoformat()
    folder.report(id="QP-1001", code="市容环境", text="人民路口流动摊贩占道经营，影响通行。", place="人民路", at=at)
    folder.report(id="QP-1002", code="园林绿化", text="小区门口的树枝压到电线，请尽快修剪。", place="和平里", at=at)
    folder.spoil({"内容": "没有编号的一行"})
    for task in Task.objects.filter(party__code="urban-management", state__in=("open", "offered"))[:2]:
        attached.order_task(task=task.public_id)
    attached.run_system(actor=actor, system=made.public_id)
    return made


def main() -> None:
    """Build, and print the addresses of samples as one JSON object."""
    end = MIDNIGHT + timedelta(hours=int(sys.argv[1]))
    city.build()
    Day.planned().run(lambda moment: moment < end)
    with clock.standing_at(end):
        draft = draft_of_a_rule()
        client, source = outside_doors()
        tasks = Task.objects.filter(state="open", kind="work", case__flow="hotline", case__state="open",
                                    party__code="urban-management").order_by("id")  # fmt: skip
        held = put_on_account(tasks.filter(key="lead").last())
        leader = parties.actor_named("leader")
        head = Party.objects.filter(pk__in=leader.unit_ids("leader")).first()
        paper = reports.make_report(actor=leader, source="hotline", kind="weekly", unit=head, day=end.date())
        theirs = attached_system()
    deliver()
    in_force = RuleVersion.objects.filter(rule__key="dispatch-directory").exclude(pk=draft.pk).first()
    hotline = Case.objects.filter(flow="hotline")
    print(
        json.dumps(
            {
                "now": end.isoformat(),
                "case": str(hotline.filter(state="open", tasks__party__code="urban-management").first().public_id),
                "task_case": str(tasks.first().case.public_id),
                "held": str(held.public_id),
                "matter": str(Case.objects.filter(flow="city-management", state="open").last().public_id),
                "closed": str(Case.objects.filter(state="closed", flow="city-management").last().public_id),
                "step": str(Step.objects.exclude(decision=None).filter(case__flow="hotline").last().public_id),
                "decision": str(Decision.objects.filter(version__rule__key="dispatch-directory").last().public_id),
                "record": str(Entry.objects.order_by("-leaf_index")[0].entry_id),
                "account": str(User.objects.get(username="handler").public_id),
                "client": str(client.public_id),
                "source": str(source.public_id),
                "unit": str(parties.party_by_code("urban-management").public_id),
                "draft": str(draft.public_id),
                "article": str(Article.objects.filter(owner__code="water").get().public_id),
                "entry": str(
                    CatalogueEntry.objects.filter(provider__code="urban-management", state="published")[0].public_id
                ),
                "own_article": str(Article.objects.filter(owner__code="hotline-office").get().public_id),
                "paper": str(paper.public_id),
                "hall": str(head.public_id),
                "beside": str(BesideRow.objects.first().run.public_id),
                "beside_row": str(BesideRow.objects.filter(verdict="ours").first().public_id),
                "plan": str(PlanVersion.objects.get(key="urban-waterlogging", state="in_force").public_id),
                "response": str(Response.objects.get().public_id),
                "in_force": str(in_force.public_id),
                "lake_table": str(LakeTable.objects.get(identifier="air-stations").public_id),
                "lake_run": str(LakeRun.objects.get(table__identifier="air-hours").public_id),
                "attached": str(theirs.public_id),
            }
        )
    )


if __name__ == "__main__":
    main()
