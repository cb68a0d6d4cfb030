"""A drawn protocol as a value: where every box, word, sign and arrow stands, in pixels from the top left corner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from leeward.rules.protocol.definition import Part


class Tone(StrEnum):
    """How a step stands, where the picture is of one case or carries figures."""

    PLAIN = "plain"
    DONE = "done"
    DUE = "due"
    LATE = "late"
    DECLINED = "declined"
    NOT_OPEN = "not_open"


@dataclass(frozen=True, slots=True)
class Note:
    """What stands below a step: its state in words, or its figures. The first line is the heading of the others."""

    tone: Tone
    lines: tuple[str, ...]


#: Notes by the id of their step.
Notes = Mapping[str, Note]


class Sign(StrEnum):
    """A small drawing beside words."""

    CLOCK = "clock"
    CHOICE = "choice"
    AGAIN = "again"
    LAW = "law"
    LADDER = "ladder"
    STARTS = "starts"
    JOINT = "joint"
    ARROW_DONE = "arrow_done"
    ARROW_DECLINED = "arrow_declined"
    STATE_DONE = "state_done"
    STATE_DUE = "state_due"
    STATE_LATE = "state_late"
    STATE_DECLINED = "state_declined"
    STATE_NOT_OPEN = "state_not_open"


class Style(StrEnum):
    """How words are set."""

    TITLE = "title"
    HEADING = "heading"
    STRONG = "strong"
    PLAIN = "plain"
    MUTED = "muted"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Area:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: Area) -> bool:
        """Whether the two share more than an edge."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def holds(self, other: Area) -> bool:
        """Whether the other lies wholly inside."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom

    def moved(self, x: float, y: float) -> Area:
        return Area(self.x + x, self.y + y, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Words:
    """One line of words: where its baseline begins, its style, and its width as reckoned."""

    x: float
    y: float
    text: str
    style: Style
    size: float
    width: float

    def moved(self, x: float, y: float) -> Words:
        return Words(self.x + x, self.y + y, self.text, self.style, self.size, self.width)


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign, by its top left corner. It is as wide and high as SIGN in `measures`."""

    sign: Sign
    x: float
    y: float

    def moved(self, x: float, y: float) -> Mark:
        return Mark(self.sign, self.x + x, self.y + y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A step. `in_full` says everything about it in sentences; `note` is the ground of its note, if it has one."""

    step: str
    number: int
    stage: str
    role: str
    area: Area
    badge: Area
    words: tuple[Words, ...]
    marks: tuple[Mark, ...]
    tone: Tone
    note: Area | None
    in_full: str
    is_joint: bool

    def moved(self, x: float, y: float) -> Box:
        return Box(
            step=self.step,
            number=self.number,
            stage=self.stage,
            role=self.role,
            area=self.area.moved(x, y),
            badge=self.badge.moved(x, y),
            words=tuple(words.moved(x, y) for words in self.words),
            marks=tuple(mark.moved(x, y) for mark in self.marks),
            tone=self.tone,
            note=self.note.moved(x, y) if self.note else None,
            in_full=self.in_full,
            is_joint=self.is_joint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One step's closing that can open another, drawn through these corners; the last is its point."""

    opener: str
    opened: str
    part: Part
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A stage: its heading above its steps."""

    stage: str
    area: Area
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A role: its name beside its steps."""

    role: str
    area: Area
    words: tuple[Words, ...]
    is_shaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Some stages side by side with the lanes of whom they concern. A sub-protocol is a band with a title, framed."""

    part_of: str | None
    area: Area
    words: tuple[Words, ...]
    columns: tuple[Column, ...]
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The whole picture: bands below or beside each other, and what its signs mean."""

    protocol: str
    version: str
    language: str
    title: str
    description: str
    area: Area
    heading: tuple[Words, ...]
    bands: tuple[Band, ...]
    legend: tuple[Mark, ...]
    legend_words: tuple[Words, ...]

    @property
    def boxes(self) -> Iterator[Box]:
        return (box for band in self.bands for box in band.boxes)

    @property
    def arrows(self) -> Iterator[Arrow]:
        return (arrow for band in self.bands for arrow in band.arrows)
