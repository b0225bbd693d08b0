"""Every text of the interface is written in Chinese and has its English; nothing shown bypasses the catalogue."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages import pofile

CHINESE = re.compile(r"[\u4e00-\u9fff]")
TRANSLATE = re.compile(r"{%\s*(?:translate|trans)\s+(\"(?:[^\"]*)\"|'(?:[^']*)')")
BLOCK = re.compile(
    r"{%\s*blocktrans(?:late)?(?P<options>[^%]*)%}(?P<body>.*?){%\s*endblocktrans(?:late)?\s*%}", re.DOTALL
)
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "pgettext", "ngettext", "ngettext_lazy", "_"}


def english(root: Path) -> dict[str, str]:
    """All English texts of the apps by their Chinese message."""
    texts: dict[str, str] = {}
    for path in sorted((root / "src").rglob("locale/en/LC_MESSAGES/*.po")):
        with path.open("rb") as stream:
            for message in pofile.read_po(stream):
                if message.id and message.string:
                    identifiers = message.id if isinstance(message.id, tuple) else (message.id,)
                    strings = message.string if isinstance(message.string, tuple) else (message.string,)
                    texts |= dict.fromkeys(identifiers, strings[0])
    return texts


def template_messages(text: str) -> list[str]:
    """Messages that a template asks for."""
    found = [match[1][1:-1] for match in TRANSLATE.finditer(text)]
    for match in BLOCK.finditer(text):
        for part in re.split(r"{%\s*plural\s*%}", match["body"]):
            body = re.sub(r"{{\s*(\w+)[^}]*}}", r"%(\1)s", part)
            trimmed = " ".join(line.strip() for line in body.splitlines()).strip()
            found.append(trimmed if "trimmed" in match["options"] else body)
    return found


def code_messages(tree: ast.Module) -> list[str]:
    """Messages that Python code asks for."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CALLS and node.args:
                arguments = node.args[1:2] if name == "pgettext" else node.args[:1]
                found += [
                    item.value for item in arguments if isinstance(item, ast.Constant) and isinstance(item.value, str)
                ]
    return found


def untranslated(root: Path) -> list[str]:
    """Messages without English."""
    known = english(root)
    missing = []
    for path in sorted((root / "src" / "groundplan").rglob("*.html")):
        missing += [
            f"{path.relative_to(root)}: no English for {message!r}"
            for message in template_messages(path.read_text(encoding="utf-8"))
            if CHINESE.search(message) and message not in known
        ]
    for path in sorted((root / "src" / "groundplan").rglob("*.py")):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        missing += [
            f"{path.relative_to(root)}: no English for {message!r}"
            for message in code_messages(ast.parse(path.read_text(encoding="utf-8")))
            if CHINESE.search(message) and message not in known
        ]
    return missing


def two_tongued(root: Path) -> list[str]:
    """Messages with several English texts: the catalogues of all apps are one, and only one of the texts is shown."""
    texts: dict[str, dict[str, Path]] = {}
    for path in sorted((root / "src").rglob("locale/en/LC_MESSAGES/*.po")):
        with path.open("rb") as stream:
            for message in pofile.read_po(stream):
                if isinstance(message.id, str) and message.id and message.string:
                    texts.setdefault(message.id, {})[str(message.string)] = path.relative_to(root)
    return [f"{message!r} is {list(found)}" for message, found in texts.items() if len(found) > 1]


def bare_chinese(root: Path) -> list[str]:
    """Chinese in a template that is not inside a translation tag; comments and the name of the product are exempt.

    So is a page without any tag that speaks English beside its Chinese: it is shown when templates themselves fail.
    """
    found = []
    for path in sorted((root / "src" / "groundplan").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"{%|{{", text) and 'lang="en"' in text:
            continue
        text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|<!--.*?-->", "", text, flags=re.DOTALL)
        text = BLOCK.sub("", text)
        text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
        text = text.replace("城基", "").replace("简体中文", "").replace("中文", "")
        found += [
            f"{path.relative_to(root)}: Chinese outside a translation tag: {line.strip()[:60]!r}"
            for line in text.splitlines()
            if CHINESE.search(line)
        ]
    return found
