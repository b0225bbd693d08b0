"""A NUL character never reaches a text column."""

import json

import pytest

from groundplan.portal.parsing import holds_nul

NUL = "\x00"


@pytest.mark.parametrize("value", [NUL, {"a": [1, NUL]}, {"a" + NUL: 1}, [{"b": "x" + NUL}]])
def test_a_nul_is_found_wherever_it_stands(value):
    assert holds_nul(value)


def test_the_words_for_a_nul_are_no_nul():
    assert not holds_nul(json.loads('{"a": "\\\\u0000", "b": [1, null, true]}'))


@pytest.mark.django_db
def test_a_body_with_a_nul_is_refused_with_a_reason(client):
    body = json.dumps({"points": [[1, 2]], "on": NUL})
    answer = client.post("/api/v1/places/locate", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("application/problem+json")
