"""Where everything of a protocol's picture stands: a column for each stage, a lane for each role, a box for each step.

So many stages do not fit side by side, so they are laid in bands below each other, each with the lanes of the roles
it concerns. Sub-protocols follow as bands of their own, framed. Arrows join only neighbours of one band and run only
in the gutters between boxes, so that no line crosses a word; the numbers in the boxes say the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from leeward.rules.protocol.definition import Part, Protocol, Stage, Step

from . import words as said
from .arrows import arrows
from .boxes import BESIDE, LINE, PAD, SIGN, SIZE, TITLE_LINE, TITLE_SIZE, Subject, box
from .letters import width, wrapped
from .model import Area, Band, Box, Column, Lane, Mark, Notes, Picture, Sign, Style, Words
from .opening import Opening, openings

#: Pixels: the usual width of a whole picture, the margin, the names of the lanes, the gutter between two boxes.
WIDTH: Final = 1104.0
MARGIN: Final = 8.0
NAMES: Final = 108.0
GUTTER: Final = 44.0
#: A column with its gutter is at least and at most so wide.
NARROW, BROAD = 200.0, 256.0
#: Above, below and between the boxes of a lane, and between bands.
ROOM: Final = 14.0
BETWEEN: Final = 24.0
FRAME: Final = 12.0
HEADING_SIZE: Final = 18.0

_ARROWS: Final[Mapping[Part, Sign]] = {Part.DONE: Sign.ARROW_DONE, Part.DECLINED: Sign.ARROW_DECLINED}
_SIGNS: Final = (
    (Sign.CHOICE, "choice"),
    (Sign.AGAIN, "again"),
    (Sign.LAW, "law"),
    (Sign.LADDER, "ladder"),
    (Sign.STARTS, "starts"),
    (Sign.JOINT, "joint"),
    (Sign.ARROW_DONE, "done"),
    (Sign.ARROW_DECLINED, "declined"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """Stages that stand side by side, with their steps."""

    stages: tuple[Stage, ...]
    steps: tuple[Step, ...]
    part_of: str | None = None
    title: str = ""


def lay_out(
    protocol: Protocol, *, language: str, notes: Notes | None = None, columns: int = 5, is_titled: bool = False
) -> Picture:
    """The picture of a protocol in a language, at most so many stages side by side.

    `notes` stand below the steps whose ids they carry. A picture that stands alone `is_titled`; a page has a heading
    of its own. Equal arguments give equal pictures.
    """
    subject = Subject(protocol=protocol, language=language, openings=openings(protocol), numbers=numbers(protocol))
    sections = list(_sections(protocol, language, columns))
    most = max((len(section.stages) for section in sections), default=1)
    column = min(max((WIDTH - NAMES - 2 * MARGIN) / most, NARROW), BROAD)
    roles = list(dict.fromkeys(step.role for step in protocol.steps))
    drawn = [_band(section, subject, notes or {}, column, roles) for section in sections]
    wide = max([WIDTH - 2 * MARGIN, NAMES + most * column, *(band.area.width for band in drawn)])
    title = f"{said.TITLE.filled(protocol=protocol.title.in_(language)).in_(language)} ({protocol.version})"
    heading = _lines(title, MARGIN, MARGIN, wide, Style.TITLE, size=HEADING_SIZE) if is_titled else ()
    bands = tuple(_placed(drawn, wide, MARGIN + (len(heading) * LINE + BETWEEN if heading else 0)))
    right = max((band.area.right for band in bands), default=WIDTH)
    bottom = max((band.area.bottom for band in bands), default=0.0)
    marks, legend = _legend(bands, subject.openings, language, right, bottom + BETWEEN)
    return Picture(
        protocol=protocol.name,
        version=protocol.version,
        language=language,
        title=title,
        description=said.DESCRIPTION.filled(steps=len(protocol.steps)).in_(language),
        area=Area(0, 0, right + MARGIN, max((words.y for words in legend), default=bottom) + ROOM),
        heading=heading,
        bands=bands,
        legend=marks,
        legend_words=legend,
    )


def numbers(protocol: Protocol) -> dict[str, int]:
    """A number for each step, by its id: stage by stage, those of sub-protocols last."""
    parts = [None, *(sub.id for sub in protocol.subprotocols)]
    order = {stage.id: stage.number for stage in protocol.stages}
    steps = sorted(protocol.steps, key=lambda step: (parts.index(step.part_of), order[step.stage]))
    return {step.id: number for number, step in enumerate(steps, 1)}


def _sections(protocol: Protocol, language: str, columns: int) -> Iterator[_Section]:
    yield from _split(protocol, None, "", columns)
    for sub in protocol.subprotocols:
        title = said.SUBPROTOCOL.filled(title=sub.title.in_(language)).in_(language)
        yield from _split(protocol, sub.id, title, columns)


def _split(protocol: Protocol, part_of: str | None, title: str, columns: int) -> Iterator[_Section]:
    """As few bands as it takes, of about as many stages each. Stages without a step have no column."""
    steps = [step for step in protocol.steps if step.part_of == part_of]
    used = {step.stage for step in steps}
    stages = sorted((stage for stage in protocol.stages if stage.id in used), key=lambda stage: stage.number)
    bands = ceil(len(stages) / max(columns, 1))
    for band in range(bands):
        here = tuple(stages[band * len(stages) // bands : (band + 1) * len(stages) // bands])
        ids = {stage.id for stage in here}
        inside = tuple(step for step in steps if step.stage in ids)
        yield _Section(stages=here, steps=inside, part_of=part_of, title=title)


def _band(section: _Section, subject: Subject, notes: Notes, column: float, order: Sequence[str]) -> Band:
    """One band with its corner at 0, 0."""
    edge = FRAME if section.part_of is not None else 0.0
    title = _lines(section.title, edge, edge, 10_000, Style.HEADING, size=TITLE_SIZE)
    top = edge + (TITLE_LINE + 6 if title else 0.0)
    headings = [_heading(stage, subject.language, column) for stage in section.stages]
    head = max(len(lines) for lines in headings) * LINE + 12
    lefts = {stage.id: edge + NAMES + place * column for place, stage in enumerate(section.stages)}
    y = top + head
    lanes: list[Lane] = []
    boxes: list[Box] = []
    wide = NAMES + column * len(section.stages)
    for role in (role for role in order if any(step.role == role for step in section.steps)):
        cells = {
            stage.id: [
                box(step, subject, notes.get(step.id), column - GUTTER)
                for step in section.steps
                if step.stage == stage.id and step.role == role
            ]
            for stage in section.stages
        }
        down = y + ROOM
        for row in range(max(len(cell) for cell in cells.values())):
            here = {stage: cell[row] for stage, cell in cells.items() if row < len(cell)}
            boxes += [placed.moved(lefts[stage] + GUTTER / 2, down) for stage, placed in here.items()]
            down += max(placed.area.height for placed in here.values()) + ROOM
        name = wrapped(said.role(role, subject.language), NAMES - 2 * PAD, SIZE, bold=True)
        down = max(down, y + len(name) * LINE + 2 * ROOM)
        lanes.append(
            Lane(
                role=role,
                area=Area(edge, y, wide, down - y),
                words=_each(name, edge + PAD, y + ROOM, Style.STRONG),
                is_shaded=len(lanes) % 2 == 0,
            )
        )
        y = down
    columns = tuple(
        Column(
            stage=stage.id,
            area=Area(lefts[stage.id], top, column, y - top),
            words=(
                *_each(lines[:1], lefts[stage.id] + GUTTER / 2, top + 4, Style.MUTED),
                *_each(lines[1:], lefts[stage.id] + GUTTER / 2, top + 4 + LINE, Style.HEADING),
            ),
        )
        for stage, lines in zip(section.stages, headings, strict=True)
    )
    needed = max([wide, *(words.width for words in title)])
    return Band(
        part_of=section.part_of,
        area=Area(0, 0, needed + 2 * edge, y + edge),
        words=title,
        columns=columns,
        lanes=tuple(lanes),
        boxes=tuple(boxes),
        arrows=arrows(boxes, [stage.id for stage in section.stages], subject.openings),
    )


def _heading(stage: Stage, language: str, column: float) -> tuple[str, ...]:
    return (
        said.STAGE_NUMBER.filled(number=stage.number).in_(language),
        *wrapped(stage.title.in_(language), column - GUTTER, SIZE, bold=True),
    )


def _placed(bands: Sequence[Band], wide: float, top: float) -> Iterator[Band]:
    """The bands below each other; small framed ones beside each other where there is room."""
    x, y, high = MARGIN, top, 0.0
    for band in bands:
        if x > MARGIN and (band.part_of is None or x + band.area.width > MARGIN + wide):
            x, y, high = MARGIN, y + high + BETWEEN, 0.0
        yield _moved(band, x, y)
        high = max(high, band.area.height)
        if band.part_of is None:
            y, high = y + high + BETWEEN, 0.0
        else:
            x += band.area.width + BETWEEN


def _moved(band: Band, x: float, y: float) -> Band:
    return replace(
        band,
        area=band.area.moved(x, y),
        words=tuple(words.moved(x, y) for words in band.words),
        columns=tuple(
            replace(column, area=column.area.moved(x, y), words=tuple(words.moved(x, y) for words in column.words))
            for column in band.columns
        ),
        lanes=tuple(
            replace(lane, area=lane.area.moved(x, y), words=tuple(words.moved(x, y) for words in lane.words))
            for lane in band.lanes
        ),
        boxes=tuple(placed.moved(x, y) for placed in band.boxes),
        arrows=tuple(
            replace(arrow, corners=tuple((left + x, top + y) for left, top in arrow.corners)) for arrow in band.arrows
        ),
    )


def _legend(
    bands: Sequence[Band], opened: Mapping[str, Opening], language: str, right: float, y: float
) -> tuple[tuple[Mark, ...], tuple[Words, ...]]:
    """What the signs that are used mean, in as many lines as it takes."""
    boxes = [placed for band in bands for placed in band.boxes]
    used = {mark.sign for placed in boxes for mark in placed.marks}
    used |= {_ARROWS.get(arrow.part, Sign.ARROW_DECLINED) for band in bands for arrow in band.arrows}
    used |= {Sign.JOINT for opening in opened.values() if opening.is_joint}
    entries: list[tuple[Sign | None, str]] = [(None, said.NUMBERS.in_(language))] if boxes else []
    entries += [(sign, said.LEGEND[key].in_(language)) for sign, key in _SIGNS if sign in used]
    marks: list[Mark] = []
    words: list[Words] = []
    x = MARGIN
    for sign, text in entries:
        indent = 0.0 if sign is None else BESIDE + (2 * SIGN if sign in _ARROWS.values() else SIGN)
        needed = indent + width(text, SIZE)
        if x > MARGIN and x + needed > right:
            x, y = MARGIN, y + LINE + 6
        if sign:
            marks.append(Mark(sign, x, y + 1.5))
        words += _each((text,), x + indent, y, Style.MUTED)
        x += needed + 2 * ROOM
    return tuple(marks), tuple(words)


def _lines(text: str, x: float, y: float, room: float, style: Style, *, size: float = SIZE) -> tuple[Words, ...]:
    return _each(wrapped(text, room, size, bold=True), x, y, style, size=size)


def _each(lines: Sequence[str], x: float, y: float, style: Style, *, size: float = SIZE) -> tuple[Words, ...]:
    """Lines of words below each other, the first with its top at `y`."""
    bold = style is not Style.MUTED
    return tuple(
        Words(x, y + place * LINE + LINE - 4.5, line, style, size, width(line, size, bold=bold))
        for place, line in enumerate(lines)
    )
