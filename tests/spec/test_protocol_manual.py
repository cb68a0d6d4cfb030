"""The manual of the protocol language tells the truth: its examples are sound, its table is the tested one."""

import json
import re

import pytest
import yaml

from leeward import definitions
from leeward.rules.protocol import parse
from tests.rules.protocol.written import CLOCK, whole

from .render_protocol_steps import MANUAL, manual_with_examples

TEXT = MANUAL.read_text(encoding="utf-8")
FRAGMENTS = re.findall(r"```yaml (steps|facts|gates)\n(.*?)```", TEXT, re.DOTALL)
WHOLE_FILES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
FACTS = {
    "screening": {"from": "screening.completed", "field": "result", "type": "text"},
    "is_minor": {"from": "client.registered", "field": "is_minor", "type": "boolean"},
}


def test_the_table_of_examples_in_the_manual_is_the_tested_one() -> None:
    assert manual_with_examples(TEXT) == TEXT, "run: uv run python -m tests.spec.render_protocol_steps"


@pytest.mark.parametrize(("part", "written"), FRAGMENTS)
def test_an_example_in_the_manual_is_sound(part: str, written: str) -> None:
    given = yaml.load(written, Loader=yaml.BaseLoader)  # noqa: S506 (BaseLoader reads text only)
    step = {"id": "a-step"} | CLOCK
    match part:
        case "steps":
            data = whole(facts=FACTS, steps=[{"id": "a-step"} | given])
        case "facts":
            typed = yaml.safe_load(written)
            data = whole(facts=typed, steps=[step])
        case _:
            data = whole(facts=FACTS, steps=[step], gates=given)
    parse(json.dumps(data), name="manual", schema=definitions.schema("protocol"))


@pytest.mark.parametrize("written", WHOLE_FILES)
def test_the_whole_file_in_the_manual_is_sound(written: str) -> None:
    parse(written, name="manual", schema=definitions.schema("protocol"))


def test_the_manual_has_an_example_of_every_part() -> None:
    assert {part for part, _ in FRAGMENTS} == {"steps", "facts", "gates"}
    assert WHOLE_FILES
