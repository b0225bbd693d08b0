"""The walls of the house, and that each of them falls on a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from architecture import house, translations

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True)
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("check", house.CHECKS, ids=lambda check: check.__name__)
def test_the_house_keeps_its_walls(check):
    assert check(ROOT) == []


def test_the_project_speaks_of_the_project_alone():
    assert house.project_words(ROOT, tracked()) == []


def test_every_message_has_its_english():
    assert translations.untranslated(ROOT) == []


def test_no_template_shows_chinese_past_the_catalogue():
    assert translations.bare_chinese(ROOT) == []


PLANTED = {
    "anatomy": ("kernel/ledger/utils.py", '"""Odds and ends."""\n'),
    "private_modules": ("kernel/proofs/logic.py", "from groundplan.kernel.ledger.jobs import anything\n"),
    "foreign_keys": (
        "kernel/ledger/models.py",
        (
            "from django.db import models\n\n\nclass Upward(models.Model):\n"
            '    """Retention: none."""\n\n    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE)\n'
        ),
    ),
    "retention": (
        "kernel/ledger/models.py",
        "from django.db import models\n\n\nclass Silent(models.Model):\n    pass\n",
    ),
    "sizes": ("kernel/ledger/logic.py", "def long():\n" + "    print()\n" * 61),
    "clocks": ("kernel/ledger/logic.py", "from datetime import datetime\n\nNOW = datetime.now()\n"),
    "hidden_logic": (
        "kernel/ledger/models.py",
        (
            'from django.db import models\n\n\nclass Busy(models.Model):\n    """Retention: none."""\n\n'
            "    def save(self, *args, **kwargs):\n        pass\n"
        ),
    ),
    "pure_logic": ("kernel/ledger/logic.py", "from django.db import connection\n"),
    "lint_reasons": ("kernel/ledger/logic.py", "import os  # noqa\n"),
}


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_violation_is_found(name, tmp_path):
    place, text = PLANTED[name]
    target = tmp_path / "src" / "groundplan" / place
    target.parent.mkdir(parents=True)
    target.write_text(text, encoding="utf-8")
    assert getattr(house, name)(tmp_path)


def test_every_check_has_a_planted_violation():
    assert {check.__name__ for check in house.CHECKS} == set(PLANTED)


def test_planted_words_and_texts_are_found(tmp_path):
    page = tmp_path / "src" / "groundplan" / "portal" / "templates" / "planted.html"
    page.parent.mkdir(parents=True)
    page.write_text('<p>待办</p>{% translate "没有英文的话" %}', encoding="utf-8")
    notes = tmp_path / "notes.md"
    notes.write_text("see " + house.WORDS[0] + "main", encoding="utf-8")
    assert house.project_words(tmp_path, [notes])
    assert translations.untranslated(tmp_path)
    assert translations.bare_chinese(tmp_path)


TOOLS = {
    "imports": (
        "kernel/ledger/logic.py",
        "\nfrom groundplan.kernel.cases import actions  # noqa: E402, F401 - planted.\n",
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
    ),
    "lint": ("lib/errors.py", "\nimport os\n", [sys.executable, "-m", "ruff", "check", "--no-cache", "src"]),
    "format": (
        "lib/errors.py",
        "\nvalue = {  'a':1 }\n",
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "src"],
    ),
    "types": ("lib/identity.py", "\nwrong: int = 'text'\n", [sys.executable, "-m", "mypy", "--cache-dir", "{cache}"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TOOLS))
def test_each_tool_of_the_check_fails_on_a_planted_violation(name, tmp_path):
    place, text, command = TOOLS[name]
    for folder in ("src", "pyproject.toml", ".importlinter"):
        source = ROOT / folder
        if source.is_dir():
            shutil.copytree(source, tmp_path / folder, ignore=shutil.ignore_patterns("dist", "__pycache__"))
        else:
            shutil.copy(source, tmp_path / folder)
    target = tmp_path / "src" / "groundplan" / place
    target.write_text(target.read_text(encoding="utf-8") + text, encoding="utf-8")
    words = [word.format(cache=tmp_path / "cache") for word in command]
    done = subprocess.run(
        words,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode != 0
    assert Path(place).stem in done.stdout + done.stderr or "BROKEN" in done.stdout
