"""Reads a decision table from DMN 1.1 to 1.5 XML (OMG DMN, clause 8): one decision with one table in S-FEEL.

Everything that would have to be guessed is refused with its place: other boxed expressions, several decisions, hit
policies that we do not have, expressions instead of literals. Entities and document types are never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from groundplan.kernel.rules.errors import CellRefused, TableRefused, reason_text
from groundplan.kernel.rules.logic.files.dmnfeel import entry_text, output_value, values_of
from groundplan.kernel.rules.logic.files.dmnout import OURS, POLICIES, TYPE_REFS
from groundplan.kernel.rules.logic.reading import MAX_ROWS, Path, Where

MODELS: Final = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
MAX_DEPTH: Final = 30
MAX_ELEMENTS: Final = 2_000_000
MAX_PROBLEMS: Final = 200
MAX_VALUES: Final = 20_000
BOXED: Final = ("literalExpression", "invocation", "context", "relation", "functionDefinition", "list", "conditional",
                "filter", "for", "every", "some")  # fmt: skip
TYPES: Final = {
    "string": "string",
    "number": "decimal",
    "integer": "integer",
    "long": "integer",
    "double": "decimal",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "days and time duration": "duration",
    "dayTimeDuration": "duration",
}
_HITS: Final = {policy: hit for hit, policy in POLICIES.items()}
_PLAIN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")


class _Refused(Exception):
    """A reason and the element at fault."""

    def __init__(self, element: Element | None, reason: str, **params: Any) -> None:
        super().__init__(reason)
        self.element, self.reason, self.params = element, reason, params


def read_dmn(content: bytes, name: str) -> tuple[dict[str, Any], Where]:
    """Plain data of a DMN file and the names of its places.

    Raises:
        TableRefused: not DMN, or DMN of a kind that tables do not use, with line or id of the element.
    """
    lines: dict[int, int] = {}
    root = _parsed(content, name, lines)
    reader = _Reader(name, lines)
    try:
        return reader.read(root), reader.where
    except _Refused as refused:
        place = reader.place(refused.element) if refused.element is not None else name
        raise TableRefused([{"cell": place, "reason": reason_text(refused.reason, refused.params)}]) from None


def _parsed(content: bytes, name: str, lines: dict[int, int]) -> Element:
    """The tree, with the line of each element; deep and huge trees are given up while they are read."""
    parser = DefusedXMLParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    expat = parser.parser
    begin: Any = expat.StartElementHandler
    end: Any = expat.EndElementHandler
    depth = count = 0

    def started(*said: Any) -> Any:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise _Refused(None, "dmn-deep", limit=MAX_DEPTH)
        made = begin(*said)
        lines[id(made)] = expat.CurrentLineNumber
        return made

    def ended(*said: Any) -> Any:
        nonlocal depth
        depth -= 1
        return end(*said)

    expat.StartElementHandler, expat.EndElementHandler = started, ended
    try:
        parser.feed(content)
        root: Element = parser.close()
    except DefusedXmlException:
        raise TableRefused([{"cell": name, "reason": reason_text("dmn-entities", {})}]) from None
    except _Refused as refused:
        place = f"{name}:{expat.CurrentLineNumber}"
        raise TableRefused([{"cell": place, "reason": reason_text(refused.reason, refused.params)}]) from None
    except (ParseError, LookupError, ValueError) as error:
        line = getattr(error, "position", (1, 0))[0]
        raise TableRefused([{"cell": f"{name}:{line}", "reason": reason_text("file", {"why": "XML"})}]) from None
    return root


@dataclass
class _Reader:
    """Walks the tree; remembers which element each place of the plain data came from."""

    name: str
    lines: dict[int, int]
    model: str = ""
    places: dict[Path, Element] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)

    def place(self, element: Element) -> str:
        """The line of an element, and its id."""
        key = element.get("id")
        return f"{self.name}:{self.lines.get(id(element), 1)}" + (f" {key[:60]}" if key else "")

    def where(self, path: Path) -> str:
        """The place of a part of the plain data."""
        known = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in self.places), None)
        return self.name if known is None else self.place(self.places[known])

    def read(self, root: Element) -> dict[str, Any]:
        space, _, local = root.tag.rpartition("}")
        self.model = space.removeprefix("{")
        if self.model not in MODELS or local != "definitions":
            raise _Refused(root, "dmn-namespace", text=root.tag[:100])
        decisions = self.children(root, "decision")
        if len(decisions) != 1:
            raise _Refused(root, "dmn-decisions", count=len(decisions))
        decision = decisions[0]
        for word in BOXED:
            if self.children(decision, word):
                raise _Refused(self.children(decision, word)[0], "dmn-boxed", text=word)
        tables = self.children(decision, "decisionTable")
        if len(tables) != 1:
            raise _Refused(decision, "dmn-decisions", count=len(tables))
        return self.table(decision, tables[0])

    def children(self, element: Element, name: str) -> list[Element]:
        return element.findall(f"{{{self.model}}}{name}")

    def text(self, element: Element, name: str) -> str:
        """The text of the one child that holds it; FEEL is the only language."""
        language = element.get("expressionLanguage", "")
        if language and "feel" not in language.lower():
            raise _Refused(element, "dmn-language", text=language[:100])
        held = element.findall(f"{{{self.model}}}{name}")
        return (held[0].text or "").strip() if held else ""

    def said(self, element: Element) -> dict[str, Any]:
        """Our own words about an element."""
        held = element.find(f"{{{self.model}}}extensionElements/{{{OURS}}}said")
        if held is None:
            return {}
        try:
            found = json.loads(held.text or "", parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            raise _Refused(element, "file", why="groundplan:said") from None
        return found if isinstance(found, dict) else {}

    def table(self, decision: Element, table: Element) -> dict[str, Any]:
        said = self.said(decision)
        policy = table.get("hitPolicy", "UNIQUE")
        if policy not in _HITS:
            raise _Refused(table, "dmn-policy", text=policy[:40])
        inputs = [self.column(item, place, "inputs") for place, item in enumerate(self.children(table, "input"))]
        outputs = [self.column(item, place, "outputs") for place, item in enumerate(self.children(table, "output"))]
        if len(outputs) == 1 and not outputs[0]["name"]:
            outputs[0]["name"] = _name_of(decision.get("name", ""), "output")
        title = decision.get("name", "").strip() or self.name
        document: dict[str, Any] = {
            "rule": said.get("rule") or _key_of(title),
            "label": said.get("label") or {"zh-hans": title},
            "hit": _HITS[policy],
            "inputs": inputs,
            "outputs": outputs,
            **{name: said[name] for name in ("basis", "retention_days", "effective_from") if said.get(name)},
        }
        if table.get("aggregation"):
            document["aggregate"] = table.get("aggregation", "").lower()
        rules = self.children(table, "rule")
        if len(rules) > MAX_ROWS:
            raise _Refused(table, "file-rows", rows=len(rules), limit=MAX_ROWS)
        _settle_types(self, rules, inputs, outputs)
        document["rows"] = [self.row(rule, place, inputs, outputs) for place, rule in enumerate(rules)]
        default = self.default(table, outputs, said.get("default"))
        if self.problems:
            raise TableRefused(self.problems[:MAX_PROBLEMS])
        return document | ({"default": default} if default else {})

    def column(self, element: Element, place: int, part: str) -> dict[str, Any]:
        """An input or output; an input asks for one name, not for an expression."""
        self.places[part, place] = element
        said = self.said(element)
        asked = element.find(f"{{{self.model}}}inputExpression") if part == "inputs" else element
        if asked is None:
            raise _Refused(element, "missing", name="inputExpression")
        written = self.text(asked, "text") if part == "inputs" else element.get("name", "")
        if part == "inputs" and re.search(r"[()\[\]{}+*/<>=\"]|\.\.", written):
            raise _Refused(asked, "dmn-expression", text=written[:60])
        kind = (asked.get("typeRef") or "").rpartition(":")[2]
        label = element.get("label") or written
        name = written if _PLAIN_NAME.match(written) else _name_of(written, "") if part == "inputs" or written else ""
        return {
            "name": name,
            "type": _type_of(kind, said.get("type")),
            "label": said.get("label") or {"zh-hans": label or written or "结论"},
            **{flag: True for flag in ("personal", "optional") if said.get(flag) is True},
            "values": self.choices(element, part, said.get("values")),
        }

    def choices(self, element: Element, part: str, said: Any) -> list[dict[str, Any]]:
        """The allowed values; our own words give them their labels."""
        held = element.find(f"{{{self.model}}}{'inputValues' if part == 'inputs' else 'outputValues'}")
        if held is None:
            return []
        text = self.text(held, "text")
        if len(text) > MAX_VALUES:
            raise _Refused(held, "too-long", length=len(text), limit=MAX_VALUES)
        labels = {item.get("value"): item.get("label") for item in said or () if isinstance(item, dict)}
        return [{"value": each, "label": labels.get(each) or {"zh-hans": each}} for each in values_of(text)]

    def row(
        self, rule: Element, place: int, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]
    ) -> dict[str, Any]:
        self.places["rows", place] = rule
        said = self.said(rule)
        tests, answers = self.children(rule, "inputEntry"), self.children(rule, "outputEntry")
        if len(tests) != len(inputs) or len(answers) != len(outputs):
            raise _Refused(rule, "dmn-entries", found=len(tests) + len(answers), wanted=len(inputs) + len(outputs))
        row: dict[str, Any] = {"id": said.get("id") or str(place + 1), "when": {}, "then": {}}
        for entry, column in zip(tests, inputs, strict=True):
            self.places["rows", place, "when", column["name"]] = entry
            row["when"][column["name"]] = self.read_cell(entry, entry_text, column, row["id"])
        for entry, column in zip(answers, outputs, strict=True):
            self.places["rows", place, "then", column["name"]] = entry
            row["then"][column["name"]] = self.read_cell(entry, output_value, column, row["id"])
        notes = " ".join((item.text or "").strip() for item in self.children(rule, "annotationEntry")).strip()
        described = self.text(rule, "description")
        note = said.get("note") or ({"zh-hans": notes or described} if notes or described else {})
        return row | {"basis": said.get("basis") or {}, "note": note}

    def read_cell(self, entry: Element, read: Any, column: dict[str, Any], row: str) -> Any:
        """A cell; what is wrong with it is kept, so that all such cells are told at once."""
        try:
            return read(self.text(entry, "text"), column["type"])
        except CellRefused as refused:
            place = f"{self.place(entry)} {row}.{column['name']}"[:200]
            self.problems.append({"cell": place, "reason": refused.detail})
            return None

    def default(self, table: Element, outputs: list[dict[str, Any]], said: Any) -> dict[str, Any] | None:
        """The default row: the default entries of the outputs, with our own words about basis and note."""
        held = [item.find(f"{{{self.model}}}defaultOutputEntry") for item in self.children(table, "output")]
        known = [entry for entry in held if entry is not None]
        if not known:
            return None
        missing = [column for entry, column in zip(held, outputs, strict=True) if entry is None]
        if not all(column.get("optional") for column in missing):
            raise _Refused(known[0], "dmn-default")
        then = {}
        for entry, column in zip(held, outputs, strict=True):
            if entry is not None:
                self.places["default", "then", column["name"]] = entry
                then[column["name"]] = self.read_cell(entry, output_value, column, "default")
        words = said if isinstance(said, dict) else {}
        return {name: words[name] for name in ("id", "basis", "note") if words.get(name)} | {"then": then}


def _type_of(kind: str, said: Any) -> str:
    """Our type by the reference to one of FEEL; our own word narrows it, but a changed reference wins."""
    if isinstance(said, str) and TYPE_REFS.get(said) == kind:
        return said
    return TYPES.get(kind, f"{kind}?" if kind else "")


def _settle_types(
    reader: _Reader, rules: list[Element], inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]
) -> None:
    """Give columns without a type the one that their cells show, and texts with listed values an enumeration."""
    for part, columns, tag in (("inputs", inputs, "inputEntry"), ("outputs", outputs, "outputEntry")):
        for place, column in enumerate(columns):
            if not column["type"]:
                cells = (reader.text(entry, "text") for entry in _column_entries(reader, rules, tag, place))
                column["type"] = _type_shown(list(cells))
            if str(column["type"]).endswith("?"):
                named = str(column["type"])[:-1]
                raise _Refused(reader.places[part, place], "type", text=named[:60], known="、".join(TYPES))
            if column["type"] == "string" and column["values"]:
                column["type"] = "enumeration"
            if column["type"] != "enumeration":
                column["values"] = []


def _column_entries(reader: _Reader, rules: list[Element], tag: str, place: int) -> Iterator[Element]:
    for rule in rules:
        entries = reader.children(rule, tag)
        if place < len(entries):
            yield entries[place]


def _type_shown(cells: list[str]) -> str:
    """number, boolean or string, by what stands in the cells."""
    said = [cell for cell in cells if cell and cell != "-"]
    if said and all(re.fullmatch(r"[\s\d.,<>=\[\]()+-]+", cell) for cell in said):
        return "decimal"
    if said and all(cell in ("true", "false") for cell in said):
        return "boolean"
    return "string"


def _key_of(title: str) -> str:
    """A key out of a name."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    made = "-".join(words)[:64].strip("-")
    return made if made[:1].isalpha() else "imported-table"


def _name_of(text: str, otherwise: str) -> str:
    """A field name out of words: spaces become underscores; what cannot be a name stays and is refused later."""
    made = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:64]
    return made if _PLAIN_NAME.match(made) else otherwise or text
