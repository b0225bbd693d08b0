"""Pages, API and command of the catalogue, in both languages, by those who may and those who may not."""

import json

import pytest
from django.test import Client

from groundplan.base.catalogue import actions
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.base.catalogue.tests.factories import content, deliver, make_town, publish, write

pytestmark = pytest.mark.django_db
API = "/api/v1/catalogue"
FORM = {
    "provider": "market", "title": "食品经营许可信息", "shelf": "market-regulation", "kind": "dataset",
    "sharing": "conditional", "condition": "用于行政执法", "openness": "closed", "cycle": "daily", "secrecy": "none",
    "elements": "许可证编号\n经营者名称，文本，非个人信息，market\n负责人姓名, text, personal",
}  # fmt: skip


def post(client, path, body, **headers):
    return client.post(f"{API}{path}", json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_entry_is_written_submitted_and_mounted_on_the_pages(language):
    town = make_town()
    writer, headers = town.people["writer"].client, {"Accept-Language": language}
    assert writer.get("/catalogue/new", headers=headers).status_code == 200
    assert writer.post("/catalogue/new", FORM | {"condition": ""}, headers=headers).status_code == 422
    assert writer.post("/catalogue/new", FORM | {"elements": "甲，未知"}, headers=headers).status_code == 422
    assert writer.post("/catalogue/new", FORM | {"title": "绝密清单"}, headers=headers).status_code == 422
    at = writer.post("/catalogue/new", FORM).headers["Location"]
    version = EntryVersion.objects.get()
    assert [each["name"] for each in version.content["elements"]] == ["许可证编号", "经营者名称", "负责人姓名"]
    assert writer.get(at, headers=headers).status_code == 200
    assert writer.get(f"{at}/edit", headers=headers).content.decode().count("经营者名称") == 1
    assert writer.post(f"/catalogue/versions/{version.public_id}/submit").status_code == 302
    version.refresh_from_db()
    page = town.people["second"].client.get(f"/cases/{version.case.public_id}", headers=headers).content.decode()
    assert "负责人姓名" in page
    entry = publish(town, write(town))
    at = f"/catalogue/entries/{entry.public_id}"
    assert writer.post(f"{at}/mount", {"kind": "dataset", "identifier": "!"}, headers=headers).status_code == 422
    assert writer.post(f"{at}/mount", {"kind": "dataset", "identifier": "firms"}).status_code == 302
    for path in ("/catalogue", "/catalogue?text=企业", "/catalogue/own?state=published", at,
                 "/catalogue/holders?name=企业名称"):  # fmt: skip
        page = writer.get(path, headers=headers)
        assert page.status_code == 200
        wanted = "企业登记基本信息" if language == "zh-hans" else "Registered enterprises"
        assert wanted in page.content.decode()


def test_outsiders_and_the_public_see_what_is_published_and_press_nothing():
    town = make_town()
    draft, entry = write(town, title="尚未公布"), publish(town, write(town))
    outsider, anonymous = town.people["outsider"].client, Client()
    for client in (outsider, anonymous):
        assert client.get(f"/catalogue/entries/{entry.public_id}").status_code == 200
        assert client.get(f"/catalogue/entries/{draft.entry.public_id}").status_code == 404
        assert client.get(f"{API}/entries/{draft.entry.public_id}").status_code == 404
        assert "尚未公布" not in client.get("/catalogue").content.decode()
    assert outsider.post(f"/catalogue/entries/{entry.public_id}/edit", FORM).status_code == 422
    assert outsider.post(f"/catalogue/entries/{entry.public_id}/mount", {"kind": "dataset"}).status_code == 422
    assert outsider.post(f"/catalogue/entries/{entry.public_id}/offline", {"reason": "x"}).status_code == 403
    assert outsider.post(f"/catalogue/versions/{draft.public_id}/submit").status_code == 404
    assert post(outsider, f"/entries/{entry.public_id}/resources", {"identifier": "x"}).status_code == 403
    assert post(outsider, "/entries", {"provider": "market", "content": content()}).status_code == 403
    assert anonymous.post(f"{API}/entries", "{}", content_type="application/json").status_code == 401
    assert entry.resources.count() == 0


def test_the_api_writes_submits_mounts_and_finds():
    town = make_town()
    writer = town.people["writer"].client
    body = {"provider": "market", "content": content()}
    first = post(writer, "/entries", body, **{"Idempotency-Key": "one"})
    again = post(writer, "/entries", body, **{"Idempotency-Key": "one"})
    assert (first.status_code, first.json()) == (201, again.json())
    made = first.json()
    bad = post(writer, "/entries", {"provider": "market", "content": content(sharing="not_shared")})
    assert bad.status_code == 422
    secret = post(writer, "/entries", {"provider": "market", "content": content(title="绝密")})
    assert (secret.status_code, secret.json()["type"]) == (422, "urn:groundplan:error:entry-secret")
    assert post(writer, f"/versions/{made['id']}/submit", {}).json()["state"] == "review"
    entry = publish(town, write(town))
    assert post(writer, f"/entries/{entry.public_id}/resources", {"identifier": "firms"}).status_code == 201
    assert post(writer, "/resources/firms/updates", {"rows": 7}).json()["number"] == 1
    assert writer.get(f"{API}/resources/firms").json()["rows"] == 7
    assert writer.get(f"{API}/search?text=企业登记&mounted=yes").json()["results"][0]["id"] == str(entry.public_id)
    assert writer.get(f"{API}/search?text=企业登记&mounted=no").json()["total_estimate"] == 0
    assert writer.get(f"{API}/holders?name=企业名称").json()[0]["provider"] == "market"
    assert len(writer.get(f"{API}/shelves").json()) == 11
    listed = writer.get(f"{API}/entries?size=1").json()
    assert len(listed["items"]) == 1
    assert writer.get(f"{API}/entries?size=1&after={listed['next']}").json()["next"] is None
    assert [each["number"] for each in writer.get(f"{API}/entries/{entry.public_id}/versions").json()] == [1]
    asked = post(writer, f"/entries/{entry.public_id}/offline", {"reason": "职能划转"})
    assert (asked.status_code, asked.json()["kind"]) == (200, "offline")
    assert post(writer, "/resources/firms/end", {"reason": "停"}).json()["state"] == "ended"
    changed = {"content": content(cycle="weekly")}
    assert post(writer, f"/entries/{entry.public_id}/versions", changed).status_code == 409


def test_search_finds_words_in_both_languages_and_counts():
    town = make_town()
    publish(town, write(town))
    actions.write_entry(actor=town["writer"], content=content(title="草稿企业"), provider="market")
    deliver()
    assert Entry.objects.count() == 2
    reader = town.people["resident"].client
    for text, count in (("企业 登记", 1), ("enterprises", 1), ("信用代码", 1), ("水库", 0), ("", 1), ("%'", 1)):
        assert reader.get(f"{API}/search", {"text": text}).json()["total_estimate"] == count, text
