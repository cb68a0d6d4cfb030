"""One line of a definition changes and every other character stays: comments, order and spaces are the authors' own."""

import difflib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leeward import definitions
from leeward.rules.yaml_edit import NoSuchPlace, put, quoted, words

SHIPPED = definitions.read("protocol", "human-trafficking-response")
STEPS = [("steps", place) for place in range(len(yaml.safe_load(SHIPPED)["steps"]))]
INNER = [
    ("subprotocols", sub, "steps", place)
    for sub, each in enumerate(yaml.safe_load(SHIPPED)["subprotocols"])
    for place in range(len(each["steps"]))
]
VALUES = {
    "within": "P2D",
    "grace": "PT3H",
    "role": "therapist",
    "repeat": "P9D",
    "title": words('A "new" title: #1', "Título, {nuevo}"),
    "choice": words("Yes & no", "Sí"),
    "escalate": "[{after: P1D, to: evaluator}, {after: P2D, to: clinician}]",
    "clock": "always",
}


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@given(st.sampled_from([*STEPS, *INNER]), st.sampled_from(sorted(VALUES)), st.booleans())
def test_the_shipped_protocol_is_edited_in_place(path: tuple[str | int, ...], key: str, take_away: bool) -> None:
    value = None if take_away else VALUES[key]
    expected = yaml.safe_load(SHIPPED)
    step = expected
    for part in path:
        step = step[part]
    step.pop(key, None)
    if value is not None:
        step[key] = yaml.safe_load(value)
    edited = put(SHIPPED, path, key, value, after="within")
    assert yaml.safe_load(edited) == expected
    # the lines of one value at most: everything else is untouched
    assert len(changed_lines(SHIPPED, edited)) <= 12
    comments = [line for line in SHIPPED.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in edited.splitlines() if line.lstrip().startswith("#")] == comments


def test_what_is_put_back_is_the_same_text() -> None:
    path = ("steps", 0)
    faster = put(SHIPPED, path, "within", "PT1H")
    assert put(faster, path, "within", "P1D") == SHIPPED
    assert len(changed_lines(SHIPPED, faster)) == 2


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        ("a: {x: 1, y: 2}  # why\n", "y", None, "a: {x: 1}  # why\n"),
        ("a: {x: 1, y: 2}\n", "x", None, "a: {y: 2}\n"),
        ("a: {x: 1}\n", "z", "3", "a: {x: 1, z: 3}\n"),
        ("a:\n  x: 1  # o\n  y:\n    - p\n\n# n\nb: 1\n", "y", "[r]", "a:\n  x: 1  # o\n  y: [r]\n\n# n\nb: 1\n"),
        ("a:\n  x: 1\n  y:\n    - p\n\n# next\nb: 1\n", "y", None, "a:\n  x: 1\n\n# next\nb: 1\n"),
        ("a:\n  x: 1  # one\n  y: 2", "z", "3", "a:\n  x: 1  # one\n  z: 3\n  y: 2"),
    ],
)  # fmt: skip
def test_small_pieces(text: str, key: str, value: str | None, expected: str) -> None:
    assert put(text, ("a",), key, value, after="x") == expected


def test_the_first_key_of_a_list_entry_can_go() -> None:
    assert put("s:\n  - id: a\n    x: 1\n", ("s", 0), "id", None) == "s:\n  - x: 1\n"


@given(st.text())
def test_any_words_survive(text: str) -> None:
    assert yaml.safe_load(quoted(text)) == text


def test_a_place_that_is_gone_is_an_error() -> None:
    with pytest.raises(NoSuchPlace) as refused:
        put(SHIPPED, ("steps", 900), "within", "P1D")
    assert refused.value.hint
