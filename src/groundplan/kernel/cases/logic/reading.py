"""Reads the YAML of a flow as data: nothing is executed, nothing is lost silently, nothing unfolds without end."""

from __future__ import annotations

from typing import Any

import yaml

MOST_CHARACTERS = 2_000_000
MOST_VALUES = 200_000


class FlowTooLarge(ValueError):
    """A file is longer than any flow, or its aliases would unfold into more."""


class GivenTwice(ValueError):
    """A key stands twice in one mapping, which YAML forbids and its readers overlook."""

    def __init__(self, key: str, line: int) -> None:
        super().__init__(key)
        self.key, self.line = key, line


class _OnceLoader(yaml.SafeLoader):
    """Reads YAML as data; a stage or field that is written twice is no longer lost silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - yaml's signature.
        seen = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.value != "<<":
                raise GivenTwice(key.value, key.start_mark.line + 1)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """A YAML text as plain values.

    Raises:
        FlowTooLarge: it is too long, or its aliases stand for too much or for themselves.
        GivenTwice: a key stands twice.
        yaml.YAMLError: it is not YAML.
        RecursionError: it is nested too deeply.
    """
    if len(text) > MOST_CHARACTERS:
        raise FlowTooLarge(f"has {len(text)} characters; accepted: at most {MOST_CHARACTERS}")
    loader = _OnceLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _values(node, {}) > MOST_VALUES:
            raise FlowTooLarge(f"its aliases unfold into more than {MOST_VALUES} values")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node unfolds into, every alias as often as it is written."""
    found = known.get(id(node))
    if found == 0:
        raise FlowTooLarge("an alias stands for itself")
    if found is not None:
        return found
    known[id(node)] = 0
    count = 1
    if isinstance(node, yaml.MappingNode):
        count += sum(_values(key, known) + _values(value, known) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        count += sum(_values(value, known) for value in node.value)
    known[id(node)] = count
    return count


def as_written(document: dict[str, Any], text: str) -> dict[str, Any]:
    """A stored flow with stages, fields and values in the order of its file; the database keeps no order of keys."""
    ordered: dict[str, Any] = _in_order(document, yaml.safe_load(text))
    return ordered


def _in_order(value: Any, written: Any) -> Any:
    if not (isinstance(value, dict) and isinstance(written, dict)):
        return value
    keys = [*(key for key in written if key in value), *(key for key in value if key not in written)]
    return {key: _in_order(value[key], written.get(key)) for key in keys}
