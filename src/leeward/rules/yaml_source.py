"""Definition files: YAML read with line numbers, checked against a JSON Schema, mistakes said in plain words.

A strict part of YAML is read: text, whole and decimal numbers, true, false, null, lists and mappings. Only `true`
and `false` are booleans (so `no` stays the word no) and a date stays text. Aliases, tags, double keys, deep nesting
and large files are refused: a definition is data from outside and must cost little to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Final

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from .errors import DefinitionError

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
Path = tuple[str | int, ...]

LARGEST: Final = 1024 * 1024
DEEPEST: Final = 40
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Document:
    """One definition file: its data as plain dicts and lists, and the line of everything in it."""

    name: str
    data: JSON
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of what is at `path`, or of the nearest thing around it that exists."""
        for length in range(len(path), -1, -1):
            if (found := self.lines.get(path[:length])) is not None:
                return found
        return 1

    def error(self, path: Path, problem: str, remedy: str) -> DefinitionError:
        """A mistake at `path`, ready to be raised or collected."""
        return DefinitionError(file=self.name, line=self.line(path), problem=problem, remedy=remedy)


def load(text: str, *, name: str) -> Document:
    """Read one definition. Raises DefinitionError with the line of the first mistake."""
    if len(text.encode("utf-8", errors="surrogatepass")) > LARGEST:
        raise _mistake(name, 1, "The file is larger than 1 MiB.", "Split it into several definitions.")
    reader = _Reader(name, text)
    try:
        data = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _mistake(
            name,
            mark.line + 1 if mark else 1,
            f"This is not YAML: {error.problem or error.context}.",
            "Check the indentation, the colon after each key, and that quotes and brackets are closed.",
        ) from error
    except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
        raise _mistake(
            name, _line_of_odd_character(text), "There is a character that YAML does not permit.", "Delete it."
        ) from error
    return Document(name=name, data=data, lines=reader.lines)


def mistakes(document: Document, schema: Mapping[str, object]) -> tuple[DefinitionError, ...]:
    """Everything in which the document departs from the schema, first line first, up to a hundred mistakes."""
    worded = (
        error
        for validation in Draft202012Validator(schema).iter_errors(document.data)
        for error in _in_words(document, _deepest(validation))
    )
    found = {(error.line, error.problem): error for error in islice(worded, MOST)}
    return tuple(found[key] for key in sorted(found))


def validate(document: Document, schema: Mapping[str, object]) -> None:
    """Raise DefinitionError for the first mistake; its `also` carries the others."""
    raise_all(mistakes(document, schema))


def raise_all(found: Iterable[DefinitionError]) -> None:
    """Raise the mistake on the lowest line, carrying the others, if there is any."""
    ordered = sorted(found, key=lambda error: error.line)
    if ordered:
        first = ordered[0]
        raise DefinitionError(
            file=first.file, line=first.line, problem=first.problem, remedy=first.remedy, also=tuple(ordered[1:])
        )


def nearest(word: str, known: Iterable[str]) -> str:
    """A remedy: the known word most like this one, or all of them if none is."""
    choices = sorted(known)
    near = get_close_matches(word, choices, n=1)
    return f"Did you mean `{near[0]}`?" if near else f"Use one of: {', '.join(choices)}."


_PARSER: Final[type] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)
_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_NOT_PERMITTED: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Reader:
    """Builds plain values from the parser's events, noting lines; nothing that YAML can construct is constructed."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_PARSER)

    def document(self) -> JSON:
        """The value of the only document."""
        for event in self._events:
            if isinstance(event, yaml.StreamEndEvent):
                break
            if isinstance(event, yaml.NodeEvent):
                data = self._value(event, (), 1)
                self._nothing_else()
                return data
        raise _mistake(self.file, 1, "The file is empty.", "Write a definition, or start from a shipped one.")

    def _nothing_else(self) -> None:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise _mistake(self.file, _line(event), "A second document begins here.", "Keep one in each file.")

    def _value(self, event: yaml.Event, path: Path, depth: int) -> JSON:
        if isinstance(event, yaml.AliasEvent):
            raise _mistake(self.file, _line(event), "Aliases (`*name`) are not read.", "Write the value out in full.")
        if getattr(event, "tag", None) not in (None, "!"):
            raise _mistake(self.file, _line(event), "Tags (`!name`) are not read.", "Remove the tag.")
        if depth > DEEPEST:
            raise _mistake(self.file, _line(event), f"Nested more than {DEEPEST} deep.", "Make the definition flatter.")
        self.lines.setdefault(path, _line(event))
        match event:
            case yaml.MappingStartEvent():
                return self._mapping(path, depth)
            case yaml.SequenceStartEvent():
                return [
                    self._value(item, (*path, position), depth + 1)
                    for position, item in enumerate(iter(self._next, None))
                ]
            case yaml.ScalarEvent():
                return _scalar(event)
            case _:
                raise _mistake(self.file, _line(event), "This is not YAML that is read here.", "Write plain values.")

    def _mapping(self, path: Path, depth: int) -> dict[str, JSON]:
        mapping: dict[str, JSON] = {}
        for key_event in iter(self._next, None):
            line = _line(key_event)
            if not isinstance(key_event, yaml.ScalarEvent):
                raise _mistake(self.file, line, "A key is a list or a mapping.", "Use a word as the key.")
            key = str(key_event.value)
            if key in mapping:
                raise _mistake(self.file, line, f"`{key}` is given twice.", "Keep one of the two.")
            self.lines[(*path, key)] = line
            mapping[key] = self._value(next(self._events), (*path, key), depth + 1)
        return mapping

    def _next(self) -> yaml.Event | None:
        """The next event of a list or mapping, None at its end."""
        event = next(self._events)
        return None if isinstance(event, yaml.CollectionEndEvent) else event


def _scalar(event: yaml.ScalarEvent) -> JSON:
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _line_of_odd_character(text: str) -> int:
    found = _NOT_PERMITTED.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _mistake(file: str, line: int, problem: str, remedy: str) -> DefinitionError:
    return DefinitionError(file=file, line=line, problem=problem, remedy=remedy)


def _deepest(error: ValidationError) -> ValidationError:
    """Of the alternatives that a value failed, the complaint of the one that it most resembles."""
    while error.validator in ("anyOf", "oneOf") and error.context:
        fitting = [inner for inner in error.context if not (inner.validator == "type" and not inner.relative_path)]
        if not fitting:
            return error
        error = max(fitting, key=lambda inner: len(inner.absolute_path))
    return error


def _in_words(document: Document, error: ValidationError) -> Iterator[DefinitionError]:
    path: Path = tuple(error.absolute_path)
    where = f"`{_last_name(path)}`" if path else "The file"
    expected = error.validator_value
    told = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    remedy = f"Expected: {told}" if told else ""
    match error.validator:
        case "required" if isinstance(error.instance, dict) and isinstance(expected, list):
            for key in expected:
                if key not in error.instance:
                    about = _about(error.schema, str(key))
                    yield document.error(path, f"{where} lacks `{key}`.", f"Add `{key}:` {about}".rstrip() + ".")
        case "additionalProperties" | "unevaluatedProperties" if isinstance(error.instance, dict):
            known = list(_properties(error.schema))
            for key in error.instance:
                if key not in known:
                    yield document.error((*path, key), f"`{key}` is not known here.", nearest(key, known))
        case "type":
            kinds = " or ".join(_KINDS.get(str(kind), str(kind)) for kind in _as_list(expected))
            yield document.error(path, f"{where} should be {kinds}.", remedy or f"Write {kinds}.")
        case "anyOf" | "oneOf":
            yield document.error(path, f"{where} has none of the permitted forms.", remedy or _forms(expected))
        case "enum":
            choices = [str(choice) for choice in _as_list(expected)]
            yield document.error(path, f"{where} is `{error.instance}`.", nearest(str(error.instance), choices))
        case "const":
            yield document.error(path, f"{where} is `{error.instance}`.", f"Write `{expected}`.")
        case "pattern":
            yield document.error(
                path, f"{where} is `{error.instance}`, which has the wrong form.", remedy or f"Form: {expected}"
            )
        case "minItems" | "minLength" | "minProperties":
            yield document.error(path, f"{where} is empty or too short.", remedy or f"At least {expected}.")
        case "maxItems" | "maxLength" | "maxProperties":
            yield document.error(path, f"{where} is too long.", remedy or f"At most {expected}.")
        case _:
            yield document.error(path, f"{where}: {error.message}.", remedy or "See the reference of the definition.")


_KINDS: Final = {
    "object": "a mapping (`key: value`)",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}


def _last_name(path: Path) -> str:
    """`steps[3].within` for people: the last key, with the position if it is in a list."""
    last = path[-1]
    if isinstance(last, str):
        return last
    return f"{_last_name(path[:-1])} number {last + 1}" if len(path) > 1 else f"number {last + 1}"


def _properties(schema: object) -> Mapping[str, object]:
    found = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _about(schema: object, key: str) -> str:
    described = _properties(schema).get(key, {})
    text = described.get("description", "") if isinstance(described, Mapping) else ""
    return str(text).rstrip(".")


def _forms(alternatives: object) -> str:
    kinds = [_KINDS.get(str(form.get("type")), "") for form in _as_list(alternatives) if isinstance(form, Mapping)]
    return f"Write {' or '.join(kind for kind in kinds if kind)}." if any(kinds) else "See the reference."


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]
