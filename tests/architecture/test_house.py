"""The walls of the house, and that each of them falls on a planted violation."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from architecture import house, translations

from groundplan.cli.developing.check import steps

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


def test_a_message_has_one_english_text():
    assert translations.two_tongued(ROOT) == []


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


def test_a_second_english_text_is_found(tmp_path):
    for app, text in (("a", "Rule"), ("b", "Rules")):
        catalogue = tmp_path / "src" / app / "locale" / "en" / "LC_MESSAGES" / "django.po"
        catalogue.parent.mkdir(parents=True)
        catalogue.write_text(f'msgid ""\nmsgstr ""\n\nmsgid "规则"\nmsgstr "{text}"\n', encoding="utf-8")
    assert translations.two_tongued(tmp_path)


def test_planted_words_and_texts_are_found(tmp_path):
    page = tmp_path / "src" / "groundplan" / "portal" / "templates" / "planted.html"
    page.parent.mkdir(parents=True)
    page.write_text('<p>待办</p>{% translate "没有英文的话" %}', encoding="utf-8")
    notes = tmp_path / "notes.md"
    notes.write_text("see " + house.WORDS[0] + "main", encoding="utf-8")
    assert house.project_words(tmp_path, [notes])
    assert translations.untranslated(tmp_path)
    assert translations.bare_chinese(tmp_path)
    page.write_text("<p>服务器出错</p>", encoding="utf-8")
    assert translations.bare_chinese(tmp_path)
    page.write_text('<p>服务器出错 <span lang="en">The server failed</span></p>', encoding="utf-8")
    assert translations.bare_chinese(tmp_path) == []


STEPS = {
    "boundaries": (
        "src/groundplan/lib/errors.py",
        "\nfrom groundplan.kernel.ledger import logic  # noqa: E402, F401\n",
    ),
    "style": ("src/groundplan/lib/errors.py", "\nimport os\n"),
    "format": ("src/groundplan/lib/errors.py", "\nvalue = {  'a':1 }\n"),
    "types": ("src/groundplan/lib/identity.py", "\nwrong: int = 'text'\n"),
    "migrations": (
        "src/groundplan/kernel/ledger/models.py",
        '\n\nclass Planted(models.Model):\n    """Retention: none."""\n',
    ),
    "browser code": ("frontend/islands/portal.ts", "\nconst planted: number = 'text';\n"),
    "walls": ("src/groundplan/kernel/ledger/logic.py", "\nimport os  # noqa\n"),
}


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    for name in ("src", "frontend", "docs", "tests", "node_modules"):
        target = root / name
        if name == "node_modules":
            target.symlink_to(ROOT / name)
        else:
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("dist", "__pycache__", "screenshots"))
    for name in ("pyproject.toml", ".importlinter", "conftest.py", "README.md", "CONTRIBUTING.md", "groundplan"):
        shutil.copy(ROOT / name, root / name)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(STEPS))
def test_each_step_of_the_check_fails_on_a_planted_violation(name, copied_tree):
    place, text = STEPS[name]
    step = next(step for step in steps(copied_tree) if step.name.startswith(name))
    target = copied_tree / place
    clean = target.read_text(encoding="utf-8")
    target.write_text(clean + text, encoding="utf-8")
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **keep,
        "PYTHONPATH": str(copied_tree / "src"),
        "GROUNDPLAN_STATE": str(copied_tree / "state"),
        **step.environment,
    }
    try:
        done = subprocess.run(
            step.command, cwd=copied_tree, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        target.write_text(clean, encoding="utf-8")
    assert done.returncode != 0
    assert Path(place).stem in done.stdout + done.stderr or "BROKEN" in done.stdout or "Planted" in done.stdout


def test_every_step_of_the_check_has_a_planted_violation():
    assert all(any(step.name.startswith(name) for name in STEPS) for step in steps(ROOT))
