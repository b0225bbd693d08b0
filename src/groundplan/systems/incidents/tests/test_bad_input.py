"""What people really send, through the public page and interface: refused with a reason, or taken in whole."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook
from PIL import Image

from groundplan.kernel.cases.models import Case
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.ledger.models import Pending
from groundplan.systems.incidents import actions
from groundplan.systems.incidents.logic.masking import mask_text
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.tests.factories import OUTSIDE_POINT, WEST_POINT, make_town

pytestmark = pytest.mark.django_db
REPORTS = "/api/v1/incidents/reports"
# ISO 14496-12: a box `ftyp` whose brand is heic.
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + b"\x00" * 200
PHONES = [
    "13800138000", "+86 138-0013-8000", "１３８００１３８０００", "１３８ ００１３ ８０００", "138\u30000013\u30008000",
    "1 3 8 0 0 1 3 8 0 0 0", "138.0013.8000", "138 - 0013 - 8000", "13800\u200b138000", "一三八零零一三八零零零",
    "幺三八〇〇幺三八〇〇〇", "壹叁捌零零壹叁捌零零零", "138零零138零零零", "①③⑧00138000",
]  # fmt: skip
CITIZENS = [
    "11010519491231002X", "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002X", "110105-1949-1231-002x",
    "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X", "一一零一零五一九四九一二三一零零二X",
]  # fmt: skip
HARMLESS = [
    "一楼二单元三〇四室", "2026年11月23日10:00至13:30", "拨打12345热线三次", "赔偿1380013元", "部件33010600000010345",
    "罚款13,800,138,000元", "二〇二六年十一月二十三日", "５号楼",
]  # fmt: skip


def send(body, **headers):
    return Client().post(REPORTS, json.dumps(body), content_type="application/json", headers=headers)


def picture():
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "gray").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("number", PHONES + CITIZENS)
def test_a_personal_number_is_hidden_however_it_is_written(number):
    masked = mask_text(f"路灯坏了，我的号码{number}，请回电")
    assert masked.hidden == 1
    assert masked.text in {
        "路灯坏了，我的号码138****8000，请回电",
        "路灯坏了，我的号码110105********002X，请回电",
        "路灯坏了，我的号码110105********002x，请回电",
    }


@pytest.mark.parametrize("text", HARMLESS)
def test_other_numbers_stay_as_they_were_written(text):
    assert mask_text(text).hidden == 0


def test_nobody_who_handles_a_report_and_no_record_sees_the_numbers_in_it():
    town = make_town()
    made = send(
        {
            "text": "井盖坏了。" + "；".join(PHONES + CITIZENS),
            "title": "回电一三八零零一三八零零零",
            "point": WEST_POINT,
        }
    )
    assert made.status_code == 201
    case, incident = Case.objects.get(), Incident.objects.get()
    assert incident.hidden_parts == len(PHONES) + len(CITIZENS)
    shown = town.people["operator"].client.get(f"/cases/{case.public_id}").content.decode()
    records = b"".join(bytes(body) for body in Pending.objects.values_list("body", flat=True)).decode()
    for place in (shown, case.title, json.dumps(case.data, ensure_ascii=False), incident.text, records):
        for number in PHONES + CITIZENS:
            assert number not in place


@pytest.mark.parametrize("text", ["", " \u3000\n\t", "\x00\x07\x1b", "长" * 34_000, "a" * 100_000])
def test_an_empty_text_and_one_of_100_kb_are_refused_by_both_doors(text):
    make_town()
    by_interface = send({"text": text})
    # What cannot be said at all (signs of control) is refused before the fields are looked at.
    assert by_interface.status_code == (400 if "\x00" in text else 422)
    if by_interface.status_code == 422:
        assert by_interface.json()["fields"][0]["field"].split(".")[-1] == "text"
    by_page = Client().post("/report", {"flow": "hotline", "text": text})
    assert by_page.status_code == 422
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "😀👨‍👩‍👧 路燈壞了，請儘快處理",
        "𠮷野家門口㐂",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "{{ 7*7 }}{% debug %}",
    ],
)
def test_emoji_traditional_characters_and_scripts_come_out_as_they_went_in(text):
    town = make_town()
    receipt = send({"text": text, "point": WEST_POINT}).json()
    seen = Client().get(f"{REPORTS}/{receipt['number']}", {"code": receipt["code"]})
    assert seen.status_code == 200
    assert Incident.objects.get().text == text
    shown = town.people["operator"].client.get(f"/cases/{Case.objects.get().public_id}").content.decode()
    assert "<script>alert(1)" not in shown
    assert "<img src=x" not in shown


def upload(*files):
    return Client(headers={"Accept-Language": "zh-hans"}).post(
        "/report", {"flow": "hotline", "text": "路灯不亮", "photos": list(files)}
    )


def test_thirty_photos_are_refused_with_the_number_that_is_taken_and_nothing_is_kept():
    make_town()
    answer = upload(*(SimpleUploadedFile(f"{n}.jpg", picture(), "image/jpeg") for n in range(30)))
    assert answer.status_code == 422
    assert "最多上传 9 个附件" in answer.content.decode()
    assert not Case.objects.exists()
    assert not StoredFile.objects.exists()
    nine = upload(*(SimpleUploadedFile(f"{n}.jpg", picture(), "image/jpeg") for n in range(9)))
    assert nine.status_code == 302
    assert StoredFile.objects.count() == 9


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("照片.heic", HEIC, "HEIC 照片请先转为 JPEG"),
        ("照片.jpg", HEIC, "HEIC 照片请先转为 JPEG"),
        ("照片.jpg", b"MZ\x90\x00" + b"\x00" * 300, "照片请用 JPEG、PNG 或 WebP 格式"),
        ("照片.jpg", b"<html><script>alert(1)</script></html>", "照片请用 JPEG、PNG 或 WebP 格式"),
        ("照片.png", picture(), "其内容是 image/jpeg"),
        ("照片.jpg", picture()[:300], "照片.jpg"),
    ],
    ids=["HEIC", "HEIC named JPEG", "a program", "a page", "JPEG named PNG", "cut off"],
)
def test_a_file_of_another_type_than_is_taken_is_refused_with_what_is_taken(name, content, why):
    make_town()
    answer = upload(SimpleUploadedFile(name, content, "image/jpeg"))
    assert 400 <= answer.status_code < 500
    said = answer.content.decode()
    assert why in said
    assert not Case.objects.exists()
    assert not StoredFile.objects.exists()
    # The words that were typed are still there.
    assert "路灯不亮" in said


def test_a_phone_is_asked_for_photos_in_forms_that_are_taken():
    make_town()
    assert 'accept="image/jpeg,image/png,image/webp,.pdf"' in Client().get("/report").content.decode()


def test_a_place_outside_the_city_is_refused_by_both_doors_in_words():
    make_town()
    assert send({"text": "路灯不亮", "point": OUTSIDE_POINT}).json()["type"] == "urn:groundplan:error:outside-city"
    asked = {"flow": "hotline", "text": "路灯不亮", "longitude": OUTSIDE_POINT[0], "latitude": OUTSIDE_POINT[1]}
    answer = Client().post("/report", asked)
    assert answer.status_code == 422
    assert not Case.objects.exists()


def test_one_report_sent_fifty_times_in_a_minute_is_one_case():
    make_town()
    numbers = set()
    statuses = []
    for _ in range(50):
        answer = send({"text": "路灯不亮", "point": WEST_POINT})
        statuses.append(answer.status_code)
        if answer.status_code < 300:
            numbers.add(answer.json()["number"])
        else:
            assert int(answer.headers["Retry-After"]) > 0
    assert set(statuses) <= {200, 201, 429}
    assert len(numbers) == 1
    assert Case.objects.count() == 1


def test_two_reports_at_one_spot_about_two_things_are_two_cases_with_one_map_point():
    make_town()
    for text in ("井盖丢失，很危险", "墙上贴满小广告"):
        assert send({"text": text, "point": WEST_POINT, "flow": "city-management"}).status_code == 201
    assert Case.objects.count() == 2
    assert Incident.objects.filter(likely=[]).count() == 2
    assert len({(one.longitude, one.latitude) for one in Incident.objects.all()}) == 1


def test_a_spreadsheet_with_merged_headers_and_hidden_columns_comes_in_whole():
    """Headers merged over two rows are joined with a stroke; hidden columns are read like the others."""
    town = make_town()
    book = Workbook()
    sheet = book.active
    for row in (
        ["某区诉求清单", None, None, None, None],
        ["编号", "诉求", None, "联系电话", "受理时间"],
        [None, "标题", "内容", None, None],
        ["7", "路灯不亮", "门口路灯坏了", "13800138000", "2026/3/2 9:00"],
    ):
        sheet.append(row)
    for block in ("A1:E1", "A2:A3", "B2:C2", "D2:D3", "E2:E3"):
        sheet.merge_cells(block)
    sheet.column_dimensions["C"].hidden = sheet.column_dimensions["D"].hidden = True
    content = io.BytesIO()
    book.save(content)
    load = actions.import_reports(actor=town["operator"], content=content.getvalue(), filename="清单.xlsx")
    assert (load.read, load.stored, load.quarantined) == (1, 1, 0)
    assert load.columns["description"] == "诉求/内容"
    taken = Incident.objects.get(external_id="7")
    assert (taken.text, taken.case.title) == ("门口路灯坏了", "路灯不亮")
    assert taken.phone_hash is not None
