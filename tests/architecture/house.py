"""What import-linter cannot see: the anatomy of apps, sizes, clocks, keys and the words of the project.

Each check takes the root of a source tree and returns its violations as sentences that name file and line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# Layers from high to low; a module may name only what stands below it.
KERNEL = ["proofs", "cases", "rules", "notices", "signin", "parties", "places files", "events ledger"]
BASE = ["exchange sensing spatial registers certificates inference", "quality", "lake", "grants", "catalogue"]
ORDER: dict[str, int] = {"incidents": 100, "linkage": 100, "attached": 90, "knowledge": 90, "wall": 90, "worklists": 90}
for _level, _names in enumerate(reversed(BASE)):
    ORDER.update(dict.fromkeys(_names.split(), 50 + _level))
for _level, _names in enumerate(reversed(KERNEL)):
    ORDER.update(dict.fromkeys(_names.split(), 10 + _level))
ORDER["portal"] = 1

ANATOMY = {
    "__init__", "apps", "models", "logic", "actions", "queries", "errors", "registry", "api", "pages", "jobs", "admin",
}  # fmt: skip
PUBLIC = {"actions", "queries", "errors", "models", "registry", "logic"}
# Modules beyond the anatomy, each with the decision that allows it.
EXTRA_MODULES = {
    ("events", "streams"): "0004: raw ASGI handler of the process model",
    ("parties", "access"): "0005: the doors of pages and API",
    ("incidents", "open311"): "0077: a door that speaks another body's standard",
    ("lake", "engine"): "0120: the door to DuckDB and Iceberg, asked by quality and exchange as well",
    ("incidents", "beside"): "0114: what the vendor's files told stands apart from all work",
    ("incidents", "field"): "0102: a door for phones, with tables of its own",
}
LIMITS = {"function": 60, "view": 15, "file": 400, "folder": 15}
# Names that exceed a limit, each with the decision that allows it.
SIZE_EXCEPTIONS: dict[str, str] = {}


def modules(root: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the package except migrations and tests, with its syntax tree."""
    for path in sorted((root / "src" / "groundplan").rglob("*.py")):
        parts = path.relative_to(root).parts
        if "migrations" not in parts and "tests" not in parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def app_of(path: Path, root: Path) -> tuple[str, str] | None:
    """``(layer, app)`` of a module inside an app, None for others."""
    parts = path.relative_to(root / "src" / "groundplan").parts
    if parts[0] in {"kernel", "base", "systems", "commons"} and len(parts) > 2:
        return parts[0], parts[1]
    return None


def where(path: Path, root: Path, node: ast.AST | None = None) -> str:
    """``file:line`` relative to the root."""
    line = f":{node.lineno}" if node is not None and hasattr(node, "lineno") else ""
    return f"{path.relative_to(root)}{line}"


def anatomy(root: Path) -> list[str]:
    """Modules of an app that are not of the anatomy. Packages may stand in the place of a module."""
    found = []
    for path, _ in modules(root):
        app = app_of(path, root)
        if not app:
            continue
        name = path.relative_to(root / "src" / "groundplan" / app[0] / app[1]).parts[0].removesuffix(".py")
        if name not in ANATOMY and (app[1], name) not in EXTRA_MODULES:
            found.append(f"{where(path, root)}: {name} is not a module of an app (docs/patterns.md lists them)")
    return found


def private_modules(root: Path) -> list[str]:
    """Imports of another app's modules that are not public."""
    found = []
    pattern = re.compile(r"^groundplan\.(kernel|base|systems|commons)\.(\w+)(?:\.(\w+))?")
    for path, tree in modules(root):
        own = app_of(path, root)
        for node in ast.walk(tree):
            for name in imported(node):
                match = pattern.match(name)
                if not match or (own and match[2] == own[1]) or not match[3]:
                    continue
                assembling = path.relative_to(root).parts[2] in {"config", "cli"}
                if match[3] not in PUBLIC and (match[2], match[3]) not in EXTRA_MODULES and not assembling:
                    found.append(f"{where(path, root, node)}: {name} is private to {match[2]}")
    return found


def imported(node: ast.AST) -> list[str]:
    """Full names that an import statement brings in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}


def foreign_keys(root: Path) -> list[str]:
    """Foreign keys that point upwards by string, or that do not protect what they point at."""
    found = []
    for path, tree in modules(root):
        own = app_of(path, root)
        for node in ast.walk(tree):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RELATIONS
            ):
                continue
            found += [f"{where(path, root, node)}: {reason}" for reason in relation_faults(node, own)]
    return found


def relation_faults(node: ast.Call, own: tuple[str, str] | None) -> list[str]:
    """What is wrong with one relation field."""
    faults = []
    target = node.args[0] if node.args else None
    if own and isinstance(target, ast.Constant) and isinstance(target.value, str) and "." in target.value:
        label = target.value.split(".")[0]
        if label not in ORDER or ORDER[label] > ORDER.get(own[1], 0):
            faults.append(f"a foreign key from {own[1]} up to {target.value}")
    rule = next((keyword.value for keyword in node.keywords if keyword.arg == "on_delete"), None)
    if isinstance(node.func, ast.Attribute) and node.func.attr != "ManyToManyField":
        name = rule.attr if isinstance(rule, ast.Attribute) else None
        if name != "PROTECT":
            faults.append(f"on_delete is {name}, not PROTECT")
    return faults


def retention(root: Path) -> list[str]:
    """Tables that do not state how long they are kept."""
    found = []
    for path, tree in modules(root):
        if not app_of(path, root) or not ("models" in path.parts or path.stem == "models"):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or not is_model(node):
                continue
            texts = [ast.get_docstring(node) or ""]
            texts += [ast.get_docstring(item) or "" for item in node.body if isinstance(item, ast.ClassDef)]
            if not any("etention" in text for text in texts):
                found.append(f"{where(path, root, node)}: the table {node.name} does not state its retention")
    return found


def is_model(node: ast.ClassDef) -> bool:
    """Whether a class is a concrete table."""
    bases = {ast.unparse(base) for base in node.bases}
    abstract = any(
        isinstance(item, ast.ClassDef) and item.name == "Meta" and "abstract = True" in ast.unparse(item)
        for item in node.body
    )
    return bool(bases & {"models.Model", "AbstractBaseUser"}) and not abstract


def sizes(root: Path) -> list[str]:
    """Functions, views, files and folders that are too long to read."""
    found = []
    for path, tree in modules(root):
        name = where(path, root)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LIMITS["file"] and name not in SIZE_EXCEPTIONS:
            found.append(f"{name}: {lines} lines, more than {LIMITS['file']}")
        found += [fault for fault in function_sizes(path, tree, root) if fault.split(" ")[1] not in SIZE_EXCEPTIONS]
    for folder in sorted({path.parent for path, _ in modules(root)}):
        count = len([item for item in folder.iterdir() if item.is_file() and not item.name.startswith(".")])
        if count > LIMITS["folder"] and str(folder.relative_to(root)) not in SIZE_EXCEPTIONS:
            found.append(f"{folder.relative_to(root)}: {count} files, more than {LIMITS['folder']}")
    return found


def function_sizes(path: Path, tree: ast.Module, root: Path) -> Iterator[str]:
    """Functions that exceed their limit; the docstring does not count."""
    views = path.stem == "pages" or "pages" in path.parts
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
        length = (node.end_lineno or 0) - body[0].lineno + 1
        is_view = views and node.args.args and node.args.args[0].arg == "request"
        limit = LIMITS["view"] if is_view else LIMITS["function"]
        if length > limit:
            yield f"{where(path, root, node)}: {node.name} has {length} lines, more than {limit}"


def clocks(root: Path) -> list[str]:
    """Calls of any clock but the city's."""
    found = []
    banned = re.compile(r"(timezone\.now|datetime\.now|datetime\.utcnow|date\.today|datetime\.today)$")
    for path, tree in modules(root):
        if where(path, root).endswith("lib/clock.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and banned.search(ast.unparse(node)):
                found.append(f"{where(path, root, node)}: {ast.unparse(node)} instead of groundplan.lib.clock.now")
            if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
                found.append(f"{where(path, root, node.value)}: {node.arg} instead of default=clock.now")
    return found


def hidden_logic(root: Path) -> list[str]:
    """Logic in ``save``, ``clean``, ``delete`` or signals, where no reader looks for it."""
    found = []
    for path, tree in modules(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and is_model(node):
                found += [
                    f"{where(path, root, item)}: {node.name}.{item.name} hides logic; make it an action"
                    for item in node.body
                    if isinstance(item, ast.FunctionDef) and item.name in {"save", "clean", "delete", "full_clean"}
                ]
            for name in imported(node):
                if name.startswith("django.db.models.signals"):
                    found.append(f"{where(path, root, node)}: signals hide logic; call an action or publish an event")
    return found


def lint_reasons(root: Path) -> list[str]:
    """Ignored lints without a reason in words."""
    found = []
    for path, _ in modules(root):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = re.search(r"#\s*(noqa(?!:)|type: ignore(?!\[))", line)
            if match:
                found.append(f"{where(path, root)}:{number}: {match[1]} without naming the rule")
    return found


IMPURE = ("django", "psycopg", "httpx", "requests", "subprocess", "socket")


def pure_logic(root: Path) -> list[str]:
    """Imports of Django, databases or networks in the modules that promise to be pure."""
    found = []
    for path, tree in modules(root):
        parts = path.relative_to(root / "src" / "groundplan").with_suffix("").parts
        if "logic" not in parts:
            continue
        for node in ast.walk(tree):
            found += [
                f"{where(path, root, node)}: logic imports {name}"
                for name in imported(node)
                if name.split(".")[0] in IMPURE
            ]
    return found


# Built from pieces, so that this list does not find itself.
WORDS = [
    "/" + "work/",
    "/" + "root/",
    "pypi" + ".org",
    "registry.npm" + "js",
    "files.python" + "hosted",
    "deb.deb" + "ian.org",
    "TO" + "DO",
    "FIX" + "ME",
    "Clau" + "de",
    "Chat" + "GPT",
]
TEXT = {".py", ".md", ".html", ".ts", ".css", ".yaml", ".yml", ".toml", ".sql", ".sh", ".po", ".mjs", ".json", ""}


def project_words(root: Path, files: list[Path]) -> list[str]:
    """Machine paths, registry hosts and unfinished marks in files of the repository; lock files are exempt."""
    found = []
    for path in files:
        if path.name in {"uv.lock", "package-lock.json", "LICENSE"} or path.suffix not in TEXT or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(root)}: contains {word!r}" for word in WORDS if word in text]
    return found


CHECKS = [anatomy, private_modules, foreign_keys, retention, sizes, clocks, hidden_logic, lint_reasons, pure_logic]
