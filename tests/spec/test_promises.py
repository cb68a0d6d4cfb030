"""Every promise that the documentation makes has a test that carries its id, and no id is both kept and forgotten."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
ID = re.compile(r"\b([A-Z])-?(\d{1,2})\b")


def _section(title: str) -> list[str]:
    """The ids in the first column of a section's table."""
    text = (CHECKOUT / "docs/explanation/security.md").read_text(encoding="utf-8")
    rows = text.split(f"## {title}\n")[1].split("\n## ")[0].splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("| ") and not row.startswith("| id")]
    return [f"{letter}{int(number):02}" for cell in cells for letter, number in ID.findall(cell)]


def _tested() -> set[str]:
    """The ids that tests carry in their names."""
    found: set[str] = set()
    for path in (CHECKOUT / "tests").rglob("test_*.py"):
        for name in re.findall(r"def test_(\w+)", path.read_text(encoding="utf-8")):
            for letter, number in re.findall(r"(?:^|_)([a-z])(\d{1,2})(?=_)", name):
                found.add(f"{letter.upper()}{int(number):02}")
    return found


def test_each_promise_has_a_test_of_its_id() -> None:
    assert len(_section("What holds")) > 25
    assert sorted(set(_section("What holds")) - _tested()) == []


def test_what_is_said_to_wait_is_said_once() -> None:
    waits = _section("What waits")
    assert waits, "the table is read"
    assert sorted(one for one in set(waits) if waits.count(one) > 1) == []
