"""Pages and JSON door: who sees what, and that what is shown is true."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from groundplan.kernel.cases import queries as cases
from groundplan.kernel.cases.tests.factories import dispatched, make_city, open_repair
from groundplan.kernel.events import actions as events
from groundplan.kernel.events import registry as event_registry
from groundplan.kernel.events.models import Letter, StoredEvent, Webhook
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.ledger import logic
from groundplan.kernel.ledger import queries as log
from groundplan.kernel.ledger.models import Entry, Pending
from groundplan.kernel.parties.queries import ANONYMOUS
from groundplan.kernel.parties.tests.factories import Player, make_cast, make_player, make_unit, make_user
from groundplan.kernel.proofs import queries, registry
from groundplan.kernel.proofs.logic import steps
from groundplan.kernel.proofs.queries import checking
from groundplan.lib import clock
from groundplan.lib.crypto import signing
from groundplan.lib.identity import uuid7

SUBJECT = "sample:1"


@pytest.fixture
def cast(db, monkeypatch):
    """The cast; the officer alone may read the records of the sample."""
    made = make_cast()
    officer = made.officer.actor.actor_id
    monkeypatch.setattr(registry, "_readers", {"sample:": lambda actor, subject: actor.actor_id == officer})
    return made


@pytest.fixture
def auditor(db):
    return make_player(make_unit(), "audit_admin")


@pytest.fixture
def keeper(db):
    return make_player(make_unit(), "system_admin")


@pytest.fixture
def entry_id(cast):
    made = ledger.record(actor=cast.officer.actor.actor_id, action="sample.act", subject=SUBJECT, data={"数": 3})
    for _ in range(4):
        ledger.record(actor="system", action="sample.other", subject="sample:2")
    ledger.sequence()
    return made


def api(player, path):
    return player.client.get(f"/api/v1/proofs{path}")


def test_an_officer_reads_and_proves_the_record_of_an_own_subject(cast, entry_id):
    page = cast.officer.client.get(f"/records/{entry_id}")
    assert page.status_code == 200
    text = page.content.decode()
    assert "证明成立" in text
    assert log.inclusion_proof(entry_id).head.root.hex() in text
    file = cast.officer.client.get(f"/records/{entry_id}/proof.json")
    assert file.content == log.inclusion_proof(entry_id).file()
    assert "attachment" in file["Content-Disposition"]
    assert api(cast.officer, f"/entries/{entry_id}/proof").content == file.content
    assert api(cast.officer, f"/entries/{entry_id}").json()["data"] == {"数": 3}
    assert [row["id"] for row in api(cast.officer, f"/entries?subject={SUBJECT}").json()["items"]] == [str(entry_id)]


@pytest.mark.parametrize("who", ["outsider", "vendor", "resident"])
def test_for_an_outsider_the_record_does_not_exist(cast, entry_id, who):
    player = getattr(cast, who)
    for path in (f"/records/{entry_id}", f"/records/{entry_id}/proof.json"):
        assert player.client.get(path).status_code == player.client.get(f"/records/{uuid4()}").status_code == 404
    for path in (f"/entries/{entry_id}", f"/entries/{entry_id}/proof"):
        answer = api(player, path)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:groundplan:error:entry-not-found")
    assert api(player, f"/entries?subject={SUBJECT}").json()["items"] == []
    assert player.client.get("/records").status_code == 403


def test_nobody_reads_records_without_signing_in(cast, entry_id, client):
    assert client.get(f"/records/{entry_id}").status_code == 302
    assert client.get("/records").status_code == 302
    assert client.get(f"/api/v1/proofs/entries/{entry_id}").status_code == 401
    assert client.get("/api/v1/proofs/entries").status_code == 401


def test_an_auditor_filters_the_log_by_subject_actor_action_and_time(cast, auditor, entry_id):
    def found(query):
        return [row["id"] for row in api(auditor, f"/entries?{query}").json()["items"]]

    today = clock.now().date().isoformat()
    assert found(f"subject={SUBJECT}") == [str(entry_id)]
    assert found(f"actor={cast.officer.actor.actor_id}&action=sample.act") == [str(entry_id)]
    assert len(found("action=sample.other")) == 4
    assert found("action=sample.act&until=2020-01-01") == []
    assert str(entry_id) in found(f"since=2020-01-01&until={today[:4]}-12-31&size=200")
    assert api(auditor, "/entries?since=yesterday").status_code == 422
    assert auditor.client.get("/records?since=yesterday").status_code == 422
    page = auditor.client.get("/records?action=sample.act").content.decode()
    assert cast.officer.user.display_name in page
    assert str(entry_id) in page


def test_the_log_is_read_page_by_page_without_loss(auditor, entry_id):
    seen, after = [], ""
    while after is not None:
        answer = api(auditor, f"/entries?size=2{f'&after={after}' if after else ''}").json()
        seen += [row["leaf_index"] for row in answer["items"]]
        after = answer["next"]
    assert seen == list(range(Entry.objects.count()))[::-1]


def test_a_record_on_its_way_into_the_log_is_shown_as_waiting(cast):
    fresh = ledger.record(actor="system", action="sample.act", subject=SUBJECT)
    assert cast.officer.client.get(f"/records/{fresh}").status_code == 202
    assert cast.outsider.client.get(f"/records/{fresh}").status_code == 404
    assert api(cast.officer, f"/entries/{fresh}/proof").json()["type"] == "urn:groundplan:error:not-yet-integrated"


def test_heads_keys_and_the_way_to_check_are_public(entry_id, client):
    heads = client.get("/api/v1/proofs/heads").json()["items"]
    keys = client.get("/api/v1/proofs/keys").json()
    assert heads[0]["size"] == Entry.objects.count()
    assert heads[0]["key_id"] == keys[0]["key_id"] == keys[0]["fingerprint"][:16]
    text = client.get("/records/heads").content.decode()
    assert heads[0]["root"] in text
    assert keys[0]["fingerprint"] in text
    assert keys[0]["fingerprint"] in client.get("/records/verify").content.decode()
    assert b"RFC 9162" in client.get("/records/verify_proof.py").content


def handed_in(client, content):
    page = client.post("/records/verify", {"file": SimpleUploadedFile("proof.json", content)})
    return page.status_code, page.content.decode()


def test_the_page_proves_a_good_file_for_anybody(entry_id, client):
    status, text = handed_in(client, log.inclusion_proof(entry_id).file())
    assert status == 200
    assert "证明成立" in text
    assert str(entry_id) in text


def test_the_page_refuses_a_file_cut_in_half_with_its_reason(entry_id, client):
    content = log.inclusion_proof(entry_id).file()
    status, text = handed_in(client, content[: len(content) // 2])
    assert (status, "不是一份完整的 JSON 文档" in text) == (422, True)


def test_the_page_refuses_a_file_of_another_log_with_its_reason(entry_id, client, tmp_path, settings):
    made = log.inclusion_proof(entry_id)
    here, settings.STATE = settings.STATE, tmp_path
    other = signing.create_key()
    settings.STATE = here
    head = replace(made.head, signature=other.sign(made.head.body), public_key=other.public_key)
    status, text = handed_in(client, replace(made, head=head).file())
    assert (status, "属于另一份日志" in text) == (422, True)


def test_the_page_refuses_every_flipped_bit_that_was_tried(entry_id):
    content = log.inclusion_proof(entry_id).file()
    for position in range(0, len(content) * 8, 41):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        assert checking.check(bytes(flipped)).refused, f"bit {position}"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 90_000, b"{}", b"null", b"1" * 9000, b" " * 1_000_002])
def test_the_page_answers_any_bytes_with_a_reason(entry_id, client, content):
    status, text = handed_in(client, content)
    assert status == 422
    assert "证明不成立" in text or "请选择" in text


def test_the_page_says_when_no_file_was_chosen(client, db):
    assert client.post("/records/verify").status_code == 422


def test_the_page_of_heads_shows_that_the_log_only_grew(entry_id, client):
    ledger.record(actor="system", action="sample.act", subject=SUBJECT)
    ledger.sequence()
    second, first = (head["size"] for head in client.get("/api/v1/proofs/heads").json()["items"])
    text = client.get(f"/records/heads?first={first}&second={second}").content.decode()
    assert "没有改写" in text
    file = client.get(f"/records/consistency/{first}/{second}.json").content
    assert file == log.consistency_proof(first, second).file()
    assert file == client.get(f"/api/v1/proofs/consistency/file?first={first}&second={second}").content
    status, text = handed_in(client, file)
    assert (status, "证明成立" in text) == (200, True)
    for wrong in (
        f"first={second}&second={first}",
        "first=x&second=1",
        "first=1",
        "first=-1&second=9999999999999999999",
    ):
        text = client.get(f"/records/heads?{wrong}").content.decode()
        assert "gp-warn" in text, wrong


def test_two_heads_are_proven_consistent_for_anybody(entry_id, client):
    ledger.record(actor="system", action="sample.act", subject=SUBJECT)
    ledger.sequence()
    second, first = (head["size"] for head in client.get("/api/v1/proofs/heads").json()["items"])
    proof = client.get(f"/api/v1/proofs/consistency?first={first}&second={second}").json()
    roots = [bytes.fromhex(proof[name]) for name in ("first_root", "second_root")]
    assert logic.consistent(first, second, *roots, [bytes.fromhex(step) for step in proof["path"]])
    assert client.get(f"/api/v1/proofs/consistency?first={second}&second={first}").status_code == 422
    assert client.get(f"/api/v1/proofs/consistency?first={first}&second={2**70}").status_code == 422


@pytest.mark.parametrize("path", ["/records", "/records/heads", "/records/verify", "/webhooks", "record"])
def test_pages_are_complete_in_english(entry_id, path, monkeypatch):
    player = make_player(make_unit(), "data_office")
    client = player.client
    client.cookies["language"] = "en"
    text = client.get(f"/records/{entry_id}" if path == "record" else path).content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    assert not [letter for letter in main.replace("数", "").replace("中文", "") if "\u4e00" <= letter <= "\u9fff"]


@pytest.mark.parametrize("size", range(1, 18))
def test_the_steps_that_are_told_lead_to_the_root(size):
    leaves = [logic.leaf_hash(bytes([number])) for number in range(size)]
    for index in range(size):
        told = steps(leaves[index], index, size, logic.inclusion(leaves, index))
        assert (told[-1].result if told else leaves[0].hex()) == logic.root(leaves).hex()


def test_webhooks_are_managed_by_those_who_may_and_each_change_leaves_one_record(keeper):
    wanted = {"name": "partner", "url": "http://127.0.0.1:9/hook", "types": ["case.*"]}
    client = keeper.client
    headers = {"Idempotency-Key": "one", "Authorization": f"Bearer {keeper.token}"}
    mine = Pending.objects.filter(action__startswith="proofs.")
    made = client.post("/api/v1/proofs/webhooks", wanted, content_type="application/json", headers=headers)
    again = client.post("/api/v1/proofs/webhooks", wanted, content_type="application/json", headers=headers)
    assert (made.status_code, made.json()) == (201, again.json())
    assert made.json()["secret"].startswith("whsec_")
    assert (Webhook.objects.count(), mine.count()) == (1, 1)
    listed = api(keeper, "/webhooks").json()["items"][0]
    assert (listed["name"], listed["state"]) == ("partner", "active")
    assert "secret" not in json.dumps(listed)
    for change, state in (("pause", "paused"), ("resume", "active"), ("end", "ended")):
        path = f"/api/v1/proofs/webhooks/{made.json()['id']}/{change}"
        assert client.post(path, headers={"Authorization": headers["Authorization"]}).status_code == 204
        assert Webhook.objects.get().state == state
    assert list(mine.order_by("id").values_list("action", flat=True)) == [
        f"proofs.{change}_webhook" for change in ("create", "pause", "resume", "end")
    ]
    path = f"/api/v1/proofs/webhooks/{made.json()['id']}/resume"
    assert client.post(path, headers={"Authorization": headers["Authorization"]}).status_code == 409


@pytest.mark.parametrize("who", ["officer", "outsider", "vendor", "resident"])
def test_nobody_else_sees_or_changes_webhooks(cast, who):
    hook, _ = events.add_webhook(name="partner", url="http://127.0.0.1:9/", types=["*"])
    player = getattr(cast, who)
    bearer = {"Authorization": f"Bearer {player.token}"}
    assert api(player, "/webhooks").status_code == 403
    assert api(player, "/dead-letters").status_code == 403
    wanted = {"name": "x", "url": "http://127.0.0.1:9/", "types": ["*"]}
    for path, body in (("/webhooks", wanted), (f"/webhooks/{hook}/end", {}), ("/dead-letters/replay", {})):
        answer = player.client.post(f"/api/v1/proofs{path}", body, content_type="application/json", headers=bearer)
        assert answer.status_code == 403
    assert player.client.get("/webhooks").status_code == 403
    assert player.client.post("/webhooks/replay").status_code == 403
    assert (Webhook.objects.count(), Webhook.objects.get().state) == (1, "active")


def test_the_page_of_webhooks_adds_changes_and_replays(keeper, monkeypatch):
    client = keeper.client
    refused = client.post("/webhooks/add", {"name": "x", "url": "ftp://example.org", "types": "case.*"})
    assert refused.status_code == 422
    assert Webhook.objects.count() == 0
    added = client.post("/webhooks/add", {"name": "伙伴", "url": "http://127.0.0.1:9/", "types": "case.* task.*"})
    assert "whsec_" in added.content.decode()
    hook = Webhook.objects.get()
    assert hook.types == ["case.*", "task.*"]
    assert client.post(f"/webhooks/{hook.public_id}/pause").status_code == 302
    monkeypatch.setattr(event_registry, "subscriptions", {})
    event = StoredEvent.objects.create(
        position=1, event_id=uuid7(), type="case.opened.v1", subject="case:9", at=clock.now(), actor="a"
    )
    letter = Letter.objects.create(target=f"webhook:{hook.public_id}", event=event, state="dead", reason="http-500")
    page = client.get("/webhooks").content.decode()
    assert "case:9" in page
    assert "http-500" in page
    assert client.post("/webhooks/replay", {"letter": str(letter.public_id)}).status_code == 302
    assert client.post("/webhooks/replay", {"letter": "nonsense"}).status_code == 302
    letter.refresh_from_db()
    assert letter.state == "waiting"


def test_the_units_of_a_case_may_prove_it_and_an_outsider_may_not(db):
    city = make_city()
    case, _task = dispatched(city)
    subject = f"case:{case.public_id}"
    assert registry.may_read(city["handler"], subject)
    assert registry.may_read(city["dispatcher"], subject)
    assert not registry.may_read(city["outsider"], subject)
    assert not registry.may_read(city["resident"], subject)
    assert not registry.may_read(ANONYMOUS, subject)
    for nonsense in (f"case:{uuid4()}", "case:", "case:nonsense", "nobody:1"):
        assert not registry.may_read(city["dispatcher"], nonsense)


def test_a_reporter_opens_the_proofs_of_the_own_case_and_of_no_other(db):
    city = make_city()
    reporter, neighbour = (Player(make_user(name), None) for name in ("reporter", "neighbour"))
    case = open_repair(city, reporter=reporter.actor.actor_id)
    other = open_repair(city, reporter=neighbour.actor.actor_id)
    outsider = make_player(city.parties["east"], "handler")
    while ledger.sequence():
        pass
    for step in case.steps.all():
        assert reporter.client.get(f"/records/{step.record}").status_code == 200
        file = reporter.client.get(f"/records/{step.record}/proof.json")
        assert file.content == log.inclusion_proof(step.record).file()
        for stranger in (neighbour, outsider):
            assert stranger.client.get(f"/records/{step.record}").status_code == 404
            assert stranger.client.get(f"/records/{step.record}/proof.json").status_code == 404
    assert reporter.client.get(f"/records/{other.steps.first().record}").status_code == 404
    # Files and the page of the officers stay with the officers.
    assert not cases.may_read(reporter.actor, f"case:{case.public_id}")
    assert reporter.client.get(f"/cases/{case.public_id}").status_code in (403, 404)


def test_everybody_may_see_the_records_of_the_own_account_only(cast):
    own = cast.officer.actor
    assert queries.is_oneself(own, f"user:{own.actor_id}")
    assert not queries.is_oneself(cast.outsider.actor, f"user:{own.actor_id}")
