"""Data as the text of a definition file, such that `leeward.rules.yaml_source` reads back the same data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import yaml

from leeward.rules.yaml_source import JSON

_WIDTH: Final = 110
#: What YAML in general takes for text and our reader, which knows no octal numbers, for a number.
_LIKE_A_NUMBER: Final = re.compile(r"[-+]?[0-9.]+", re.ASCII)
_LONGEST_COMMENT: Final = 300


class _Writer(yaml.SafeDumper):
    """Writes everything out in full, and text so that it stays text."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "'" if _LIKE_A_NUMBER.fullmatch(text) else None
    if not all(letter.isprintable() or letter == "\n" for letter in text):
        style = '"'  # with escapes: some of these would be folded like the end of a line
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def definition_text(data: JSON, comments: Iterable[str] = ()) -> str:
    """YAML, with the comments before it, one line each."""
    head = "".join(f"# {one_line(comment)}\n" for comment in comments)
    return head + str(yaml.dump(data, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=_WIDTH))


def one_line(text: str) -> str:
    """Words from elsewhere, safe in a comment and on a terminal: one line, nothing that can't be seen, not too long."""
    seen = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return seen if len(seen) <= _LONGEST_COMMENT else f"{seen[:_LONGEST_COMMENT]}…"
