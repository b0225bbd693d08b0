"""Lists in any columns, DCAT and CKAN taken in; DCAT-AP given out and checked against shapes."""

import csv
import io
import json
from pathlib import Path

import pytest
import zstandard
from django.core.files.uploadedfile import SimpleUploadedFile
from pyshacl import validate
from rdflib import RDF, Graph

from groundplan.base.catalogue import actions, queries
from groundplan.base.catalogue.errors import EntryInvalid, FileRefused, LoadNotFound
from groundplan.base.catalogue.logic import foreign
from groundplan.base.catalogue.logic.dcat import DCAT
from groundplan.base.catalogue.models import Entry, EntryVersion, Load
from groundplan.base.catalogue.tests.factories import make_town, publish, write
from groundplan.kernel.parties.queries import ANONYMOUS, SYSTEM
from groundplan.kernel.parties.tests.factories import make_unit
from groundplan.lib.errors import NotAllowed
from groundplan.lib.tabular import UnreadableTable

# rdflib 7.6 warns of what its own parsers and pyshacl still use.
OLD = "ignore:(Dataset|ConjunctiveGraph).*:DeprecationWarning"
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings(OLD)]
SHAPES = Path(__file__).with_name("dcat-ap-3.0.ttl")
LIST = """目录名称,提供单位,分类,共享属性,更新频率,主要字段,备注
企业年报信息,市场监管局,法人单位基础信息,无条件共享,每年,"统一社会信用代码、年度(自然年)、年度",甲
河道水位,水利局,城市管理,有条件,实时,测站、水位,乙
无名单位的表,不存在局,城市管理,无条件,每日,甲,丙
周期不明,market,城市管理,无条件,看情况,甲,丁
密级清单,市场监管局,城市管理,无条件,每日,绝密级别,戊
"""


def take(actor, text=LIST, name="目录.csv", **asked):
    return actions.import_entries(actor=actor, content=text.encode("gb18030"), filename=name, **asked)


def test_good_rows_become_drafts_and_bad_ones_are_listed_with_cell_and_reason():
    town = make_town()
    load = take(town["keeper"], defaults={"condition": "经同意", "openness": "closed"})
    assert (load.read, load.stored, load.refused) == (5, 2, 3)
    firm = Entry.objects.get(name="企业年报信息")
    assert (firm.state, firm.provider.code, firm.shelf.key, firm.cycle) == (
        "draft",
        "market",
        "legal-persons",
        "yearly",
    )
    assert [each["name"] for each in firm.content["elements"]] == ["统一社会信用代码", "年度", "年度 2"]
    assert firm.content["elements"][1]["label"] == "自然年"
    assert firm.content["extra"] == {"备注": "甲"}
    assert Entry.objects.get(name="河道水位").content["condition"] == "经同意"
    found = list(load.problems.order_by("row").values_list("cell", "field", "value"))
    assert found[:2] == [("B4", "provider", "不存在局"), ("E5", "cycle", "看情况")]
    assert "绝密" in load.problems.order_by("row").last().reason
    again = take(town["keeper"], defaults={"condition": "经同意", "openness": "closed"})
    assert (again.stored, again.repeated, again.refused) == (0, 2, 3)
    changed = take(town["keeper"], LIST.replace("每年", "每月"), defaults={"condition": "经同意"})
    assert (changed.changed, changed.repeated) == (1, 1)


def test_a_unit_imports_its_own_rows_only_and_a_kept_mapping_serves_again():
    town = make_town()
    text = "资料,周期\n食品抽检,每周\n"
    with pytest.raises(FileRefused):
        take(town["writer"], text)
    with pytest.raises(EntryInvalid):
        actions.save_mapping(actor=town["writer"], name="抽检", columns={"cycle": "周期"})
    given = {"provider": "market", "shelf": "market-regulation", "sharing": "unconditional"}
    actions.save_mapping(actor=town["writer"], name="抽检", columns={"title": "资料", "cycle": "周期"}, defaults=given)
    load = take(town["writer"], text, mapping="抽检")
    assert (load.stored, load.columns) == (1, {"title": "资料", "cycle": "周期"})
    foreign_rows = take(town["outsider"], text, mapping="抽检")
    assert (foreign_rows.stored, foreign_rows.refused) == (0, 1)
    with pytest.raises(NotAllowed):
        take(town["writer"], text, mapping="抽检", publish=True)
    with pytest.raises(NotAllowed):
        take(town["resident"], text)
    with pytest.raises(LoadNotFound):
        queries.load_for(town["outsider"], load.public_id)
    with pytest.raises(LoadNotFound):
        take(town["writer"], text, mapping="没有")


@pytest.mark.parametrize("text", ["", "只有一列", "a,a\n1,2\n", '名称,单位\n"未完'])
def test_what_is_no_list_is_refused(text):
    town = make_town()
    with pytest.raises((FileRefused, UnreadableTable)):
        take(town["keeper"], text)
    assert not Load.objects.exists()


PACKAGE = {
    "name": "air-quality", "title": "空气质量小时数据", "notes": "各站点监测数据", "frequency": "hourly",
    "organization": {"name": "water", "title": "水利局"}, "tags": [{"name": "空气"}, {"display_name": "监测"}],
    "groups": [{"title": "生态环境保护"}], "extras": [{"key": "坐标系", "value": "CGCS2000"}],
    "resources": [{"url": "https://data.example/air.csv", "format": "CSV"}, {"url": "", "format": "JSON"}],
}  # fmt: skip


@pytest.mark.parametrize("form", ["list", "result", "lines"])
def test_a_ckan_dump_is_taken_over_as_published_with_its_resources(form):
    town = make_town()
    text = {"list": [PACKAGE], "result": {"success": True, "result": {"results": [PACKAGE]}}, "lines": PACKAGE}[form]
    given = {"sharing": "unconditional", "openness": "open"}
    load = actions.import_entries(
        actor=town["keeper"], content=json.dumps(text).encode(), filename="dump.jsonl", defaults=given, publish=True
    )
    assert (load.form, load.stored, load.refused) == ("ckan", 1, 0), list(load.problems.values())
    entry = Entry.objects.get(identifier="air-quality")
    assert (entry.state, entry.shelf.key, entry.cycle) == ("published", "ecological-protection", "realtime")
    assert entry.content["extra"] == {"坐标系": "CGCS2000"}
    assert [each.address for each in entry.resources.order_by("id")] == ["https://data.example/air.csv", ""]
    assert queries.search(ANONYMOUS, "空气质量").results[0].identifier == "air-quality"


def test_what_dcat_gives_out_it_takes_in_again():
    town = make_town()
    entry = publish(town, write(town))
    actions.mount_resource(actor=town["writer"], entry=entry.public_id, address="https://data.example/企业.csv?x=1")
    out = queries.exported(ANONYMOUS, "dcat-ap-jsonld", "https://city.example")
    assert foreign.is_dcat(foreign.read_document(out))
    given = foreign.datasets_of(foreign.read_document(out))[0]
    assert given.values["identifier"] == entry.identifier
    assert (given.values["title"], given.values["title_en"]) == ("企业登记基本信息", "Registered enterprises")
    load = actions.import_entries(
        actor=town["keeper"], content=out, filename="city.jsonld", prefix="copy-", defaults={"sharing": "unconditional"}
    )
    assert (load.form, load.stored, load.refused) == ("dcat", 1, 0), list(load.problems.values())
    copy = Entry.objects.get(identifier=f"copy-{entry.identifier}")
    assert (copy.cycle, copy.openness, copy.shelf.key) == ("daily", "open", "legal-persons")


@pytest.mark.parametrize(
    "document",
    [
        {"@context": "http://127.0.0.1:1/context.jsonld", "@graph": []},
        {"@graph": [{"@context": ["https://other.example/c"], "@type": "x"}]},
        {"@context": {"x": {"@id": "urn:x", "@context": {"@import": "http://127.0.0.1:1/"}}}},
        {"@context": {}, "@id": "urn:x"},
        [1, 2],
        "text",
    ],
)
def test_foreign_documents_are_never_fetched_and_nonsense_is_refused(document):
    town = make_town()
    with pytest.raises(FileRefused):
        actions.import_entries(actor=town["keeper"], content=json.dumps(document).encode(), filename="x.json")
    for content in (b"{", b"\xff\xfe{", b"[" * 100_000):
        with pytest.raises(FileRefused):
            actions.import_entries(actor=town["keeper"], content=content, filename="x.json")


def test_the_catalogue_given_out_passes_the_shapes_of_dcat_ap():
    town = make_town()
    series = publish(town, write(town, title="气象月报系列", contact="综合处 0000-12345"))
    first = publish(
        town, write(town, title="气象月报", series=series.identifier, sharing="not_shared", basis="某法第一条")
    )
    publish(town, write(town, title="核验接口", kind="check", derived_from=[first.identifier], openness="closed"))
    publish(town, write(town, title="名称接口", kind="api", summary={}))
    api = Entry.objects.get(name="名称接口")
    actions.mount_resource(actor=town["writer"], entry=api.public_id, address="https://api.example/names")
    actions.mount_resource(actor=town["writer"], entry=first.public_id, form="CSV / 表格")
    for actor, services in ((town["keeper"], 2), (ANONYMOUS, 1)):
        for form, name in (("dcat-ap-turtle", "turtle"), ("dcat-ap-jsonld", "json-ld")):
            graph = Graph().parse(data=queries.exported(actor, form, "https://city.example"), format=name)
            conforms, _report, text = validate(graph, shacl_graph=str(SHAPES), advanced=False)
            assert conforms, text
            counts = [
                len(set(graph.subjects(RDF.type, kind)))
                for kind in (DCAT.Dataset, DCAT.DatasetSeries, DCAT.DataService, DCAT.Distribution)
            ]
            assert counts == [2, 1, services, 1]


def test_the_shapes_find_what_is_missing():
    town = make_town()
    publish(town, write(town))
    whole = Graph().parse(data=queries.exported(ANONYMOUS, "dcat-ap-turtle", "https://city.example"), format="turtle")
    dataset = next(whole.subjects(RDF.type, DCAT.Dataset))
    for predicate in sorted({p for p in whole.predicates(dataset) if str(p).endswith(("title", "description"))}):
        broken = Graph()
        for triple in whole:
            if triple[:2] != (dataset, predicate):
                broken.add(triple)
        assert not validate(broken, shacl_graph=str(SHAPES))[0], predicate


def test_pages_and_api_take_files_and_list_problems():
    town = make_town()
    keeper, outsider = town.people["keeper"].client, town.people["outsider"].client
    file = SimpleUploadedFile("目录.csv", LIST.encode())
    form = {"file": file, "columns": "坏行", "condition": ""}
    assert keeper.post("/catalogue/imports", form).status_code == 422
    file.seek(0)
    at = keeper.post("/catalogue/imports", {"file": file, "openness": "closed"}).headers["Location"]
    page = keeper.get(at).content.decode()
    assert "B4" in page
    assert keeper.get(f"{at}/problems.xlsx").content[:2] == b"PK"
    assert outsider.get(at).status_code == 404
    assert keeper.get("/catalogue/imports", headers={"Accept-Language": "en"}).status_code == 200
    columns = {"name": "表", "columns": {"title": "目录名称"}}
    saved = keeper.put("/api/v1/catalogue/mappings", json.dumps(columns), content_type="application/json")
    assert saved.json()["columns"] == {"title": "目录名称"}
    file.seek(0)
    made = keeper.post("/api/v1/catalogue/imports", {"file": file, "defaults": '{"condition": "经同意"}'})
    assert (made.status_code, made.json()["stored"]) == (201, 1), made.json()
    problems = keeper.get(f"/api/v1/catalogue/imports/{made.json()['id']}/problems").json()["items"]
    assert [each["cell"] for each in problems][:2] == ["B4", "E5"]
    file.seek(0)
    assert keeper.post("/api/v1/catalogue/imports", {"file": file, "defaults": "[]"}).status_code == 422
    assert outsider.get(f"/api/v1/catalogue/imports/{made.json()['id']}").status_code == 404
    assert b"dcat:Catalog" in keeper.get("/catalogue/export/dcat-ap-turtle").content
    assert keeper.get("/catalogue/export/rdf").status_code == 404
    assert len(keeper.get("/api/v1/catalogue/export").json()) > 2


@pytest.mark.data
@pytest.mark.slow
def test_a_real_catalogue_is_taken_over_whole(real_data):
    town = make_town()
    packed = (real_data / "catalogues" / "taoyuan_catalogue_2018.csv.zst").read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode()
    # Every fourth of its 1,429 entries: each becomes a case, and a minute and a half of that shows no more.
    rows = list(csv.DictReader(io.StringIO(text)))[::4]
    sheet = io.StringIO()
    csv.DictWriter(sheet, rows[0].keys()).writeheader()
    csv.DictWriter(sheet, rows[0].keys()).writerows(rows)
    for name in {row["資料來源"].partition("【")[2].rstrip("】") for row in rows}:
        make_unit(name=name)
    columns = {"identifier": "編號", "title": "資料名稱", "provider": "資料來源", "cycle": "更新頻率",
               "form": "檔案格式", "elements": "主要欄位說明", "summary": "資料集描述", "keywords": "標籤/關鍵字",
               "address": "資料連結網址", "kind": "資料集類型"}  # fmt: skip
    given = {"shelf": "public-services", "sharing": "unconditional", "openness": "open"}
    given["kind"] = "dataset"  # Its own words for kinds are kept beside.
    load = actions.import_entries(
        actor=SYSTEM, content=sheet.getvalue().encode(), filename="taoyuan.csv", columns=columns, defaults=given,
        prefix="ty-", publish=True,
    )  # fmt: skip
    reasons = list(load.problems.values_list("field", "reason", "value")[:5])
    assert load.read == load.stored + load.refused == len(rows) == 358
    assert load.refused <= 10, reasons
    assert EntryVersion.objects.filter(state="published").count() == load.stored
    assert queries.search(town["outsider"], "登革熱").results
