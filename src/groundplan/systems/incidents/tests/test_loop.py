"""The loop of city management: verified by others, photos by rule and side by side, codes of the earlier edition."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from groundplan.base.registers import actions as registers
from groundplan.base.registers.models import CodeList
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.errors import DataInvalid, NotYourTask
from groundplan.kernel.files.actions import store_file
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import BEGINNING
from groundplan.kernel.rules.tests.factories import put_in_force
from groundplan.systems.incidents import actions
from groundplan.systems.incidents.errors import ReportInvalid
from groundplan.systems.incidents.queries.directory import PROFILES
from groundplan.systems.incidents.tests.factories import WEST_POINT, complete, make_town, open_task, sign

pytestmark = pytest.mark.django_db
PHOTOS = PROFILES / "cn" / "rules" / "city-management-photos.yaml"


def picture(name, shade):
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), (shade, shade, shade)).save(stream, "PNG")
    return name, stream.getvalue()


def handled_case(town, *, files=()):
    """A case that the roads office has been given and has signed for."""
    receipt = actions.report_incident(
        actor=town["inspector"], channel="inspector", flow="city-management", kind="matter", category="06013",
        text="路面坑洼", point=WEST_POINT, files=files,
    )  # fmt: skip
    case = receipt.case
    complete(town["registrar"], case, "file", kind="matter", category="06013")
    complete(town["dispatcher"], case, "dispatch", lead_party="transport")
    sign(town["roads"], case)
    return case


def test_neither_the_solver_nor_the_solving_unit_verifies_and_rework_stays_open_to_them():
    town = make_town()
    case = handled_case(town)
    parties.grant_membership(
        actor=SYSTEM, user=town.people["roads"].user, party=town.units["supervision-centre"], role="inspector",
        valid_from=BEGINNING,
    )  # fmt: skip
    complete(town["roads"], case, "handled", result="已修补")
    complete(town["dispatcher"], case, "confirm")
    before = open_task(case, "verify").version
    with pytest.raises(NotYourTask):
        complete(town["roads"], case, "pass", finding="已平整")
    assert open_task(case, "verify").version == before
    complete(town["roads"], case, "fail", finding="仍有坑洼")
    case.refresh_from_db()
    assert (case.stage, case.data["rework"]) == ("handle", True)
    sign(town["roads"], case)
    complete(town["roads"], case, "handled", result="已重新修补")
    complete(town["dispatcher"], case, "confirm")
    complete(town["inspector"], case, "pass", finding="已平整")
    case.refresh_from_db()
    assert case.stage == "evaluate"


def test_where_a_citys_rule_wants_photos_none_is_refused_and_both_sides_are_shown():
    town = make_town()
    text = PHOTOS.read_text(encoding="utf-8").replace("{after: 0, verify: 0}", "{after: 1, verify: 0}")
    put_in_force(text)
    case = handled_case(town, files=[picture("qian.png", 20)])
    with pytest.raises(DataInvalid) as refused:
        complete(town["roads"], case, "handled", result="已修补")
    assert refused.value.extra["fields"][0]["field"] == "files"
    name, content = picture("hou.png", 200)
    after = store_file(actor=town["roads"].actor_id, name=name, content=content, subject=f"case:{case.public_id}")
    cases.complete_task(
        actor=town["roads"], task=open_task(case).public_id, seen=None, outcome="handled", data={"result": "已修补"},
        files=[after],
    )  # fmt: skip
    page = town.people["dispatcher"].client.get(reverse("case", args=[case.public_id])).content.decode()
    left, right = page.index("处置前照片 qian.png"), page.index("处置后照片 hou.png")
    assert left < right
    assert "处置后照片" not in town.people["mayor"].client.get("/cases").content.decode()


def test_an_old_code_becomes_the_present_one_where_there_is_one_only():
    town = make_town()
    registers.load_shipped_codes(actor=SYSTEM, profile="cn")
    asked = {"actor": town["inspector"], "channel": "inspector", "flow": "city-management", "point": WEST_POINT}
    made = actions.report_incident(**asked, kind="component", category="0101", text="井盖破损")
    assert (made.incident.kind, made.incident.category) == ("component", "01001")
    with pytest.raises(ReportInvalid):
        actions.report_incident(**asked, kind="component", category="9999", text="不明部件")


@pytest.mark.parametrize(("language", "same"), [("zh-hans", "完全对应"), ("en", "the same")])
def test_both_editions_are_shown_with_what_became_of_each_code(language, same):
    town = make_town()
    registers.load_shipped_codes(actor=SYSTEM, profile="cn")
    client = town.people["dispatcher"].client
    page = client.get("/registers/codes", headers={"Accept-Language": language}).content.decode()
    assert "GB/T 30428.2-2013 0101" in page
    assert same in page
    earlier = CodeList.objects.get(edition="GB/T 30428.2-2013")
    shown = client.get("/registers/codes", {"edition": earlier.pk}).content.decode()
    assert "GB/T 47678.5-2026 01001" in shown
    assert client.get("/registers/codes", {"edition": "x", "kind": "matter"}).status_code == 200
    assert town.people["resident"].client.get("/registers/codes").status_code == 403
