"""The goals of a service plan, as they are written into the sealed text and read from it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Progress(StrEnum):
    WORKING = "working"
    REACHED = "reached"
    LET_GO = "let_go"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the survivor wants, in the survivor's words, and the next step towards it."""

    words: str
    next_step: str = ""
    progress: Progress = Progress.WORKING


def to_text(goals: Iterable[Goal]) -> str:
    return json.dumps(
        [{"words": goal.words, "next_step": goal.next_step, "progress": goal.progress.value} for goal in goals],
        ensure_ascii=False,
    )


def from_text(text: str) -> tuple[Goal, ...]:
    return tuple(
        Goal(words=entry["words"], next_step=entry["next_step"], progress=Progress(entry["progress"]))
        for entry in json.loads(text)
    )
