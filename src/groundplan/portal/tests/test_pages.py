import pytest


@pytest.mark.django_db
def test_the_front_page_answers_with_a_strict_policy(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer["Content-Security-Policy"]
