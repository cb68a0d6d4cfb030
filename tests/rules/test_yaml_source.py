"""Reading definition files: lines are kept, and what is dangerous or ambiguous is refused in plain words."""

import pytest
import yaml
from jsonschema import Draft202012Validator

from leeward import definitions
from leeward.rules import yaml_source
from leeward.rules.errors import DefinitionError
from leeward.rules.yaml_source import LARGEST, load, mistakes, validate

SCHEMA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "description": "the name"},
        "count": {"type": "integer"},
        "colour": {"enum": ["red", "green"]},
        "many": {"type": "array", "items": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "object"}]}},
    },
}


def test_every_value_knows_its_line() -> None:
    document = load("name: x\nmany:\n  - a\n  - key: b\n", name="f.yaml")
    assert [document.line(path) for path in (("name",), ("many",), ("many", 1), ("many", 1, "key"))] == [1, 2, 4, 4]


def test_what_is_missing_has_the_line_of_what_is_around_it() -> None:
    assert load("name: x\nmany:\n  - {b: 1}\n", name="f").line(("many", 0, "c", "d")) == 3


def test_no_is_a_word_and_a_date_is_text() -> None:
    text = "a: no\nb: on\nc: 2026-11-23\nd: true\ne: ~\nf: 1_000\ng: 010\nh: 1.5\ni: 0x1F\nj: 12:30\n"
    assert load(text, name="f").data == {
        "a": "no",
        "b": "on",
        "c": "2026-11-23",
        "d": True,
        "e": None,
        "f": "1_000",
        "g": 10,
        "h": 1.5,
        "i": "0x1F",
        "j": "12:30",
    }


def test_keys_are_always_text() -> None:
    assert load("0: none\ntrue: yes\n", name="f").data == {"0": "none", "true": "yes"}


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "given twice"),
        ("a: &x [1]\nb: *x\n", 2, "Aliases"),
        ("a: !!python/object:os.system x\n", 1, "Tags"),
        ("a: [\n", 2, "not YAML"),
        ("a:\n\t- b\n", 2, "not YAML"),
        ("a: b: c\n", 1, "not YAML"),
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: \ud800\n", 1, "character"),
        ("a: 1\nb: \x07\n", 2, "character"),
        ("? [a]\n: b\n", 1, "key is a list"),
        ("[" * 500, 1, "deep"),
        ("a: " + "x" * LARGEST, 1, "1 MiB"),
    ],
)
def test_what_is_broken_or_dangerous_is_refused_with_its_line(text: str, line: int, complaint: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        load(text, name="f.yaml")
    assert refused.value.line == line
    assert complaint in refused.value.problem
    assert str(refused.value).startswith(f"f.yaml, line {line}: ")
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("text", "line", "complaint", "remedy"),
    [
        ("count: 1\n", 1, "lacks `name`", "the name"),
        ("name: x\ncuont: 1\n", 2, "`cuont` is not known", "`count`"),
        ("name: x\ncount: many\n", 2, "should be a whole number", "a whole number"),
        ("name: x\ncolour: rad\n", 2, "is `rad`", "`red`"),
        ("name: x\nmany:\n  - a\n  - b\n", 4, "wrong form", "^a"),
        ("name: x\nmany:\n  - a\n  - 1\n", 4, "none of the permitted forms", "text or a mapping"),
        ("- a\n", 1, "should be a mapping", "mapping"),
    ],
)
def test_a_departure_from_the_schema_says_what_would_be_right(
    text: str, line: int, complaint: str, remedy: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        validate(load(text, name="f"), SCHEMA)
    assert refused.value.line == line
    assert complaint in refused.value.problem
    assert remedy in refused.value.remedy


def test_all_mistakes_of_a_file_are_told_at_once_in_order() -> None:
    document = load("count: x\ncolour: blue\nother: 1\n", name="f")
    assert [error.line for error in mistakes(document, SCHEMA)] == [1, 1, 2, 3]
    with pytest.raises(DefinitionError) as refused:
        validate(document, SCHEMA)
    assert len(refused.value.every) == 4


def test_the_parser_in_c_and_the_one_in_python_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    text = definitions.read("protocol", "human-trafficking-response")
    quick = load(text, name="f")
    monkeypatch.setattr(yaml_source, "_PARSER", yaml.SafeLoader)
    assert load(text, name="f") == quick


def test_a_file_full_of_mistakes_names_the_first_hundred() -> None:
    text = "name: x\n" + "".join(f"k{number}: 1\n" for number in range(5000))
    assert len(mistakes(load(text, name="f"), SCHEMA)) == 100


@pytest.mark.parametrize("kind", ["protocol"])
def test_a_published_schema_is_a_schema(kind: str) -> None:
    Draft202012Validator.check_schema(definitions.schema(kind))
