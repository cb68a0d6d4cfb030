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
from typing import Final

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from .errors import DefinitionError

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
Path = tuple[str | int, ...]

LARGEST: Final = 1024 * 1024
DEEPEST: Final = 40


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
    try:
        root = _Loader(text, name).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _mistake(
            name,
            mark.line + 1 if mark else 1,
            f"This is not YAML: {error.problem or error.context}.",
            "Check the indentation, the colon after each key, and that quotes and brackets are closed.",
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        raise _mistake(name, line, "There is a character that YAML does not permit.", "Delete it.") from error
    if root is None:
        raise _mistake(name, 1, "The file is empty.", "Write a definition, or start from a shipped one.")
    lines: dict[Path, int] = {}
    return Document(name=name, data=_value(root, (), lines, name), lines=lines)


def mistakes(document: Document, schema: Mapping[str, object]) -> tuple[DefinitionError, ...]:
    """Everything in which the document departs from the schema, first line first."""
    found = {
        (error.line, error.problem): error
        for validation in Draft202012Validator(schema).iter_errors(document.data)
        for error in _in_words(document, _deepest(validation))
    }
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


class _Loader(yaml.SafeLoader):
    """PyYAML's composer without aliases and bottomless nesting, with the few scalar types of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text)
        self.file = file
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise _mistake(self.file, line, "Aliases (`*name`) are not read.", "Write the value out in full.")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) not in (None, "!"):
            raise _mistake(self.file, line, "Tags (`!name`) are not read.", "Remove the tag.")
        self.depth += 1
        if self.depth > DEEPEST:
            raise _mistake(self.file, line, f"Nested more than {DEEPEST} deep.", "Make the definition flatter.")
        node: yaml.Node | None = super().compose_node(parent, index)  # type: ignore[arg-type]
        self.depth -= 1
        return node


for _tag, _form, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~\0"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]+", "-+0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(rf"^(?:{_form})$", re.ASCII),
        ["" if letter == "\0" else letter for letter in _first],
    )


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> JSON:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, JSON] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _mistake(name, line, "A key is a list or a mapping.", "Use a word as the key.")
            key = str(key_node.value)
            if key in mapping:
                raise _mistake(name, line, f"`{key}` is given twice.", "Keep one of the two.")
            lines[(*path, key)] = line
            mapping[key] = _value(value_node, (*path, key), lines, name)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, position), lines, name) for position, item in enumerate(node.value)]
    return _scalar(str(node.tag), str(node.value))


def _scalar(tag: str, text: str) -> JSON:
    match tag.removeprefix("tag:yaml.org,2002:"):
        case "bool":
            return text == "true"
        case "null":
            return None
        case "int" if len(text) <= 18:
            return int(text)
        case "float":
            return float(text)
        case _:
            return text


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
