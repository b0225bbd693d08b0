"""Run in a process of its own, as the application's role: writes through the actions, or tells what is there."""

import json
import sys

import django

django.setup()

from groundplan.kernel.cases.models import Case  # noqa: E402 - models load after Django.
from groundplan.kernel.files import actions as files  # noqa: E402
from groundplan.kernel.files import queries as stored  # noqa: E402
from groundplan.kernel.files.models import StoredFile  # noqa: E402
from groundplan.kernel.ledger import actions as ledger  # noqa: E402
from groundplan.kernel.ledger import queries as log  # noqa: E402
from groundplan.kernel.parties import actions as parties  # noqa: E402
from groundplan.kernel.parties.models import Party  # noqa: E402
from groundplan.kernel.parties.queries import SYSTEM  # noqa: E402
from groundplan.kernel.rules.models import RuleVersion  # noqa: E402
from groundplan.systems.incidents import actions as incidents  # noqa: E402
from groundplan.systems.incidents.tests.factories import WEST_POINT, complete, make_town  # noqa: E402

DOCUMENT = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


def integrate():
    """Bring everything that is recorded into the log."""
    while ledger.sequence():
        pass


def write():
    """A party, rules in force, a case that has been dispatched, their records; told as :func:`tell` does."""
    town = make_town()
    name = {"zh-hans": "市档案馆", "en": "City archive"}
    parties.create_party(actor=SYSTEM, kind="department", code="archive", name=name)
    incidents.report_incident(
        actor=town["operator"], channel="phone", type="complaint", text="路灯不亮，已三天", point=WEST_POINT
    )
    files.store_file(actor="system", name="说明.pdf", content=DOCUMENT, subject="case:sample")
    complete(town["operator"], Case.objects.get(), "dispatch", type="complaint", matter="环境卫生")
    integrate()
    tell()


def more():
    """One more record on top of what is there."""
    name = {"zh-hans": "市图书馆", "en": "City library"}
    parties.create_party(actor=SYSTEM, kind="department", code="library", name=name)
    integrate()


def keep_on():
    """Records without end, until killed."""
    number = 0
    while True:
        number += 1
        name = {"zh-hans": f"第 {number} 所", "en": f"Unit {number}"}
        parties.create_party(actor=SYSTEM, kind="department", code=f"unit-{number}", name=name)
        integrate()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def tell():
    """What was written, as JSON."""
    case = Case.objects.get()
    verified = log.verify()
    step = case.steps.order_by("id").first()
    found = {
        "party": Party.objects.get(code="archive").name["zh-hans"],
        "rules": sorted(f"{key} v{number}" for key, number in RuleVersion.objects.values_list("rule__key", "version")),
        "case": [str(case.public_id), case.number, case.stage, case.title, case.version],
        "steps": [[step.kind, str(step.record)] for step in case.steps.order_by("id")],
        "log": [verified.ok, verified.size, verified.root],
        "file": content(),
        "proof": log.inclusion_proof(step.record).file().decode(),
    }
    sys.stdout.write(json.dumps(found, ensure_ascii=False))


def content():
    """The stored file as it reads, empty where its content is missing."""
    try:
        with stored.open_file(StoredFile.objects.get()) as opened:
            return opened.read().decode()
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    {"write": write, "more": more, "keep-on": keep_on, "tell": tell}[sys.argv[1]]()
