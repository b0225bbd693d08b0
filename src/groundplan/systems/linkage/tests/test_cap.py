"""CAP 1.2: valid by the structure of the standard, whatever is typed; exercises and drafts say so."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from groundplan.systems.linkage import actions, queries
from groundplan.systems.linkage.errors import ResponseInvalid, ResponseMoved, SecondPerson
from groundplan.systems.linkage.logic.cap import NAMESPACE, Alert, Area, Info, alert_xml
from groundplan.systems.linkage.models import PublicWarning
from groundplan.systems.linkage.tests.factories import make_town, start

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("cap-v1.2.xsd")))
AT = datetime(2026, 7, 8, 9, 30, tzinfo=UTC)


def checked(content):
    document = etree.fromstring(content)
    SCHEMA.assertValid(document)
    return {each.tag.removeprefix(f"{{{NAMESPACE}}}"): each.text for each in document.iter()}


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60), place=st.text(min_size=1, max_size=30))
def test_whatever_is_typed_the_message_stays_valid(text, place):
    info = Info(
        language="zh-CN", category="Met", event="暴雨", urgency="Immediate", severity="Minor", certainty="Observed",
        headline=text, description=text, instruction=text, effective=AT, expires=AT, parameters=(("预警颜色", "蓝色"),),
    )  # fmt: skip
    area = Area(words=f"兰汀{place}", codes=("339901",), point=(120.5, -30.25), radius_km=1.5)
    checked(alert_xml(Alert("a.1", "sender", AT, "Actual", "Alert", (info,), area)))


def test_the_schema_of_the_test_refuses_what_the_standard_refuses():
    info = Info("zh-CN", "Met", "暴雨", "Immediate", "Minor", "Observed", "x", "x")
    good = alert_xml(Alert("a.1", "sender", AT, "Actual", "Alert", (info,), Area("x")))
    checked(good)
    for found, put in ((b"Actual", b"Real"), (b"-00:00", b"Z"), (b"<scope>Public</scope>", b""), (b"a.1", b"a,1")):
        with pytest.raises(etree.DocumentInvalid):
            checked(good.replace(found, put))


def test_an_identifier_with_a_comma_is_refused():
    with pytest.raises(ValueError, match="identifier"):
        alert_xml(Alert("a,1", "sender", AT, "Actual", "Alert", (), Area("x")))


@pytest.mark.django_db
def test_a_warning_is_drafted_by_one_and_approved_by_another():
    town = make_town()
    response = start(town, point=(123.03, 29.03))
    asked = {"response": response.public_id, "headline": "滨河路积水", "description": "请绕行 <script>&"}
    draft = actions.draft_warning(actor=town["commander"], **asked)
    seen = checked(queries.warning_xml(town["commander"], draft.public_id)[1])
    assert (seen["status"], seen["severity"], seen["category"]) == ("Draft", "Moderate", "Met")
    assert seen["circle"] == "29.030000,123.030000 1"
    with pytest.raises(SecondPerson):
        actions.decide_warning(actor=town["commander"], warning=draft.public_id, approve=True)
    actions.decide_warning(actor=town["mayor"], warning=draft.public_id, approve=True)
    done = PublicWarning.objects.get()
    sent = checked(done.xml.encode())
    assert (sent["status"], sent["incidents"]) == ("Actual", response.number)
    with pytest.raises(ResponseMoved):
        actions.decide_warning(actor=town["second"], warning=draft.public_id, approve=False, reason="x")
    over = actions.draft_warning(actor=town["commander"], kind="Cancel", **asked)
    actions.decide_warning(actor=town["second"], warning=over.public_id, approve=True)
    cancelled = checked(PublicWarning.objects.get(pk=over.pk).xml.encode())
    assert cancelled["references"] == f"{done.sender},{done.identifier},{sent['sent']}"
    assert cancelled["responseType"] == "AllClear"


@pytest.mark.django_db
def test_in_an_exercise_drafts_and_approved_warnings_say_exercise():
    town = make_town()
    response = start(town, exercise=True)
    draft = actions.draft_warning(
        actor=town["commander"], response=response.public_id, headline="演练", description="演"
    )
    for _step in range(2):
        seen = checked(queries.warning_xml(town["commander"], draft.public_id)[1])
        assert (seen["status"], seen["note"]) == ("Exercise", f"演练 {response.number}")
        if draft.state == "draft":
            draft = actions.decide_warning(actor=town["second"], warning=draft.public_id, approve=True)


@pytest.mark.django_db
def test_an_update_needs_an_earlier_warning_and_a_refusal_its_reason():
    town = make_town()
    asked = {"response": start(town).public_id, "headline": "x", "description": "x"}
    with pytest.raises(ResponseInvalid):
        actions.draft_warning(actor=town["commander"], kind="Update", **asked)
    with pytest.raises(ResponseInvalid):
        actions.draft_warning(actor=town["commander"], hours=0, **asked)
    draft = actions.draft_warning(actor=town["commander"], **asked)
    with pytest.raises(ResponseInvalid):
        actions.decide_warning(actor=town["mayor"], warning=draft.public_id, approve=False)
    refused = actions.decide_warning(actor=town["mayor"], warning=draft.public_id, approve=False, reason="措辞不当")
    assert (refused.state, refused.xml) == ("refused", "")
