"""Rows of hot paths hold what Django's own save and filter hold."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from groundplan.kernel.cases.models import Case, FlowVersion, Task
from groundplan.kernel.parties.models import Party
from groundplan.lib import sql
from groundplan.lib.sql import rows

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=40)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
JSON = st.dictionaries(TEXT, st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
WHEN = st.none() | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - in the zone given.


@pytest.fixture
def unit(db: Any) -> Party:
    return Party.objects.create(kind="department", code="parks", name={"zh-hans": "园林局", "en": "Parks"})


@pytest.fixture
def version(db: Any) -> FlowVersion:
    return FlowVersion.objects.create(
        key="any", number=1, label={}, noun={}, document={}, source="", digest="d", origin="test", imported_by="test"
    )


def columns(stored: Any) -> dict[str, Any]:
    """All values as Django reads them back."""
    found = type(stored).objects.get(pk=stored.pk)
    return {field.attname: getattr(found, field.attname) for field in found._meta.concrete_fields}


COLUMNS = st.fixed_dictionaries({
    "title": TEXT, "data": JSON, "personal": st.none() | st.binary(max_size=30), "due_at": WHEN,
    "longitude": st.none() | st.floats(-180, 180), "calendar_missing": st.booleans(),
    "supervised": st.integers(0, 32767),
})  # fmt: skip


@pytest.mark.usefixtures("fresh_database")
def test_rows_inserted_and_updated_here_equal_those_that_django_saved() -> None:
    same_as_django()


@settings(max_examples=40, deadline=None)
@given(COLUMNS)
def same_as_django(drawn: dict[str, Any]) -> None:
    with transaction.atomic():
        party, _ = Party.objects.get_or_create(code="parks", kind="department")
        flow, _ = FlowVersion.objects.get_or_create(
            key="any", number=1, label={}, noun={}, document={}, source="", digest="d", origin="test", imported_by="t"
        )
        values = {
            "flow_version": flow, "flow": "any", "stage": "s", "channel": "web", "owner_party": party,
            "opened_by": "t", "outputs": {"n": [1]}, **drawn,
        }  # fmt: skip
        plain = Case.objects.create(number="1", **values)
        made = Case(number="2", **values)
        rows.keep_key(made, rows.insert(made))
        own = {"id", "public_id", "number", "opened_at"}
        assert {k: v for k, v in columns(made).items() if k not in own} == {
            k: v for k, v in columns(plain).items() if k not in own
        }
        (read,) = rows.find([Case], "WHERE id = %s", [plain.pk]).all()
        assert {f.attname: getattr(read, f.attname) for f in Case._meta.concrete_fields} == columns(plain)
        after = {"data": {"after": drawn["data"]}, "title": drawn["title"][::-1], "closed_at": drawn["due_at"]}
        read.__dict__.update(after)
        rows.update(read)
        plain.__dict__.update(after)
        written = columns(read)
        plain.save()
        assert columns(plain) == written
        transaction.set_rollback(True)


def test_rows_of_one_journey_may_refer_to_one_another_before_their_keys_are_known(
    unit: Party, version: FlowVersion
) -> None:
    case = Case(
        flow_version=version,
        flow="any",
        stage="s",
        title="t",
        channel="web",
        owner_party=unit,
        opened_by="t",
        number="9",
    )
    task = Task(case=case, stage="s", party=unit, role="handler")
    child = Task(case=case, stage="s", party=unit, role="handler", kind="child", parent=task)
    with transaction.atomic():
        with sql.together():
            sent = [(made, rows.insert(made)) for made in (case, task, child)]
        for made, cursor in sent:
            rows.keep_key(made, cursor)
    stored = Task.objects.get(pk=child.pk)
    assert (stored.case_id, stored.parent_id) == (case.pk, task.pk) == (child.case_id, child.parent_id)
    assert model_to_dict(stored) == model_to_dict(child)


def test_columns_that_were_left_out_are_fetched_when_asked_for_and_never_overwritten(
    unit: Party, version: FlowVersion
) -> None:
    FlowVersion.objects.filter(pk=version.pk).update(document={"kept": 1})
    (read,) = rows.find([FlowVersion], "WHERE id = %s", [version.pk], without=("document",)).all()
    assert read.get_deferred_fields() == {"document"}
    read.origin = "elsewhere"
    rows.update(read)
    again = FlowVersion.objects.get(pk=version.pk)
    assert (again.document, again.origin) == ({"kept": 1}, "elsewhere")
    assert read.document == {"kept": 1}


def test_joined_rows_come_as_one_object_of_each_model(unit: Party, version: FlowVersion) -> None:
    found = rows.find([FlowVersion, Party], "JOIN parties_party ON parties_party.id = %s", [unit.pk]).joined()
    assert found == [(version, unit)]
    assert found[0][1].name == {"zh-hans": "园林局", "en": "Parks"}


@pytest.mark.usefixtures("fresh_database")
def test_a_failing_statement_of_a_journey_undoes_the_whole_transaction() -> None:
    with pytest.raises(DatabaseError, match="parties_party"), transaction.atomic():
        Party.objects.create(kind="department", code="lamps")
        with sql.together():
            rows.insert(Party(kind="department", code="lamps"))
            sql.run("SELECT 1")
    assert not Party.objects.filter(code="lamps").exists()


def test_statements_of_hot_paths_are_counted_like_all_others(unit: Party) -> None:
    with CaptureQueriesContext(connection) as counted:
        rows.find([Party], "WHERE code = %s", ["parks"]).first()
    assert len(counted) == 1


def test_a_value_that_is_no_plain_type_goes_through_djangos_own_preparation(unit: Party) -> None:
    unit.version = Decimal(7)  # type: ignore[assignment]  # what a form may leave behind.
    rows.update(unit)
    assert Party.objects.get(pk=unit.pk).version == 7
