"""One line of a definition changes and every other character stays: comments and order are the authors' own."""

from __future__ import annotations

import json
import re
from typing import Final

import yaml

from .errors import RuleError
from .yaml_source import Path

_BLOCK_END: Final = "\n"
_NOT_PRINTED: Final = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class NoSuchPlace(RuleError):
    """The text has no mapping at that path."""


def put(text: str, path: Path, key: str, value: str | None, *, after: str = "") -> str:
    """The text with `key: value` in the mapping at `path`; None takes the key away.

    `value` is YAML on one line, see `words`. A new key stands behind the key `after`, or at the mapping's end.
    Raises NoSuchPlace if there is no mapping at the path.
    """
    mapping = _at(yaml.compose(text, Loader=yaml.SafeLoader), path)
    for place, (name, node) in enumerate(mapping.value):
        if name.value == key:
            if value is not None:
                return text[: name.end_mark.index] + ": " + value + text[_end(node) :]
            return _without(text, mapping, place)
    return text if value is None else _with(text, mapping, key, value, after)


def words(en: str, es: str) -> str:
    """Bilingual words as YAML on one line."""
    return f"{{en: {quoted(en)}, es: {quoted(es)}}}"


def quoted(text: str) -> str:
    """Any text as YAML, whatever signs it has."""
    return _NOT_PRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _at(node: yaml.Node | None, path: Path) -> yaml.MappingNode:
    for part in path:
        if isinstance(node, yaml.MappingNode) and isinstance(part, str):
            node = next((value for name, value in node.value if name.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            node = None
    if not isinstance(node, yaml.MappingNode):
        raise NoSuchPlace("The definition has no such part any more.", hint="Open the draft again.")
    return node


def _end(node: yaml.Node) -> int:
    """Where what a node says ends. A block's own mark lies behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _line_end(text: str, index: int) -> int:
    found = text.find(_BLOCK_END, index)
    return len(text) if found < 0 else found


def _with(text: str, mapping: yaml.MappingNode, key: str, value: str, after: str) -> str:
    before = next((node for name, node in mapping.value if name.value == after), mapping.value[-1][1])
    if mapping.flow_style:
        return text[: _end(before)] + f", {key}: {value}" + text[_end(before) :]
    indent = " " * mapping.value[0][0].start_mark.column
    end = _line_end(text, _end(before))
    return text[:end] + f"{_BLOCK_END}{indent}{key}: {value}" + text[end:]


def _without(text: str, mapping: yaml.MappingNode, place: int) -> str:
    name, node = mapping.value[place]
    if mapping.flow_style:
        if place + 1 < len(mapping.value):
            return text[: name.start_mark.index] + text[mapping.value[place + 1][0].start_mark.index :]
        return text[: _end(mapping.value[place - 1][1])] + text[_end(node) :]
    start = text.rfind(_BLOCK_END, 0, name.start_mark.index)
    if text[start + 1 : name.start_mark.index].strip():  # the first key, behind the dash of its list
        following = mapping.value[1][0].start_mark.index
        return text[: name.start_mark.index] + text[following:]
    return text[: max(start, 0)] + text[_line_end(text, _end(node)) :]
