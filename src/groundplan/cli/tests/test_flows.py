"""`groundplan flows`: list, export, simulate; wrong words are answered."""

import json

import pytest
from click.testing import CliRunner
from defusedxml.ElementTree import fromstring

from groundplan.cli import flows as command
from groundplan.profiles.loading import load_profile

pytestmark = pytest.mark.django_db
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


@pytest.fixture(autouse=True)
def city(monkeypatch):
    load_profile()
    monkeypatch.setattr(command, "setup_django", lambda: None)


def run(*words):
    return CliRunner().invoke(command.flows, words)


def test_the_flows_in_force_are_listed():
    told = json.loads(run("list", "--json").stdout)
    listed = {each["key"]: (each["version"], each["label"]) for each in told["flows"]}
    assert listed["city-management"] == (1, "城市管理案卷")
    assert listed["hotline"] == (1, "热线工单")
    assert list(listed) == sorted(listed)
    assert "hotline\tv1\t热线工单" in run("list").stdout


def test_a_flow_is_written_as_bpmn_with_its_stages(tmp_path):
    assert run("export", "hotline", "--out", str(tmp_path / "hotline.bpmn")).exit_code == 0
    root = fromstring((tmp_path / "hotline.bpmn").read_bytes())
    assert root.tag == f"{BPMN}definitions"
    names = {node.get("name") for node in root.iter() if node.get("name")}
    assert {"受理", "按派单目录派单", "回访"} <= names


def test_a_flow_is_simulated_with_the_given_staff():
    asked = ("--arrivals", "48", "--days", "30", "--staff", "accept=4", "--hours", "accept=0.25", "--json")
    done = run("simulate", "hotline", *asked)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert 1200 < told["opened"] < 1700, "48 a day for 30 days"
    accept = told["stages"]["accept"]
    assert accept["done"] > 1000
    assert accept["mean_wait_h"] < 0.1, "four at the telephones are hardly busy"
    assert json.loads(run("simulate", "hotline", *asked).stdout) == told, "the same seed gives the same"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("export", "nowhere"), "there is no flow nowhere"),
        (("simulate", "nowhere"), "there is no flow nowhere"),
        (("simulate", "hotline", "--version", "9"), "of version 9"),
        (("simulate", "hotline", "--staff", "accept"), "is not STAGE=NUMBER"),
        (("simulate", "hotline", "--staff", "accept=nan"), "out of range"),
        (("simulate", "hotline", "--staff", "moon=2"), "no stage is called moon"),
        (("simulate", "hotline", "--hours", "accept=-1"), "out of range"),
    ],
)
def test_wrong_words_are_answered(words, reason):
    done = run(*words)
    assert done.exit_code == 1
    assert reason in done.output
