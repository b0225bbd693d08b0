"""Pages of the organisation and of accounts, and what each of the cast may open."""

import base64
import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from groundplan.kernel.parties import actions, queries
from groundplan.kernel.parties.models import Membership, Party, Relation, User
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_player, make_unit, make_user

pytestmark = pytest.mark.django_db
NUMBER = "11010519491231002X"


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def system():
    return make_player(make_unit(), "system_admin")


@pytest.fixture
def security():
    return make_player(make_unit(), "security_admin")


def text_of(answer):
    return answer.content.decode()


def upload(client, text, name="units.csv"):
    return client.post("/organisation/import", {"file": SimpleUploadedFile(name, text.encode())})


def test_everybody_sees_the_tree_in_both_languages(cast):
    city = make_unit("lt", "city", "兰汀市")
    make_unit(name="城市管理局", parent=city)
    for client in (Client(), cast.outsider.client):
        page = text_of(client.get("/organisation"))
        assert page.index("兰汀市") < page.index("城市管理局")
    english = text_of(Client().get("/organisation", headers={"Accept-Language": "en"}))
    assert "Organisation" in english
    assert not re.search(r"<h1>[^<]*[\u4e00-\u9fff]", english)


def test_the_tree_follows_the_kind_of_relation(cast):
    bureau, district_bureau = make_unit(name="市水务局"), make_unit(name="区水务局")
    actions.relate(actor=SYSTEM, kind="guided_by", from_party=district_bureau, to_party=bureau)
    page = text_of(Client().get("/organisation?by=guided_by"))
    assert page.index("市水务局") < page.index("区水务局")
    assert cast.officer.unit.shown_name not in page


def test_units_are_found_by_the_sound_of_their_names():
    make_unit(name="水务局")
    make_unit(name="城管局")
    page = text_of(Client().get("/organisation?q=shui"))
    assert "水务局" in page
    assert "城管局" not in page


def test_an_outsider_sees_a_unit_without_its_inside(cast):
    address = f"/organisation/{cast.officer.unit.public_id}"
    name = cast.officer.user.display_name
    assert name in text_of(cast.officer.client.get(address))
    for client in (Client(), cast.outsider.client, cast.resident.client, cast.vendor.client):
        page = client.get(address)
        assert page.status_code == 200
        assert name not in text_of(page)
    assert Client().get(f"/organisation/{cast.vendor.unit.public_id}").status_code == 404


def test_an_outsider_opens_no_page_of_administrators_and_changes_nothing(cast):
    unit, user = cast.officer.unit, cast.officer.user
    relation = actions.relate(actor=SYSTEM, kind="guided_by", from_party=unit, to_party=make_unit())
    membership = Membership.objects.get(user=user)
    base, account = f"/organisation/{unit.public_id}", f"/accounts/{user.public_id}"
    addresses = [
        "/organisation/new", "/organisation/import", "/organisation/template", f"{base}/edit", f"{base}/relate",
        f"{base}/end", f"{base}/merge", f"{base}/relations/{relation.pk}/end", "/accounts",
        f"{base}/identifiers/citizen_number",
        "/accounts/new", account, f"{account}/password", f"{account}/close",
        f"{account}/roles/{membership.public_id}/end",
    ]  # fmt: skip
    for player in (cast.outsider, cast.resident, cast.vendor):
        client = player.client
        assert {client.post(address).status_code for address in addresses} == {403}
    assert {Client().post(address).status_code for address in addresses} == {302}
    relation.refresh_from_db()
    membership.refresh_from_db()
    assert (relation.valid_until, membership.valid_until) == (None, None)


def test_a_system_administrator_keeps_the_register(system):
    client = system.client
    made = client.post("/organisation/new", {"code": "new", "kind": "department", "chinese": "新局"})
    unit = Party.objects.get(code="new")
    assert made["Location"] == f"/organisation/{unit.public_id}"
    base = f"/organisation/{unit.public_id}"
    client.post(f"{base}/edit", {"chinese": "新新局", "public_phone": "12345", "seen": "1"})
    stale = client.post(f"{base}/edit", {"chinese": "旧", "seen": "1"})
    assert "已被他人修改" in text_of(stale)
    client.post(f"{base}/relate", {"kind": "belongs_to", "to_party": system.unit.code})
    relation = Relation.objects.get(from_party=unit)
    assert "终止关系" in text_of(client.get(base))
    client.post(f"{base}/relations/{relation.pk}/end")
    client.post(f"{base}/end")
    unit.refresh_from_db()
    assert unit.name["zh-hans"] == "新新局"
    assert not unit.is_current


def test_a_system_administrator_merges_a_unit_into_another_and_its_old_code_leads_there(system):
    old, new = make_unit("old-bureau", name="原工商局"), make_unit("new-bureau", name="市场监管局")
    make_player(old, "handler", "wang")
    answer = system.client.post(f"/organisation/{old.public_id}/merge", {"into": "new-bureau"}, follow=True)
    assert "机构已并入，关系和人员已转移。" in text_of(answer)
    assert queries.party_by_code("old-bureau") == new
    assert Membership.objects.on().get(role="handler").party == new
    refused = system.client.post(f"/organisation/{new.public_id}/merge", {"into": "nothing"})
    assert "没有编码为此的机构。" in text_of(refused)


def test_a_refused_form_says_why(system):
    page = system.client.post("/organisation/new", {"code": system.unit.code, "kind": "department", "chinese": "新局"})
    assert "已属于另一机构" in text_of(page)
    unknown = system.client.post(
        f"/organisation/{system.unit.public_id}/relate", {"kind": "belongs_to", "to_party": "nowhere"}
    )
    assert "没有编码为此的机构" in text_of(unknown)


def test_a_personal_number_is_shown_for_a_purpose_only():
    person = make_unit(kind="person")
    actions.add_identifier(actor=SYSTEM, party=person, scheme="citizen_number", value=NUMBER)
    client = make_player(make_unit(), "data_office").client
    page = text_of(client.get(f"/organisation/{person.public_id}"))
    assert "110*************2X" in page
    assert NUMBER not in page
    address = f"/organisation/{person.public_id}/identifiers/citizen_number"
    assert NUMBER not in text_of(client.post(address, {"purpose": ""}))
    shown = client.post(address, {"purpose": "verification"})
    assert NUMBER in text_of(shown)
    assert "no-store" in shown["Cache-Control"]


def test_a_file_is_tried_then_imported(system):
    client = system.client
    page = text_of(upload(client, "编码,名称,类型\na,甲街道,街道\n"))
    assert "预检通过" in page
    assert not Party.objects.filter(code="a").exists()
    carried = re.search(r'name="carried" value="([^"]+)"', page)[1]
    done = client.post("/organisation/import", {"step": "import", "name": "units.csv", "carried": carried})
    assert "导入完成" in text_of(done)
    assert Party.objects.filter(code="a").exists()


def test_the_errors_of_a_file_can_be_taken_away(system):
    client = system.client
    page = text_of(upload(client, "编码,名称,类型\na,甲,行会\n"))
    assert "C2" in page
    carried = re.search(r'name="carried" value="([^"]+)"', page)[1]
    answer = client.post("/organisation/import", {"step": "errors", "name": "units.csv", "carried": carried})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet["A2"].value == "C2"
    assert "行会" in sheet["B2"].value


@pytest.mark.parametrize("carried", ["%%%", base64.b64encode(b"PK\x03\x04 broken").decode(), ""])
def test_a_broken_file_or_page_is_an_error_that_teaches(system, carried):
    answer = system.client.post("/organisation/import", {"step": "import", "name": "x.xlsx", "carried": carried})
    assert answer.status_code == 200
    assert "gp-late" in text_of(answer)


def test_the_template_is_offered(security):
    answer = security.client.get("/organisation/template")
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames == ["机构", "人员", "关系"]


def test_accounts_and_roles_take_two_administrators(system, security):
    page = text_of(system.client.post("/accounts/new", {"username": "newcomer", "display_name": "新人"}))
    password = re.search(r"<code>([^<]+)</code>", page)[1]
    user = User.objects.get(username="newcomer")
    assert user.check_password(password)
    assert user.must_change_password
    address = f"/accounts/{user.public_id}"
    grant = {"role": "handler", "party": system.unit.code}
    assert "安全管理员" in text_of(system.client.post(address, grant))
    assert queries.actor_for_user(user).scopes == ()
    assert security.client.post(address, grant).status_code == 302
    assert queries.actor_for_user(user).has_role("handler")
    held = Membership.objects.get(user=user)
    assert security.client.post(f"{address}/roles/{held.public_id}/end").status_code == 302
    assert queries.actor_for_user(user).scopes == ()
    assert system.client.post(f"{address}/close").status_code == 302
    assert not User.objects.get(pk=user.pk).is_active


def test_an_auditor_reads_accounts_and_changes_none():
    audit = make_player(make_unit(), "audit_admin")
    user = make_user()
    assert user.username in text_of(audit.client.get("/accounts"))
    page = text_of(audit.client.get(f"/accounts/{user.public_id}"))
    assert "授予角色" not in page
    assert "停用账号" not in page


def test_nobody_grants_to_themselves(security):
    address = f"/accounts/{security.user.public_id}"
    assert "授予角色" not in text_of(security.client.get(address))
    page = security.client.post(address, {"role": "leader", "party": security.unit.code})
    assert queries.actor_for_user(security.user).roles == {"security_admin"}
    assert page.status_code == 200


def test_my_account_shows_my_roles_and_makes_a_token_shown_once(cast):
    client = cast.officer.client
    page = text_of(client.post("/account", {"name": "script", "days": "30"}))
    token = re.search(r"<code>(gp_[^<]+)</code>", page)[1]
    assert queries.actor_for_token(token) == cast.officer.actor
    assert token not in text_of(client.get("/account"))
    row = cast.officer.user.tokens.get()
    assert cast.outsider.client.post(f"/account/tokens/{row.public_id}/revoke").status_code == 404
    assert client.post(f"/account/tokens/{row.public_id}/revoke").status_code == 302
    assert queries.actor_for_token(token) is None


def test_my_language_is_remembered(cast):
    client = cast.officer.client
    client.post("/account/language", {"language": "en"})
    assert User.objects.get(pk=cast.officer.user.pk).language == "en"
    assert "My account" in text_of(client.get("/account"))
    client.post("/account/language", {"language": "xx"})
    assert User.objects.get(pk=cast.officer.user.pk).language == "en"
