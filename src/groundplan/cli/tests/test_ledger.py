"""``groundplan ledger``: the log beside the copies of its witnesses."""

import json

import pytest
from click.testing import CliRunner

from groundplan.cli.ledger import ledger as command
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.ledger.models import Head
from groundplan.kernel.proofs import actions, queries


def run(*words):
    done = CliRunner().invoke(command, list(words))
    return done.exit_code, done.stdout


@pytest.mark.django_db
def test_a_witness_of_the_command_is_given_the_log_and_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDPLAN_WITNESS_FOLDER", str(tmp_path))
    assert run("witness", "add", "档案馆")[0] == 2
    status, said = run("witness", "add", "档案馆", "--file", "heads.jsonl")
    assert status == 0
    ledger.sequence()
    row = queries.due_witnesses()[0]
    assert str(row.public_id) in said
    assert actions.give_heads(witness=row.public_id) == 1
    assert "档案馆" in run("witness", "list")[1]
    assert run("verify")[1].rstrip().endswith("agrees with the 1 heads that 档案馆 keeps.")
    copy = tmp_path / "heads.jsonl"
    copy.write_bytes(copy.read_bytes().replace(b"size", b"sIze"))
    status, said = run("verify", "--json", "--copy", str(copy))
    found = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert (status, found["ok"], len(found["witnesses"])) == (1, False, 2)
    assert (found["first_bad"]["kind"], found["first_bad"]["index"]) == ("witness", 0)
    assert run("witness", "end", str(row.public_id))[0] == 0
    ledger.sequence()
    assert run("verify")[0] == 0
    out = tmp_path / "proof.json"
    assert run("consistency", "1", str(Head.objects.latest("number").size), "--out", str(out))[0] == 0
    assert json.loads(out.read_bytes())["format"] == "groundplan-consistency/1"
