"""Pieces of a PlanDefinition that may hold anything, read so that nothing in them can break the reading."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from leeward.rules.protocol.data import Data
from leeward.rules.yaml_source import JSON

from .plan_definition import TRANSLATION

#: No sound resource has actions or data nested more deeply.
DEEPEST: Final = 20


def translation(extension: JSON) -> Mapping[str, Data]:
    """The parts of a translation by their address; nothing of any other extension."""
    if not isinstance(extension, dict) or extension.get("url") != TRANSLATION:
        return {}
    return {text_of(part.get("url")): part for part in list_of(extension.get("extension")) if isinstance(part, dict)}


def codes(concept: JSON, system: str | None = None) -> list[str]:
    """The codes of a concept, or only those of a system."""
    codings = list_of(concept.get("coding") if isinstance(concept, dict) else None)
    return [
        text_of(coding.get("code"))
        for coding in codings
        if isinstance(coding, dict) and (system is None or coding.get("system") == system)
    ]


def ours(holder: Data, url: str) -> Iterator[Data | None]:
    """What each of our own extensions holds; None for what can't be read."""
    for extension in list_of(holder.get("extension")):
        if isinstance(extension, dict) and extension.get("url") == url:
            try:
                value: JSON = json.loads(text_of(extension.get("valueString")))
            except (ValueError, RecursionError):
                value = None
            yield value if isinstance(value, dict) and not _is_deeper(value, DEEPEST) else None


def _is_deeper(value: JSON, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else list_of(value)
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def members(after: JSON) -> list[JSON]:
    """Everything that an `after` names, however it is grouped."""
    if isinstance(after, list):
        return [member for each in after for member in members(each)]
    if isinstance(after, dict) and ("all_of" in after or "any_of" in after):
        return [member for each in after.values() for member in members(each)]
    return [after]


def events_of(after: JSON, start: JSON = None) -> set[tuple[str, str]]:
    """The events that an `after` names, with their conditions; `start` stands for those of the sub-protocol."""
    found: set[tuple[str, str]] = set()
    for member in members(after):
        if member == "start":
            found |= events_of(start) if start else set()
        elif isinstance(member, str):
            found.add((member, ""))
        elif isinstance(member, dict) and "kind" in member:
            found.add((str(member["kind"]), str(member.get("where", ""))))
    return found


def closings_of(after: JSON) -> list[str | None]:
    """The steps at whose end, as done, an `after` opens."""
    found = [member for member in members(after) if isinstance(member, dict) and "step" in member]
    return [str(member["step"]) for member in found if member.get("is", "done") == "done"]


def list_of(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def text_of(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def identifier(text: str) -> str:
    """Small letters, digits and hyphens, as ids are written."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower()).split("-")
    found = "-".join(word for word in words if word)[:60].strip("-")
    return found if found[:1].isalpha() else f"x-{found}".strip("-")
