"""Files: any columns, GBK, bad rows kept apart, nothing twice; the dispatch directory of a city."""

import pytest
from django.utils.timezone import localtime

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.kernel.rules import actions as rules
from groundplan.kernel.rules.queries import evaluate
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.lib.tabular import write_xlsx
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.errors import LoadUnknown, MappingInvalid
from groundplan.systems.incidents.logic.columns import propose_mapping
from groundplan.systems.incidents.models import ColumnMapping, Incident, QuarantinedRow
from groundplan.systems.incidents.tests.factories import make_town

pytestmark = pytest.mark.django_db
HEADERS = ["留言编号", "留言主题", "留言详情", "留言时间", "经度", "纬度"]
ROWS = [
    ["1", "路灯不亮", "门口路灯坏了，电话13800138000", "2026/3/2 9:00", "123.03", "29.03"],
    ["2", "积水", "下雨就积水", "2026年3月2日", "", ""],
    ["3", "", "", "2026/3/2 9:00", "", ""],
    ["4", "时间不对", "内容", "昨天下午", "", ""],
    ["5", "外地", "不在本市", "2026/3/2 9:00", "120.0", "30.0"],
    ["1", "路灯不亮", "门口路灯坏了，电话13800138000", "2026/3/2 9:00", "123.03", "29.03"],
]


def csv(encoding="utf-8"):
    lines = [",".join(HEADERS), *(",".join(row) for row in ROWS)]
    return "\r\n".join(lines).encode(encoding)


@pytest.mark.parametrize(
    ("content", "name"),
    [(csv(), "留言.csv"), (csv("gbk"), "留言.csv"), (write_xlsx(HEADERS, ROWS), "留言.xlsx")],
    ids=["utf-8", "gbk", "xlsx"],
)
def test_read_is_stored_and_repeated_and_quarantined(content, name):
    town = make_town()
    load = actions.import_reports(actor=town["operator"], content=content, filename=name)
    assert (load.read, load.stored, load.repeated, load.quarantined) == (6, 2, 1, 3)
    assert Case.objects.count() == 2
    reasons = {row.number: row.reason for row in QuarantinedRow.objects.filter(load=load)}
    assert set(reasons) == {4, 5, 6}
    assert "昨天下午" in reasons[5]
    assert Incident.objects.get(external_id="1").reported_at.isoformat() == "2026-03-02T01:00:00+00:00"


def test_loading_a_file_again_stores_nothing_twice():
    town = make_town()
    actions.import_reports(actor=town["operator"], content=csv(), filename="a.csv")
    again = actions.import_reports(actor=town["operator"], content=csv(), filename="a.csv")
    assert (again.stored, again.repeated) == (0, 3)


def test_rows_without_a_place_wait_for_dispatch_by_content():
    town = make_town()
    actions.import_reports(actor=town["operator"], content=csv(), filename="a.csv")
    waiting = Incident.objects.get(external_id="2")
    assert (waiting.district, waiting.category, waiting.case.stage) == ("", "积水内涝", "accept")


def test_a_personal_number_in_a_quarantined_row_is_not_stored_readable():
    town = make_town()
    content = "标题,内容,时间\n电话,13800138000,昨天\n".encode()
    load = actions.import_reports(actor=town["operator"], content=content, filename="a.csv")
    row = load.rows.get()
    assert b"13800138000" not in bytes(row.cells)
    assert "13800138000" not in row.reason


def test_columns_are_proposed_by_their_usual_names_and_kept_under_a_name():
    town = make_town()
    proposed = propose_mapping(["工单编号", "诉求标题", "诉求内容", "来电号码", "受理时间", "备注"])
    assert proposed == {
        "external_id": "工单编号", "title": "诉求标题", "description": "诉求内容", "reporter_phone": "来电号码",
        "reported_at": "受理时间",
    }  # fmt: skip
    actions.save_mapping(actor=town["operator"], name="去年导出", flow="hotline", columns=proposed)
    assert queries.saved_mapping("去年导出") == proposed
    with pytest.raises(MappingInvalid):
        actions.save_mapping(actor=town["operator"], name="x", flow="hotline", columns={"elephant": "大象"})
    assert ColumnMapping.objects.count() == 1


def test_a_file_without_a_text_column_is_refused_with_its_columns_named():
    town = make_town()
    with pytest.raises(MappingInvalid) as refusal:
        actions.import_reports(actor=town["operator"], content="甲,乙\n1,2\n".encode(), filename="a.csv")
    assert "甲" in str(refusal.value)


def test_only_those_who_may_enter_reports_import_and_see_a_load():
    town = make_town()
    with pytest.raises(NotAllowed):
        actions.import_reports(actor=town["outsider"], content=csv(), filename="a.csv")
    load = actions.import_reports(actor=town["operator"], content=csv(), filename="a.csv")
    for reader in (town["outsider"], town["resident"], town["registrar"]):
        with pytest.raises(LoadUnknown):
            queries.load_for(reader, load.public_id)
    assert queries.load_for(town["operator"], load.public_id) == load


DIRECTORY = [
    ["道路破损", "名339901", "交通局", "城管局、水务局", "《公路法》"],
    ["道路破损", "", "城管局", "", ""],
    ["环境卫生", "", "属地", "", ""],
]


def test_a_citys_directory_becomes_the_next_version_of_the_rule():
    town = make_town()
    editor = make_player(town.units["hotline-office"], "rule_editor").actor
    approver = make_player(town.units["hotline-office"], "rule_approver").actor
    content = write_xlsx(["事项", "区县", "主办单位", "协办单位", "依据"], DIRECTORY)
    draft = actions.import_directory(actor=editor, content=content, filename="派单目录.xlsx")
    rules.approve(actor=approver, version=draft.public_id)
    rules.put_in_force(actor=approver, version=draft.public_id)

    def lead(matter, district):
        found = evaluate("dispatch-directory", {"matter": matter, "district": district}, localtime(clock.now()).date())
        return found.outputs["mode"], found.outputs["lead"], list(found.outputs["assisting"] or ())

    assert lead("道路破损", "339901") == ("direct", "transport", ["urban-management", "water"])
    assert lead("道路破损", "339902") == ("direct", "urban-management", [])
    assert lead("环境卫生", "339902")[0] == "territory"
    assert lead("外星人", None)[0] == "manual"


def test_a_directory_with_an_unknown_unit_names_the_cell_and_changes_nothing():
    town = make_town()
    editor = make_player(town.units["hotline-office"], "rule_editor").actor
    content = write_xlsx(["事项", "主办单位"], [["路灯不亮", "不存在的局"]])
    with pytest.raises(MappingInvalid) as refusal:
        actions.import_directory(actor=editor, content=content, filename="派单目录.xlsx")
    assert refusal.value.extra["cells"] == [{"cell": "Sheet1!B2", "reason": "没有机构“不存在的局”"}]
