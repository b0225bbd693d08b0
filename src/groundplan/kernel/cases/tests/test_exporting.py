"""Lists taken out: what is in the file, who gets it, what the log says, what it costs."""

import csv
import hashlib
import io
import json

import pytest
from openpyxl import load_workbook

from groundplan.kernel.cases import queries
from groundplan.kernel.cases.actions.lists import export_cases
from groundplan.kernel.cases.errors import DataInvalid
from groundplan.kernel.cases.models import Case
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.cases.tests.factories import dispatched, open_repair
from groundplan.kernel.ledger.models import Pending


def exported(town, person="dispatcher", **more):
    asked = {"kind": "all", "filters": Filters(flow="repair"), "purpose": "handling", "form": "csv"} | more
    return b"".join(export_cases(actor=town.people[person], **asked).pieces)


def lines(content, encoding="utf-8-sig"):
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline="")))


def facts():
    return json.loads(bytes(Pending.objects.get(action="cases.export_cases").body))


def test_a_list_leaves_with_its_labels_masked_and_one_record_of_its_digest(town):
    open_repair(town, personal={"reporter_phone": "13812345678"}, data={"kind": "lamp"})
    content = exported(town)
    (row,) = lines(content)
    assert row["环节"] == "受理"
    assert row["类别"] == "路灯"
    assert row["电话（已脱敏）"] not in {"", "13812345678"}
    assert b"13812345678" not in content
    told = json.dumps(facts(), ensure_ascii=False)
    assert hashlib.sha256(content).hexdigest() in told
    assert '"handling"' in told
    assert '"complete": true' in told
    assert '"rows": 1' in told


@pytest.mark.parametrize("form", ["csv", "gb18030", "xlsx"])
def test_every_form_holds_the_same_and_no_formula(town, form):
    case = open_repair(town)
    Case.objects.filter(pk=case.pk).update(title='=HYPERLINK("http://x")')
    content = exported(town, form=form)
    if form == "xlsx":
        page = load_workbook(io.BytesIO(content)).active
        cell = page["B2"]
        assert (cell.value, cell.data_type) == ('=HYPERLINK("http://x")', "s")
    else:
        (row,) = lines(content, "utf-8-sig" if form == "csv" else "gb18030")
        assert row["事由"] == '\'=HYPERLINK("http://x")'


def test_an_outsider_takes_nothing_out_and_leaves_a_record_all_the_same(town):
    open_repair(town)
    assert lines(exported(town, "outsider")) == []
    assert Pending.objects.filter(action="cases.export_cases").count() == 1


@pytest.mark.parametrize("kind", ["todo", "done", "all", "account"])
def test_a_file_is_the_list(town, kind):
    dispatched(town)
    open_repair(town)

    for person in ("dispatcher", "handler", "outsider"):
        listed = [row.case.number for row in queries.queue(town.people[person], kind).items]
        rows = lines(exported(town, person, kind=kind, filters=Filters()))
        assert [row["编号"] for row in rows] == list(dict.fromkeys(listed))


def test_a_reader_who_goes_away_leaves_a_record_that_says_so(town):
    for _ in range(3):
        open_repair(town)
    made = export_cases(actor=town.people["dispatcher"], kind="all", filters=Filters(), purpose="handling", form="csv")
    next(made.pieces)
    made.pieces.close()
    assert '"complete": false' in json.dumps(facts())


@pytest.mark.parametrize("wrong", [{"purpose": ""}, {"form": "pdf"}, {"kind": "secret"}])
def test_without_purpose_list_or_form_nothing_leaves(town, wrong):
    with pytest.raises(DataInvalid):
        exported(town, **wrong)
    assert not Pending.objects.filter(action="cases.export_cases").exists()


def test_the_page_asks_for_the_purpose_and_streams(town, as_user):
    open_repair(town)
    client = as_user("dispatcher")
    assert "导出目的" in client.get("/cases").content.decode()
    answer = client.post("/cases/export", {"kind": "todo", "purpose": "handling", "form": "csv"})
    assert answer.streaming
    assert len(lines(b"".join(answer.streaming_content))) == 1
    assert client.post("/cases/export", {"kind": "todo", "purpose": "", "form": "csv"}).status_code == 422
    assert client.get("/cases/export").status_code == 405


def test_a_long_list_takes_as_many_statements_a_lot_as_a_short_one(town, django_assert_max_num_queries):
    for _ in range(12):
        open_repair(town)
    with django_assert_max_num_queries(12):
        assert len(lines(exported(town, filters=Filters()))) == 12
