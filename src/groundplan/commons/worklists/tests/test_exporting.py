"""Lists as files: what is in them, who gets them, what the log says."""

import hashlib
import io
import json

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.models import Membership, Party, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client):
    unit = Party.objects.create(code="office", kind="department", name={"zh-hans": "局"}, valid_from="2020-01-01")
    roles = {"keeper": "system_admin", "auditor": "audit_admin", "leader": "leader", "outsider": "vendor"}
    for name, role in roles.items():
        user = User.objects.create(username=name, display_name=f"=cmd|{name}")
        Membership.objects.create(user=user, party=unit, role=role, valid_from="2020-01-01")

    def signed_in(name):
        client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


def taken(browser, listing, **more):
    sent = {"purpose": "lawful_request", "form": "csv"} | more
    return browser.post(reverse("list-export", args=[listing]), sent)


def facts():
    return json.dumps(json.loads(bytes(Pending.objects.get(action="worklists.export_listing").body)))


def test_accounts_leave_as_text_with_one_record_of_their_digest(browser):
    content = b"".join(taken(browser("keeper"), "accounts").streaming_content)
    assert "'=cmd|leader" in content.decode("utf-8-sig")
    told = facts()
    assert hashlib.sha256(content).hexdigest() in told
    assert '"complete": true' in told
    assert '"rows": 4' in told


def test_a_workbook_has_no_formula(browser):
    content = b"".join(taken(browser("keeper"), "accounts", form="xlsx").streaming_content)
    cells = [cell for row in load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize(
    ("listing", "reader"),
    [("records", "auditor"), ("accounts", "auditor"), ("indicators", "leader"), ("registers-components", "leader")],
)
def test_a_list_leaves_to_its_readers_and_to_no_outsider(browser, listing, reader):
    answer = taken(browser(reader), listing)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbf")
    assert taken(browser("outsider"), listing).status_code == 403
    assert Pending.objects.filter(action="worklists.export_listing").count() == 1


@pytest.mark.parametrize("more", [{"purpose": ""}, {"form": "exe"}, {"purpose": "'; --"}])
def test_without_purpose_or_form_nothing_leaves(browser, more):
    assert taken(browser("keeper"), "accounts", **more).status_code == 422
    assert not Pending.objects.filter(action="worklists.export_listing").exists()


def test_programs_get_the_same_file(browser):
    asked = {"purpose": "verification", "form": "csv", "q": "leader"}
    answer = browser("keeper").get("/api/v1/worklists/lists/accounts/export", asked)
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert (answer.status_code, "leader" in content, "auditor" in content) == (200, True, False)
    assert browser("keeper").get("/api/v1/worklists/lists/nothing/export", asked).status_code == 404
