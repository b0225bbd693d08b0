"""Every command, setting, action, error, rule and flow is documented."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from architecture import documented

from groundplan.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = documented.documentation(ROOT)


def commands(group: click.Group, prefix: str = "") -> list[str]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        full = f"{prefix} {name}".strip()
        if isinstance(command, click.Group):
            found += commands(command, full)
        elif command is not None and not command.hidden:
            found.append(full)
    return found


def test_every_command_is_documented():
    assert isinstance(main, click.Group)
    assert [name for name in commands(main) if not re.search(rf"groundplan {re.escape(name)}\b", TEXT)] == []


def written_commands():
    """Every command that a how-to has people type, as ``(file, words)``."""
    for path in sorted((ROOT / "docs" / "how-to").glob("*.md")):
        for block in re.findall(r"```\w*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                found = re.search(r"(?:^|[\s/])groundplan\s+([a-z].*?)(?:\s+#.*)?$", line.strip())
                if found and "ExecStart" not in line:
                    yield pytest.param(path.name, shlex.split(found[1].split("&&")[0]), id=f"{path.name}: {found[1]}")


@pytest.mark.parametrize(("file", "words"), written_commands())
def test_what_a_how_to_has_people_type_is_a_command_with_these_options(file, words):
    """Only the words are looked at; nothing is run."""
    command, context, left = main, click.Context(main), list(words)
    while isinstance(command, click.Group):
        name = left.pop(0)
        command = command.get_command(context, name)
        assert command is not None, f"{file}: {name} is no command"
        context = click.Context(command, info_name=name)
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert [word for word in left if word.startswith("--") and word not in options] == []
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    values = [word for word in left if not word.startswith("--")]
    assert len(values) >= sum(argument.required for argument in arguments)


def test_every_action_is_documented():
    assert documented.undocumented_actions(ROOT, TEXT) == []


def test_every_action_is_keyword_only_typed_and_explained():
    assert documented.bare_actions(ROOT) == []


def test_every_error_is_documented():
    assert documented.error_codes(ROOT)
    assert documented.undocumented_errors(ROOT, TEXT) == []


def test_every_shipped_rule_and_flow_is_documented():
    assert documented.undocumented_rules(ROOT, TEXT) == []


def test_every_setting_is_documented():
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    settings = set(re.findall(r"GROUNDPLAN_[A-Z_]+[A-Z]", source))
    assert sorted(name for name in settings if not documented.named(name, TEXT)) == []


def test_every_dependency_is_explained():
    assert documented.unexplained_dependencies(ROOT) == []


def test_every_link_between_pages_leads_somewhere():
    broken = []
    for page in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            broken += [] if (page.parent / target).exists() else [f"{page.relative_to(ROOT)} -> {target}"]
    assert broken == []


def test_planted_gaps_are_found(tmp_path):
    app = tmp_path / "src" / "groundplan" / "kernel" / "ledger"
    app.mkdir(parents=True)
    (app / "actions.py").write_text("def forget_everything(actor):\n    pass\n", encoding="utf-8")
    (app / "errors.py").write_text('class Gone(GroundplanError):\n    code = "never-heard-of"\n', encoding="utf-8")
    rules = tmp_path / "src" / "groundplan" / "profiles" / "cn" / "rules"
    rules.mkdir(parents=True)
    (rules / "unheard-rule.yaml").write_text("", encoding="utf-8")
    assert documented.undocumented_actions(tmp_path, "")
    assert len(documented.bare_actions(tmp_path)) == 3
    assert documented.undocumented_errors(tmp_path, "")
    assert documented.undocumented_rules(tmp_path, "")
    wanted = '[project]\ndependencies = ["left-pad>=1"]\n[dependency-groups]\ndev = ["right-pad"]\n'
    (tmp_path / "pyproject.toml").write_text(wanted, encoding="utf-8")
    assert documented.unexplained_dependencies(tmp_path) == ["left-pad", "right-pad"]
