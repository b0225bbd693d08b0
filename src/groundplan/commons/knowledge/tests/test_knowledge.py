"""Articles: written by one, approved by another, found by words, looked at again; outsiders see and change nothing."""

from datetime import date, datetime, timedelta

import pytest

from groundplan.commons.knowledge import actions, queries
from groundplan.commons.knowledge.actions import Wording
from groundplan.commons.knowledge.errors import ArticleInvalid, ArticleMoved, ArticleNotFound, NeedsSecondPerson
from groundplan.commons.knowledge.models import Article, Version
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.notices.models import Notice
from groundplan.kernel.parties.queries import ANONYMOUS
from groundplan.kernel.parties.tests.factories import Player, make_player, make_unit, make_user
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.lib.tabular import read_table, write_xlsx

pytestmark = pytest.mark.django_db
LIGHT = Wording(
    title="路灯不亮怎么报修", question="路灯坏了找谁", answer="拨打12345或在网上反映，写明路名和灯杆编号。",
    basis="《城市照明管理规定》（示例）", words=("路灯", "灯杆"), public=True, review_by=date(2099, 1, 1),
)  # fmt: skip


@pytest.fixture
def people():
    """A bureau with two handlers, another bureau, a resident."""
    ours, other = make_unit("lamps", name="照明处"), make_unit("other", name="教育局")
    made = {name: make_player(ours, "handler", name) for name in ("writer", "second")}
    made["operator"] = make_player(other, "operator", "operator")
    made["outsider"] = make_player(other, "handler", "outsider")
    made["resident"] = Player(make_user("resident"), None)
    return made


def approved(people, wording=LIGHT, article=None):
    made = actions.write_article(actor=people["writer"].actor, wording=wording, owner="lamps", article=article)
    actions.approve_article(actor=people["second"].actor, version=made.public_id)
    return Article.objects.get(pk=made.article_id)


def test_an_article_comes_into_force_by_a_second_person_only(people):
    made = actions.write_article(actor=people["writer"].actor, wording=LIGHT, owner="lamps")
    assert queries.search_articles(ANONYMOUS, "路灯").count() == 0
    with pytest.raises(NeedsSecondPerson):
        actions.approve_article(actor=people["writer"].actor, version=made.public_id)
    with pytest.raises(ArticleNotFound):
        actions.approve_article(actor=people["outsider"].actor, version=made.public_id)
    before = Pending.objects.count()
    actions.approve_article(actor=people["second"].actor, version=made.public_id)
    assert Pending.objects.count() == before + 1
    assert queries.search_articles(ANONYMOUS, "路灯 报修").count() == 1
    with pytest.raises(ArticleMoved):
        actions.approve_article(actor=people["second"].actor, version=made.public_id)


def test_a_new_version_replaces_the_old_one_when_it_is_approved(people):
    article = approved(people)
    changed = Wording(**{**LIGHT.__dict__, "answer": "请写明灯杆编号，24 小时内到场。"})
    draft = actions.write_article(actor=people["writer"].actor, wording=changed, article=article.public_id)
    shown = queries.article_in_force(ANONYMOUS, article.public_id)
    assert queries.current_version(shown).number == 1
    actions.refuse_article(actor=people["second"].actor, version=draft.public_id, reason="时限无依据")
    approved(people, changed, article.public_id)
    shown = queries.article_in_force(ANONYMOUS, article.public_id)
    assert (queries.current_version(shown).number, queries.current_version(shown).answer) == (3, changed.answer)
    assert [row.state for row in queries.versions_of(article)] == ["in_force", "refused", "superseded"]


def test_residents_read_public_articles_and_officers_internal_ones(people):
    inside = Wording(**{**LIGHT.__dict__, "title": "路灯应急抢修联系人", "public": False})
    article = approved(people, inside)
    for reader in (ANONYMOUS, people["resident"].actor):
        with pytest.raises(ArticleNotFound):
            queries.article_in_force(reader, article.public_id)
    assert queries.article_in_force(people["outsider"].actor, article.public_id) == article
    assert people["resident"].client.get(f"/knowledge/{article.public_id}").status_code == 404
    assert people["outsider"].client.get(f"/api/v1/knowledge/{article.public_id}").json()["title"] == inside.title


def test_an_outsider_neither_writes_nor_decides_nor_ends(people):
    article = approved(people)
    with pytest.raises(NotAllowed):
        actions.write_article(actor=people["outsider"].actor, wording=LIGHT, owner="lamps")
    with pytest.raises(NotAllowed):
        actions.write_article(actor=people["outsider"].actor, wording=LIGHT, article=article.public_id)
    with pytest.raises(NotAllowed):
        actions.retire_article(actor=people["outsider"].actor, article=article.public_id, reason="x")
    assert Version.objects.count() == 1
    page = people["outsider"].client.get(f"/knowledge/{article.public_id}").content.decode()
    assert "停用本条" not in page


def test_what_a_caller_says_finds_the_article_that_speaks_of_it(people):
    approved(people)
    about = {"title": "居住证怎么办理", "question": "办居住证要什么材料", "words": ("居住证",)}
    other = Wording(**{**LIGHT.__dict__, **about})
    approved(people, other)
    found = queries.matching(people["operator"].actor, "你好我家门口那个路灯好几天了都没亮")
    assert [queries.current_version(row).title for row in found] == ["路灯不亮怎么报修"]
    assert queries.matching(people["operator"].actor, "今天天气") == []
    assert queries.matching(people["operator"].actor, "'; DROP TABLE | & !") == []


def test_what_is_said_to_be_outdated_waits_with_the_owner_until_it_is_settled(people):
    article = approved(people)
    with pytest.raises(NotAllowed):
        actions.report_outdated(actor=ANONYMOUS, article=article.public_id, text="电话改了")
    said = actions.report_outdated(actor=people["resident"].actor, article=article.public_id, text="电话改了")
    assert Notice.objects.filter(kind="knowledge-feedback").count() == 2
    assert [row.pk for row in queries.open_feedback_for(people["writer"].actor)] == [said.pk]
    assert not queries.open_feedback_for(people["outsider"].actor).exists()
    with pytest.raises(ArticleNotFound):
        actions.settle_feedback(actor=people["outsider"].actor, feedback=said.public_id, answer="已核对")
    actions.settle_feedback(actor=people["second"].actor, feedback=said.public_id, answer="已修订")
    assert not queries.open_feedback_for(people["writer"].actor).exists()


def test_owners_are_told_once_when_the_day_of_review_has_come(people):
    article = approved(people)
    assert actions.remind_reviews() == 0
    Version.objects.filter(article=article).update(review_by=clock.now().date() - timedelta(days=1))
    assert actions.remind_reviews() == 1
    assert actions.remind_reviews() == 0
    assert Notice.objects.filter(kind="knowledge-review", user=people["writer"].user).count() == 1
    assert "本条已到复核日期" in people["writer"].client.get(f"/knowledge/{article.public_id}").content.decode()


def test_a_retired_article_is_found_no_more_and_stays_with_its_owner(people):
    article = approved(people)
    actions.retire_article(actor=people["writer"].actor, article=article.public_id, reason="职能已划转")
    with pytest.raises(ArticleNotFound):
        queries.article_for(people["outsider"].actor, article.public_id)
    assert queries.article_for(people["writer"].actor, article.public_id).ended_for == "职能已划转"
    with pytest.raises(ArticleMoved):
        actions.write_article(actor=people["writer"].actor, wording=LIGHT, article=article.public_id)
    assert queries.matching(people["writer"].actor, "路灯坏了") == []


def test_a_table_is_taken_whole_or_not_at_all_and_comes_out_as_it_went_in(people):
    row = ["路灯不亮", "路灯坏了", "请写明灯杆编号。", "规定", "路灯，灯杆", "lamps", "是", "2099-01-01"]
    bad = [*row[:5], "nobody", "是", "不详"]
    with pytest.raises(ArticleInvalid) as refused:
        actions.import_articles(
            actor=people["writer"].actor, content=write_xlsx(actions.HEADERS, [row, bad]), filename="k.xlsx"
        )
    assert len(refused.value.extra["fields"]) == 1
    assert not Article.objects.exists()
    content = write_xlsx(actions.HEADERS, [row])
    assert actions.import_articles(actor=people["writer"].actor, content=content, filename="k.xlsx") == 1
    with pytest.raises(ArticleInvalid):
        actions.import_articles(actor=people["outsider"].actor, content=content, filename="k.xlsx")
    actions.approve_article(actor=people["second"].actor, version=Version.objects.get().public_id)
    back = people["writer"].client.get("/knowledge/export.xlsx").content
    read = read_table(back, "knowledge.xlsx").rows[0]
    assert [read.text(header) for header in actions.HEADERS] == [*row[:4], "路灯、灯杆", *row[5:]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "}, {"answer": ""}, {"basis": ""}, {"title": "长" * 121}, {"answer": "a\x00b"},
        {"review_by": date(2020, 1, 1)}, {"words": tuple(str(n) for n in range(21))},
    ],
)  # fmt: skip
def test_what_is_missing_is_named(people, wrong):
    with pytest.raises(ArticleInvalid) as refused:
        actions.write_article(
            actor=people["writer"].actor, wording=Wording(**{**LIGHT.__dict__, **wrong}), owner="lamps"
        )
    assert [item["field"] for item in refused.value.extra["fields"]] == list(wrong)


def test_the_pages_write_approve_search_and_take_feedback(people):
    writer, second = people["writer"].client, people["second"].client
    form = {
        "owner": "lamps", "title": LIGHT.title, "answer": "<script>alert(1)</script>", "basis": LIGHT.basis,
        "words": "路灯、灯杆", "public": "on", "review_by": "2099-01-01",
    }  # fmt: skip
    assert writer.post("/knowledge/new", {**form, "title": ""}).status_code == 422
    assert writer.post("/knowledge/new", form).status_code == 302
    draft = Version.objects.get()
    assert LIGHT.title in second.get("/knowledge/work").content.decode()
    assert second.post(f"/knowledge/versions/{draft.public_id}/approve").status_code == 302
    page = people["resident"].client.get("/knowledge", {"text": "路灯"}).content.decode()
    assert LIGHT.title in page
    assert "<script>alert" not in page
    path = f"/knowledge/{draft.article.public_id}"
    assert people["resident"].client.post(f"{path}/outdated", {"text": "电话改了"}).status_code == 302
    assert "电话改了" in writer.get("/knowledge/work").content.decode()
    assert writer.get(f"{path}/edit").status_code == 200
    assert writer.post(f"{path}/retire", {"reason": "停用"}).status_code == 302


def test_the_api_writes_approves_and_matches(people):
    sent = {
        "owner": "lamps", "title": LIGHT.title, "answer": LIGHT.answer, "basis": LIGHT.basis, "words": ["路灯"],
        "public": True, "review_by": "2099-01-01",
    }  # fmt: skip
    path, kind = "/api/v1/knowledge", {"content_type": "application/json"}
    assert people["outsider"].client.post(path, sent, **kind).status_code == 403
    made = people["writer"].client.post(path, sent, **kind)
    assert made.status_code == 201
    approve = f"{path}/versions/{made.json()['id']}/approve"
    assert people["outsider"].client.post(approve, {}, **kind).status_code == 404
    assert people["writer"].client.post(approve, {}, **kind).status_code == 403
    assert people["second"].client.post(approve, {}, **kind).json()["state"] == "in_force"
    found = people["operator"].client.get(f"{path}/matching", {"text": "路灯不亮了"}).json()
    assert [row["title"] for row in found] == [LIGHT.title]
    assert len(people["resident"].client.get(path).json()["items"]) == 1
    assert datetime.fromisoformat(found[0]["approved_at"])
