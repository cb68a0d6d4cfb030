"""The definitions in force, read and checked: the site's own where there is one, else those that ship.

Reading is cached by content, so an edited file takes effect at the next call.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from leeward import definitions
from leeward.rules.competence import Competence, parse_competence
from leeward.rules.consent import Law, parse_law
from leeward.rules.instruments import (
    Conversation,
    Indicators,
    Instrument,
    parse_conversation,
    parse_indicators,
    parse_instrument,
)
from leeward.rules.yaml_source import load


def instrument(name: str) -> Instrument:
    """The measure with this name. Capitals and hyphens don't matter: `PHQ9` finds `phq-9`.

    Raises UnknownDefinition, or DefinitionError if the file is wrong.
    """
    found = {_plain(known): known for known in measure_names()}.get(_plain(name), name)
    if found in definitions.names("instruments") and _kind(definitions.read("instruments", found)) != "measure":
        raise definitions.UnknownDefinition("instruments", name)
    return _instrument(definitions.read("instruments", found), found)


def measure_names() -> list[str]:
    """Names of the measures, conversations left out."""
    return _of_kind("measure")


def conversation_names() -> list[str]:
    return _of_kind("conversation")


def conversation(name: str = "safety-conversation") -> Conversation:
    return _conversation(definitions.read("instruments", name), name)


def indicators(name: str = "indicators") -> Indicators:
    return _indicators(definitions.read("indicators", name), name)


def competence(name: str = "centre") -> Competence:
    return _competence(definitions.read("competence", name), name)


def law(name: str = "mississippi") -> Law:
    return _law(definitions.read("law", name), name)


def _of_kind(kind: str) -> list[str]:
    return [name for name in definitions.names("instruments") if _kind(definitions.read("instruments", name)) == kind]


@lru_cache(maxsize=64)
def _kind(text: str) -> str:
    data = load(text, name="instrument").data
    return str(data.get("kind", "")) if isinstance(data, dict) else ""


@lru_cache(maxsize=64)
def _instrument(text: str, name: str) -> Instrument:
    return parse_instrument(load(text, name=f"{name}.yaml"), _schema("instrument"))


@lru_cache(maxsize=8)
def _conversation(text: str, name: str) -> Conversation:
    return parse_conversation(load(text, name=f"{name}.yaml"), _schema("conversation"))


@lru_cache(maxsize=8)
def _indicators(text: str, name: str) -> Indicators:
    return parse_indicators(load(text, name=f"{name}.yaml"), _schema("indicators"))


@lru_cache(maxsize=8)
def _competence(text: str, name: str) -> Competence:
    return parse_competence(load(text, name=f"{name}.yaml"), _schema("competence"))


@lru_cache(maxsize=8)
def _law(text: str, name: str) -> Law:
    return parse_law(load(text, name=f"{name}.yaml"), _schema("law"))


@lru_cache(maxsize=16)
def _schema(name: str) -> Mapping[str, object]:
    return definitions.schema(name)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
