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
FRAGMENTS = re.findall(r"```yaml (steps|facts|gates|office|subprotocols)\n(.*?)```", TEXT, re.DOTALL)
WHOLE_FILES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
OFFICE = {"zone": "America/Chicago", "days": ["mon"], "hours": ["08:00-17:00"]}
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
            others = [{"id": name} | CLOCK for name in ("a-step", "b-step")]
            data = whole(facts=FACTS, office=OFFICE, steps=[*others, {"id": "this-step"} | given])
        case "office":
            data = whole(office=given, steps=[step])
        case "subprotocols":
            data = whole(facts=FACTS, steps=[step], subprotocols=yaml.safe_load(written))
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
    assert {part for part, _ in FRAGMENTS} == {"steps", "facts", "gates", "office", "subprotocols"}
    assert WHOLE_FILES
