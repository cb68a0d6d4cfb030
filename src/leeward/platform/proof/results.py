"""Results of the tests, gathered by the promise whose id they carry in their names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError, parse

_ID = re.compile(r"(?:^|_)([a-z])(\d{1,2})(?=_)")
_WRITTEN = re.compile(r"\b([A-Z])-?(\d{1,2})\b")


class NoResults(Exception):
    """A file holds no results of tests. `hint` says what to do."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} holds no results of tests.")
        self.hint = f"Make it with: pytest --junitxml {file}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many tests of one promise passed, failed and were skipped, and the names of those that did not pass."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    not_passed: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.passed > 0 and self.failed == 0

    def as_json(self) -> dict[str, object]:
        return {
            "holds": self.holds,
            "passed": self.passed,
            "failed": self.failed,
            "skipped": self.skipped,
            "not_passed": list(self.not_passed),
        }


def by_promise(file: Path) -> dict[str, Kept]:
    """What a JUnit file says of each promise, by id such as `C-02`. Raises NoResults, OSError."""
    try:
        cases = list(parse(file).iter("testcase"))  # noqa: S314  a file that whoever makes the pack made with pytest
    except ParseError as error:
        raise NoResults(file) from error
    if not cases:
        raise NoResults(file)
    found: dict[str, Kept] = {}
    for case in cases:
        name = case.get("name", "")
        outcome = _outcome({child.tag for child in case})
        for promise in promises_in_name(name.split("[")[0].removeprefix("test_")):
            found[promise] = _and(found.get(promise, Kept()), name, outcome)
    return dict(sorted(found.items()))


def promises_in_name(name: str) -> list[str]:
    """Ids that a test's name carries: `c01_a03_nothing` has C-01 and A-03; the ten promises are T1 to T10."""
    return [_id(letter.upper(), int(number)) for letter, number in _ID.findall(name)]


def promised(page: str) -> list[str]:
    """Ids in the table "What holds" of the page about security, each once."""
    table = page.split("## What holds\n")[1].split("\n## ")[0].splitlines()
    cells: Iterable[str] = (row.split("|")[1] for row in table if row.startswith("| ") and not row.startswith("| id"))
    written = (_id(letter, int(number)) for cell in cells for letter, number in _WRITTEN.findall(cell))
    return list(dict.fromkeys(written))


def unproven(promised_ids: Iterable[str], found: Mapping[str, Kept]) -> list[str]:
    """Promises that no test here has shown to hold."""
    return [one for one in promised_ids if one not in found or not found[one].holds]


def _id(letter: str, number: int) -> str:
    return f"T{number}" if letter == "T" else f"{letter}-{number:02}"


def _outcome(tags: set[str]) -> str:
    return "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"


def _and(kept: Kept, name: str, outcome: str) -> Kept:
    return Kept(
        passed=kept.passed + (outcome == "passed"),
        failed=kept.failed + (outcome == "failed"),
        skipped=kept.skipped + (outcome == "skipped"),
        not_passed=kept.not_passed if outcome == "passed" else (*kept.not_passed, f"{outcome}: {name}"),
    )
