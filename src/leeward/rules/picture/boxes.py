"""The box of one step: its number, title, clock, what opens it, its signs, and the note below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from leeward.rules.protocol.definition import BasisKind, Protocol, Step

from . import words as said
from .letters import width, wrapped
from .model import Area, Box, Mark, Note, Sign, Style, Tone, Words
from .opening import Opening

#: Pixels: room between the edge of a box and its words, a sign, and the distance from a sign to its words.
PAD: Final = 10.0
SIGN: Final = 14.0
BESIDE: Final = 5.0
TITLE_SIZE: Final = 14.0
SIZE: Final = 13.0
TITLE_LINE: Final = 18.0
LINE: Final = 17.0
BADGE: Final = 22.0
#: Longest title and longest "after" in lines; the whole of both is in the box's full text and in the list of steps.
MOST_TITLE: Final = 4
MOST_AFTER: Final = 4
MOST_NOTE: Final = 2

STATES: Final[Mapping[Tone, Sign]] = {
    Tone.DONE: Sign.STATE_DONE,
    Tone.DUE: Sign.STATE_DUE,
    Tone.LATE: Sign.STATE_LATE,
    Tone.DECLINED: Sign.STATE_DECLINED,
    Tone.NOT_OPEN: Sign.STATE_NOT_OPEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the boxes of one picture have in common."""

    protocol: Protocol
    language: str
    openings: Mapping[str, Opening]
    numbers: Mapping[str, int]


def box(step: Step, subject: Subject, note: Note | None, wide: float) -> Box:
    """The box of a step, this many pixels wide and as high as it needs, with its corner at 0, 0."""
    number = str(subject.numbers[step.id])
    badge = Area(PAD, PAD, max(BADGE, width(number, SIZE, bold=True) + 10), BADGE)
    page = _Page(wide=wide, y=PAD + 2)
    page.words.append(
        _set(number, badge.x + (badge.width - width(number, SIZE, bold=True)) / 2, PAD + 15.5, Style.NUMBER)
    )
    page.write(step.title.in_(subject.language), Style.TITLE, x=badge.right + 7, most=MOST_TITLE)
    page.y = max(page.y, badge.bottom) + 4
    page.write(_capital(said.clock(step, subject.language)), Style.PLAIN, sign=Sign.CLOCK)
    after = said.after(subject.openings[step.id], subject.numbers, subject.language)
    page.write(after, Style.MUTED, most=MOST_AFTER)
    for sign, text in _signs(step, subject):
        page.write(text, Style.PLAIN, sign=sign, beside=True, above=2)
    page.y += PAD - 2
    ground = None
    if note is not None and note.lines:
        top = page.y
        page.y += 5
        heading = Style.MUTED if note.tone is Tone.NOT_OPEN else Style.STRONG
        page.write(note.lines[0], heading, sign=STATES.get(note.tone), most=MOST_NOTE)
        for line in note.lines[1:]:
            page.write(line, Style.PLAIN, most=MOST_NOTE)
        page.y += 7
        ground = Area(0, top, wide, page.y - top)
    full = said.in_full(subject.protocol, step, subject.openings[step.id], subject.numbers, subject.language)
    return Box(
        step=step.id,
        number=subject.numbers[step.id],
        stage=step.stage,
        role=step.role,
        area=Area(0, 0, wide, page.y),
        badge=badge,
        words=tuple(page.words),
        marks=tuple(page.marks),
        tone=note.tone if note else Tone.PLAIN,
        note=ground,
        in_full=f"{full} {', '.join(note.lines)}" if note and note.lines else full,
        is_joint=subject.openings[step.id].is_joint,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _signs(step: Step, subject: Subject) -> list[tuple[Sign, str]]:
    """What is particular about a step, most important first."""
    language, titles = subject.language, {sub.id: sub.title for sub in subject.protocol.subprotocols}
    found = []
    if step.declined:
        found.append((Sign.CHOICE, said.SAID_NO.in_(language)))
    if step.basis.kind is BasisKind.LAW:
        found.append((Sign.LAW, said.LAW.in_(language)))
    if subject.openings[step.id].comes_again:
        found.append((Sign.AGAIN, said.again(step, language)))
    if step.escalate:
        found.append((Sign.LADDER, said.rungs(len(step.escalate), language)))
    found += [(Sign.STARTS, said.STARTS.filled(title=titles[sub].in_(language)).in_(language)) for sub in step.starts]
    return found


@dataclass(slots=True)
class _Page:
    """Words and signs written from the top down."""

    wide: float
    y: float
    words: list[Words] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    #: Where on the last line more could be written, if signs stand on it.
    free: float | None = None

    def write(
        self,
        text: str,
        style: Style,
        *,
        x: float = PAD,
        sign: Sign | None = None,
        most: int | None = None,
        beside: bool = False,
        above: float = 0,
    ) -> None:
        """Add a text, in lines; `beside`: on the line of the sign before it, if there is room."""
        if not text:
            return
        size = TITLE_SIZE if style is Style.TITLE else SIZE
        indent = SIGN + BESIDE if sign else 0.0
        needed = indent + width(text, size, bold=is_bold(style))
        if beside and self.free is not None and self.free + needed <= self.wide - PAD:
            x = self.free
            self.y -= LINE
        else:
            self.y += above
        high = TITLE_LINE if style is Style.TITLE else LINE
        if sign:
            self.marks.append(Mark(sign, x, self.y + (high - SIGN) / 2 + 0.5))
        room = self.wide - PAD - x - indent
        for line in wrapped(text, room, size, bold=is_bold(style), most=most):
            self.words.append(_set(line, x + indent, self.y + high - 4.5, style, size))
            self.y += high
        self.free = x + needed + 12 if beside and needed <= self.wide - PAD - x else None


def _set(text: str, x: float, y: float, style: Style, size: float = SIZE) -> Words:
    return Words(x, y, text, style, size, width(text, size, bold=is_bold(style)))


def is_bold(style: Style) -> bool:
    """Whether words of a style are set bold, which makes them wider."""
    return style in (Style.TITLE, Style.HEADING, Style.STRONG, Style.NUMBER)
