"""Organisations, people and relations from files."""

import csv
import io

import openpyxl
import pytest

from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties import actions, queries
from groundplan.kernel.parties.logic import roles, sheets
from groundplan.kernel.parties.models import Identifier, Membership, Party, Relation, User
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_officer, make_unit
from groundplan.lib.errors import NotAllowed
from groundplan.lib.tabular import UnreadableTable

pytestmark = pytest.mark.django_db
UNITS = [
    {"编码": "lt", "名称": "兰汀市人民政府", "类型": "市级", "起始日期": "2020-01-01"},
    {
        "编码": "lt-cg",
        "名称": "兰汀市城市管理局",
        "英文名称": "Lanting City Management Bureau",
        "简称": "市城管局",
        "类型": "委办局",
        "公开电话": "0000-12319",
        "统一社会信用代码": "91330100799655058B",
        "起始日期": "2020/1/1",
    },
]
RELATIONS = [{"机构编码": "lt-cg", "关系": "隶属", "对方机构编码": "lt", "起始日期": "2020年1月1日"}]
PEOPLE = [
    {
        "用户名": "zhang.san",
        "姓名": "张三",
        "机构编码": "lt-cg",
        "角色": "承办人",
        "起始日期": "2021-01-01",
        "手机号码": "13800138000",
        "公民身份号码": "11010519491231002X",
    }
]


def workbook(units=UNITS, relations=RELATIONS, people=PEOPLE):
    book = openpyxl.load_workbook(io.BytesIO(sheets.template()))
    for name, rows in (("机构", units), ("人员", people), ("关系", relations)):
        page = book[name]
        headers = [cell.value.strip("*") for cell in page[1]]
        for number, row in enumerate(rows, 2):
            for header, value in row.items():
                page.cell(number, headers.index(header) + 1, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def take(content, filename="org.xlsx", actor=SYSTEM, **kwargs):
    return actions.import_parties(actor=actor, content=content, filename=filename, **kwargs)


def test_a_filled_in_template_is_taken():
    done = take(workbook())
    assert (done.taken, done.created, done.roles, done.errors) == (True, 4, 1, ())
    unit = queries.party_by_code("lt-cg")
    assert unit.name == {"zh-hans": "兰汀市城市管理局", "en": "Lanting City Management Bureau"}
    assert queries.superior(unit.pk).code == "lt"
    assert queries.actor_named("zhang.san").party_ids("handler") == {unit.pk}


def test_personal_numbers_are_encrypted_masked_and_found():
    take(workbook())
    row = Identifier.objects.get(scheme="citizen_number")
    assert row.value == ""
    assert b"11010519491231002X" not in bytes(row.sealed)
    assert row.masked == "110*************2X"
    assert queries.party_by_identifier("citizen_number", "11010519491231002x") == row.party
    assert b"1101051949" not in b"".join(bytes(entry.body) for entry in Pending.objects.all())


def test_importing_again_changes_nothing():
    take(workbook())
    again = take(workbook())
    assert (again.created, again.updated, again.unchanged, again.roles) == (0, 0, 4, 0)
    assert Membership.objects.count() == Relation.objects.count() == User.objects.count() == 1


def test_a_changed_row_updates_by_code_and_the_version_grows():
    take(workbook())
    done = take(workbook(units=[{**UNITS[1], "公开电话": "0000-12345"}]))
    assert (done.updated, done.created) == (1, 0)
    unit = queries.party_by_code("lt-cg")
    assert (unit.public_phone, unit.version) == ("0000-12345", 2)


def test_one_record_a_file():
    take(workbook())
    assert list(Pending.objects.values_list("action", flat=True)) == ["parties.import_parties"]


def test_a_bad_cell_is_named_in_both_languages_and_nothing_is_taken():
    units = [UNITS[0], {**UNITS[1], "统一社会信用代码": "91330100799655058A"}, {"编码": "x", "类型": "行会"}]
    done = take(workbook(units=units, relations=[{**RELATIONS[0], "起始日期": "去年"}]))
    faults = {fault.cell: fault.reason for fault in done.errors}
    assert set(faults) == {"机构!J3", "机构!B4", "关系!D2"}
    assert faults["机构!B4"] == {"zh-hans": "必填，不能为空。", "en": "Required; must not be empty."}
    assert faults["机构!J3"]["zh-hans"] != faults["机构!J3"]["en"]
    assert not done.taken
    assert not Party.objects.exists()
    assert not Pending.objects.exists()


def test_a_trial_says_what_would_happen_and_does_nothing():
    done = take(workbook(), dry_run=True)
    assert (done.taken, done.created, done.errors) == (False, 4, ())
    assert not Party.objects.exists()


def test_an_unknown_unit_role_or_kind_is_named():
    people = [{**PEOPLE[0], "机构编码": "nowhere"}, {"用户名": "b", "姓名": "乙", "角色": "局长"}]
    done = take(workbook(people=people))
    assert [fault.cell for fault in done.errors] == ["人员!C2", "人员!D3"]
    assert "局长" in done.errors[1].reason["zh-hans"]


def test_the_value_of_a_personal_number_never_stands_in_an_error():
    done = take(workbook(people=[{**PEOPLE[0], "公民身份号码": "110105194912310021", "手机号码": "23800138000"}]))
    assert [fault.cell for fault in done.errors] == ["人员!H2", "人员!I2"]
    assert "1949" not in str(done.errors)
    assert "23800138000" not in str(done.errors)


def test_a_circle_in_the_file_is_refused():
    relations = [*RELATIONS, {"机构编码": "lt", "关系": "隶属", "对方机构编码": "lt-cg", "起始日期": "2020-01-01"}]
    done = take(workbook(relations=relations))
    assert "循环" in done.errors[0].reason["zh-hans"]
    assert not Party.objects.exists()


def test_a_unit_changes_its_superior_in_one_file():
    take(workbook())
    units = [{"编码": "lt-zj", "名称": "兰汀市住建局", "类型": "委办局"}]
    relations = [
        {"机构编码": "lt-cg", "关系": "隶属", "对方机构编码": "lt-zj", "起始日期": "2026-01-01"},
        {**RELATIONS[0], "终止日期": "2026-01-01"},
    ]
    done = take(workbook(units=units, relations=relations, people=[]))
    assert done.errors == ()
    assert queries.superior(queries.party_by_code("lt-cg").pk).code == "lt-zj"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_single_table_of_text_is_known_by_its_headers(encoding):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["编码", "名称", "类型"], ["a", "甲街道", "街道"], ["b", "乙村", "村"]])
    done = take(out.getvalue().encode(encoding), "units.csv")
    assert done.created == 2
    assert queries.party_by_code("b").kind == "community"


def test_a_table_of_something_else_is_refused_with_the_headers_wanted():
    with pytest.raises(UnreadableTable, match="机构"):
        take("水果,价格\n苹果,3\n".encode(), "fruit.csv")


def test_a_system_administrator_imports_units_and_accounts_but_no_roles():
    actor = queries.actor_for_user(make_officer(make_unit(), "system_admin"))
    refused = take(workbook(), actor=actor)
    assert [fault.cell for fault in refused.errors] == ["人员!D2"]
    done = take(workbook(people=[{"用户名": "zhang.san", "姓名": "张三"}]), actor=actor)
    assert done.taken
    assert queries.actor_named("zhang.san").scopes == ()


def test_a_security_administrator_imports_roles_of_known_users_only():
    take(workbook(people=[{"用户名": "zhang.san", "姓名": "张三"}]))
    actor = queries.actor_for_user(make_officer(make_unit(), "security_admin"))
    done = take(workbook(units=[{**UNITS[1], "名称": "改名"}], people=PEOPLE), actor=actor)
    assert (done.taken, done.roles) == (True, 1)
    assert queries.party_by_code("lt-cg").name["zh-hans"] == "兰汀市城市管理局"
    stranger = take(workbook(people=[{**PEOPLE[0], "用户名": "li.si"}]), actor=actor)
    assert [fault.cell for fault in stranger.errors] == ["人员!A2"]


def test_the_three_administrators_stay_apart_in_a_file():
    people = [{**PEOPLE[0], "角色": "系统管理员"}, {**PEOPLE[0], "角色": "审计管理员"}]
    done = take(workbook(people=people))
    assert [fault.cell for fault in done.errors] == ["人员!D3"]
    assert done.errors[0].reason["en"] != done.errors[0].reason["zh-hans"]


def test_an_outsider_imports_nothing():
    cast = make_cast()
    for player in (cast.officer, cast.outsider, cast.resident, cast.vendor):
        with pytest.raises(NotAllowed):
            take(workbook(), actor=player.actor)


def test_the_template_has_three_sheets_with_dropdowns_and_hints():
    book = openpyxl.load_workbook(io.BytesIO(sheets.template()))
    assert book.sheetnames == ["机构", "人员", "关系"]
    lists = {rule.formula1 for page in book for rule in page.data_validations.dataValidation}
    assert f'"{",".join(texts["zh-hans"] for texts in roles.KINDS.values())}"' in lists
    assert all(len(formula) <= 257 for formula in lists)
    assert book["机构"]["A1"].comment.text
