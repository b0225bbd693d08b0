"""What the documentation must name: commands, settings, actions, errors, rules and flows."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

from architecture import house


def documentation(root: Path) -> str:
    """All of docs/ and every README of an app as one text."""
    paths = [*sorted((root / "docs").rglob("*.md")), *sorted((root / "src").rglob("README.md")), root / "README.md"]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())


def named(word: str, text: str) -> bool:
    """Whether a text names a word as a whole."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text) is not None


def actions(root: Path) -> list[tuple[str, ast.FunctionDef]]:
    """Public actions of all apps as ``(app, function)``."""
    found = []
    for path, tree in house.modules(root):
        app = house.app_of(path, root)
        if not app or "actions" not in path.relative_to(root).with_suffix("").parts:
            continue
        if path.stem.startswith("_") and path.stem != "__init__":
            continue
        found += [
            (app[1], node) for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]
    return found


def undocumented_actions(root: Path, text: str) -> list[str]:
    """Actions that no page names."""
    return [
        f"{app}.actions.{node.name} is named nowhere in docs/"
        for app, node in actions(root)
        if not named(node.name, text)
    ]


def bare_actions(root: Path) -> list[str]:
    """Actions without a docstring, without types, or with positional arguments."""
    found = []
    for app, node in actions(root):
        if not ast.get_docstring(node):
            found.append(f"{app}.actions.{node.name} has no docstring")
        if node.args.args or node.args.posonlyargs or node.args.vararg:
            found.append(f"{app}.actions.{node.name} takes positional arguments")
        if node.returns is None or any(argument.annotation is None for argument in node.args.kwonlyargs):
            found.append(f"{app}.actions.{node.name} is not fully typed")
    return found


def error_codes(root: Path) -> list[str]:
    """The codes of all errors."""
    codes = []
    for _, tree in house.modules(root):
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            for item in node.body:
                target = item.targets[0] if isinstance(item, ast.Assign) else getattr(item, "target", None)
                value = getattr(item, "value", None)
                if isinstance(target, ast.Name) and target.id == "code" and isinstance(value, ast.Constant):
                    bases = " ".join(ast.unparse(base) for base in node.bases)
                    if re.search(r"Error|Invalid|Conflict|NotFound|NotAllowed", bases):
                        codes.append(str(value.value))
    return sorted(set(codes))


def undocumented_errors(root: Path, text: str) -> list[str]:
    """Error codes that no page names."""
    return [f"the error {code} is named nowhere in docs/" for code in error_codes(root) if not named(code, text)]


def shipped_keys(root: Path) -> list[str]:
    """Keys of the shipped rules and flows: the stems of their files."""
    profiles = root / "src" / "groundplan" / "profiles"
    return sorted({path.stem for folder in ("rules", "flows") for path in profiles.rglob(f"{folder}/*.y*ml")})


def undocumented_rules(root: Path, text: str) -> list[str]:
    """Shipped rules and flows that no page names."""
    return [f"{key} is named nowhere in docs/" for key in shipped_keys(root) if not named(key, text)]


def unexplained_dependencies(root: Path) -> list[str]:
    """Direct dependencies without a line in docs/adr that says why they are there."""
    with (root / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)
    wanted = list(project["project"].get("dependencies", []))
    for group in project.get("dependency-groups", {}).values():
        wanted += [each for each in group if isinstance(each, str)]
    names = {re.split(r"[\[<>=!~; ]", each)[0] for each in wanted}
    if (root / "package.json").exists():
        browser = json.loads((root / "package.json").read_text(encoding="utf-8"))
        names |= {*browser.get("dependencies", {}), *browser.get("devDependencies", {})}
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "docs" / "adr").glob("*.md")))
    return sorted(name for name in names if not named(name, text))
