from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from groundplan.cli import rules as command
from groundplan.kernel.rules import actions
from groundplan.kernel.rules.tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def groundplan(monkeypatch):
    monkeypatch.setattr(command, "setup_django", lambda: None)
    return lambda *arguments: CliRunner().invoke(command.rules, [str(item) for item in arguments])


def test_decide_prints_outputs_rows_version_and_basis(groundplan, tmp_path):
    factories.put_in_force()
    facts = tmp_path / "facts.json"
    facts.write_text('{"type": "投诉", "amount": 1000.4}', encoding="utf-8")
    assert json.loads(groundplan("decide", "sample-limits", facts, "--json").stdout) == {
        "outputs": {"days": 5, "unit": "城管局"},
        "rows": ["r2"],
        "version": 1,
        "because": [{"zh-hans": "第四条", "en": "Article 4"}],
    }


@pytest.mark.parametrize("text", ['{"type": "投诉", "amount": NaN}', "[]", "{", "null"])
def test_facts_that_are_no_object_of_numbers_and_texts_end_with_one_line(groundplan, tmp_path, text):
    facts = tmp_path / "facts.json"
    facts.write_text(text, encoding="utf-8")
    done = groundplan("decide", "sample-limits", facts, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_import_names_the_cells_and_imports_nothing(groundplan, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(factories.LIMITS.replace('"< 1000.5"', "1..5"), encoding="utf-8")
    done = groundplan("import", file)
    assert done.exit_code == 1
    assert "a.yaml:14" in done.stderr


def test_a_template_is_edited_and_replayed(groundplan, tmp_path):
    factories.put_in_force()
    actions.decide(key="sample-limits", facts={"type": "咨询", "amount": 1}, subject="case:1", actor="system")
    file = tmp_path / "limits.csv"
    assert groundplan("template", "sample-limits", "--out", file).exit_code == 0
    text = file.read_text(encoding="utf-8-sig").replace('r1,"""咨询""",-,-,1', 'r1,"""咨询""",-,-,2')
    file.write_text(text, encoding="utf-8")
    found = json.loads(groundplan("replay", "sample-limits", file, "--json").stdout)
    assert (found["compared"], found["changed"], found["erased"]) == (1, 1, 0)
    first = found["outcomes"][0]
    assert (first["from"]["days"], first["to"]["days"]) == (1, 2)


def test_list_shows_what_is_in_force(groundplan):
    factories.put_in_force()
    listed = json.loads(groundplan("list", "--json").stdout)["rules"]
    assert [(item["key"], item["version"]) for item in listed] == [("sample-limits", 1)]
