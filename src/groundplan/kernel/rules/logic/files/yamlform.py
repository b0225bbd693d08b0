"""The YAML form of a table. Anchors, duplicate keys and unknown keys are refused; a place is told by its line."""

from __future__ import annotations

from typing import Any, Final

import yaml

from groundplan.kernel.rules.errors import TableRefused, reason_text
from groundplan.kernel.rules.logic.reading import Path, Where, plain_path
from groundplan.kernel.rules.logic.table import Table

MAX_DEPTH: Final = 12


def read_yaml(content: bytes, name: str) -> tuple[dict[str, Any], Where]:
    """Plain data of a YAML file and the names of its places.

    Raises:
        TableRefused: not YAML, or YAML of a kind that tables do not use.
    """
    try:
        text = content.decode("utf-8-sig")
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except UnicodeDecodeError:
        raise _refused(name, "UTF-8") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise _refused(f"{name}:{mark.line + 1}" if mark else name, getattr(error, "problem", None) or "YAML") from None
    lines: dict[Path, int] = {}
    reader = _Nodes(name, lines)
    source = reader.value(node, ()) if node is not None else {}

    def where(path: Path) -> str:
        known = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in lines), ())
        return f"{name}:{lines.get(known, 0) + 1} {plain_path(path)}"

    return (source if isinstance(source, dict) else {"": source}), where


def _refused(place: str, why: str) -> TableRefused:
    return TableRefused([{"cell": place, "reason": reason_text("file", {"why": why})}])


class _Nodes:
    """Turns nodes into plain data and remembers their lines."""

    def __init__(self, name: str, lines: dict[Path, int]) -> None:
        self.name, self.lines = name, lines
        self.seen: set[int] = set()
        self.scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: Path) -> Any:
        """The data of a node."""
        line = node.start_mark.line
        self.lines[path] = line
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.seen or len(path) > MAX_DEPTH:
            raise TableRefused([{"cell": f"{self.name}:{line + 1}", "reason": reason_text("alias", {})}])
        self.seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        found: dict[str, Any] = {}
        for key, item in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in found:
                text = reason_text("duplicate", {"text": name, "first": f"{self.name}:{self.lines[*path, name] + 1}"})
                raise TableRefused([{"cell": f"{self.name}:{key.start_mark.line + 1}", "reason": text}])
            found[name] = self.value(item, (*path, name))
        return found

    def scalar(self, node: yaml.ScalarNode) -> Any:
        """Numbers keep the digits that were written; dates and times stay text; only booleans and null are read."""
        special = node.style is None and node.tag in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:null")
        # `on`, `off`, `yes` and `no` are words here, not truth values.
        if special and node.value.lower() in ("true", "false", "null", "~", ""):
            return self.scalars.construct_object(node)
        return str(node.value)


class _Dumper(yaml.SafeDumper):
    """Writes rows one a line."""


class _Line(dict[str, Any]):
    """A mapping written on one line."""


_Dumper.add_representer(
    _Line, lambda dumper, item: dumper.represent_mapping("tag:yaml.org,2002:map", item.items(), flow_style=True)
)


def write_yaml(table: Table) -> str:
    """The YAML form of a table."""
    document = table.definition()
    columns = {part: {item.pop("name"): _Line(item) for item in document[part]} for part in ("inputs", "outputs")}
    document |= columns
    document["label"] = _Line(document["label"])
    document["rows"] = [_Line(row) for row in document["rows"]]
    if document["default"] is None:
        del document["default"]
    else:
        document["default"] = _Line(document["default"])
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
