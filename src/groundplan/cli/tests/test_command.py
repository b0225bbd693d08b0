"""The command itself: quick, lazy, with errors of one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from groundplan.cli import COMMANDS, context, main
from groundplan.cli.developing import bench, check

ROOT = Path(context.ROOT)
MISSPELT = "GROUNDPLAN_" + "STAT"


def run(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "groundplan.cli", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_answers_within_a_second_without_django():
    times = []
    for _ in range(3):
        begun = time.monotonic()
        done = run("--help")
        times.append(time.monotonic() - begun)
        assert done.returncode == 0
    assert min(times) < 1
    loaded = "import sys, groundplan.cli; groundplan.cli.main(['--help'], standalone_mode=False); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert "click" in modules
    assert not {"django", "psycopg", "numpy"} & set(modules)


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_every_command_of_the_table_is_there_and_explains_itself(name):
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0
    assert "--help" in done.output


def test_wrong_usage_ends_with_status_2():
    assert run("no-such-command").returncode == 2
    assert run("up", "--port", "many").returncode == 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (MISSPELT, "x", f"{MISSPELT} is not a setting of Groundplan. Accepted: GROUNDPLAN_STATE"),
        (
            "GROUNDPLAN_MODE",
            "prod",
            "GROUNDPLAN_MODE is 'prod', which is not accepted. Accepted: production, demo or test",
        ),
        ("GROUNDPLAN_SECRET_KEY", "short", "GROUNDPLAN_SECRET_KEY is not accepted. Accepted: 32 characters or more"),
        ("DATABASE_URL", "mysql://u:secret@h/d", "DATABASE_URL is not accepted. Accepted: postgresql://"),
    ],
)
def test_a_wrong_setting_is_one_line_that_teaches(name, value, said):
    done = run("status", **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"groundplan: {said}")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_acting_as_somebody_is_refused_in_production(monkeypatch):
    @click.command()
    @context.as_option
    def act(as_name):
        click.echo(as_name)

    monkeypatch.setenv("GROUNDPLAN_MODE", "production")
    refused = CliRunner().invoke(act, ["--as", "li"])
    assert refused.exit_code == 2
    assert "only outside production" in refused.output
    monkeypatch.setenv("GROUNDPLAN_MODE", "demo")
    assert CliRunner().invoke(act, ["--as", "li"]).output == "li\n"


def test_the_check_runs_every_step_and_fails_if_one_does(monkeypatch):
    planted = [
        check.Step("good", [sys.executable, "-c", ""]),
        check.Step("bad", [sys.executable, "-c", "print('found it'); raise SystemExit(3)"]),
        check.Step("last", [sys.executable, "-c", ""]),
    ]
    monkeypatch.setattr(check, "steps", lambda _root: planted)
    done = CliRunner().invoke(check.check, [])
    assert done.exit_code == 1
    assert "ok   good" in done.output
    assert "FAIL bad" in done.output
    assert "found it" in done.output
    assert "ok   last" in done.output
    assert CliRunner().invoke(check.check, ["--only", "good"]).exit_code == 0


def test_the_check_holds_style_types_boundaries_migrations_and_browser_code():
    names = " ".join(step.name for step in check.steps(ROOT))
    for word in ("ruff", "import-linter", "migrations", "mypy", "tsc", "architecture"):
        assert word in names


def test_a_benchmark_without_its_peer_names_the_package(tmp_path, capsys):
    path = tmp_path / "some_thing.py"
    path.write_text('PEERS = ("no-such-peer",)\n')
    with pytest.raises(SystemExit) as ended:
        bench.loaded("some.thing", path)
    assert ended.value.code == 1
    assert "no-such-peer" in capsys.readouterr().err


def test_a_benchmark_with_missing_or_endless_figures_fails(capsys):
    figures = dict.fromkeys(bench.KEYS, "x") | {"ratio": 2.0, "equal": True}
    assert bench.checked("some.thing", figures)["name"] == "some.thing"
    for broken in ({**figures, "ratio": float("inf")}, {"ratio": 1.0}):
        with pytest.raises(SystemExit):
            bench.checked("some.thing", broken)
    assert "does not say" in capsys.readouterr().err


def test_every_benchmark_is_listed():
    listed = run("bench", "--list").stdout.split()
    assert "web.pages" in listed
    assert run("bench", "no.such").returncode == 2


def test_json_is_one_object(capsys):
    context.echo_json({"名": "城", "n": 1})
    assert json.loads(capsys.readouterr().out) == {"名": "城", "n": 1}
