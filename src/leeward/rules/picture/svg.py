"""The picture as SVG text: one picture with a name and a description, each box a group with everything about its step.

Paints are attributes and not styles, so that pages which forbid styles of their own show it. On a page the paints are
the page's own colours, light or dark; a file of its own brings both along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from .model import Area, Arrow, Band, Box, Mark, Picture, Sign, Style, Words

Point = tuple[float, float]

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"

#: Colours by name, light and dark: those of the pages, so that a file looks like the page.
LIGHT: Final[Mapping[str, str]] = {
    "paper": "#faf6ef", "surface": "#fffdf9", "sunken": "#f3ebdf", "ink": "#2b2520", "muted": "#665b51",
    "line": "#e5dace", "edge": "#8c7f72", "accent": "#1f5d58", "accent-soft": "#e1eeea", "accent-ink": "#ffffff",
    "ok": "#2a6340", "ok-soft": "#e5f0e4", "warn": "#7a5000", "warn-soft": "#faeed3",
}  # fmt: skip
DARK: Final[Mapping[str, str]] = {
    "paper": "#1b1917", "surface": "#252220", "sunken": "#151311", "ink": "#f2ece3", "muted": "#bfb4a8",
    "line": "#3d3732", "edge": "#94887b", "accent": "#86cfc3", "accent-soft": "#1f3532", "accent-ink": "#0b2522",
    "ok": "#97d3a6", "ok-soft": "#1e3225", "warn": "#f0c978", "warn-soft": "#392e17",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """How a kind of shape is painted: names of colours for its inside and its line."""

    fill: str = "none"
    stroke: str = "none"
    wide: float = 1.0
    dashes: str = ""


PAINTS: Final[Mapping[str, Paint]] = {
    "ground": Paint(fill="paper"),
    "frame": Paint(fill="paper", stroke="edge", wide=1.5, dashes="2 4"),
    "lane": Paint(fill="paper", stroke="line"),
    "lane-shaded": Paint(fill="sunken", stroke="line"),
    "box-plain": Paint(fill="surface", stroke="edge"),
    "box-done": Paint(fill="surface", stroke="ok", wide=1.5),
    "box-due": Paint(fill="surface", stroke="accent", wide=2.5),
    "box-late": Paint(fill="surface", stroke="warn", wide=3.5),
    "box-declined": Paint(fill="surface", stroke="edge", wide=1.5, dashes="8 3"),
    "box-not_open": Paint(fill="surface", stroke="edge", dashes="2 3"),
    "note-plain": Paint(fill="sunken"),
    "note-done": Paint(fill="ok-soft"),
    "note-due": Paint(fill="accent-soft"),
    "note-late": Paint(fill="warn-soft"),
    "note-declined": Paint(fill="sunken"),
    "note-not_open": Paint(fill="sunken"),
    "badge": Paint(fill="accent"),
    "arrow": Paint(stroke="muted", wide=1.5),
    "arrow-declined": Paint(stroke="muted", wide=1.5, dashes="4 3"),
    "point": Paint(fill="muted"),
    "bar": Paint(fill="ink"),
    "sign": Paint(stroke="muted", wide=1.6),
    "sign-full": Paint(fill="muted"),
    "sign-ok": Paint(stroke="ok", wide=1.8),
    "sign-accent": Paint(stroke="accent", wide=1.8),
    "sign-warn": Paint(stroke="warn", wide=1.8),
    "words-title": Paint(fill="ink"),
    "words-heading": Paint(fill="ink"),
    "words-strong": Paint(fill="ink"),
    "words-plain": Paint(fill="ink"),
    "words-muted": Paint(fill="muted"),
    "words-number": Paint(fill="accent-ink"),
}

_BOLD: Final = frozenset({Style.TITLE, Style.HEADING, Style.STRONG, Style.NUMBER})
_ROUND: Final = 8.0

#: Signs as paths in a square of 14 by 14 pixels.
_CIRCLE: Final = "M7 1.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z"
_SIGNS: Final[Mapping[Sign, tuple[tuple[str, str], ...]]] = {
    Sign.CLOCK: (("sign", _CIRCLE + "M7 4v3.2l2.2 1.6"),),
    Sign.CHOICE: (("sign", "M7 1l6 6l-6 6l-6-6z"),),
    Sign.AGAIN: (("sign", "M11.6 4.4a5.2 5.2 0 1 0 .6 3.6M12.2 1.2v3.6h-3.6"),),
    Sign.LAW: (("sign", "M7 1.2v11M3.6 12.6h6.8M2.4 3.2h9.2M2.6 3.2l-2 4.6h4zM11.4 3.2l-2 4.6h4z"),),
    Sign.LADDER: (("sign", "M1 12.5h3.2v-3.6h3.6v-3.6h3.6v-3.8"),),
    Sign.STARTS: (("sign", "M1.2 2.2h8v9.6h-8zM6 7h7M10.4 4.4l2.6 2.6l-2.6 2.6"),),
    Sign.JOINT: (("bar", "M10 0h3.5v14h-3.5z"), ("sign", "M0 4h9M0 10h9")),
    Sign.ARROW_DONE: (("arrow", "M0 7h20"), ("point", "M28 7l-9-4.5v9z")),
    Sign.ARROW_DECLINED: (("arrow-declined", "M0 7h20"), ("point", "M28 7l-9-4.5v9z")),
    Sign.STATE_DONE: (("sign-ok", _CIRCLE + "M4.3 7.2l2 2l3.6-4.2"),),
    Sign.STATE_DUE: (("sign-accent", _CIRCLE + "M7 4v3.2l2.2 1.6"),),
    Sign.STATE_LATE: (("sign-warn", "M7 1.2l6 11.3h-12zM7 5.2v3.6M7 10.2v1.2"),),
    Sign.STATE_DECLINED: (("sign", _CIRCLE + "M4 7h6"),),
    Sign.STATE_NOT_OPEN: (("sign", "M7 1.5a5.5 5.5 0 0 1 5.5 5.5M7 12.5a5.5 5.5 0 0 1-5.5-5.5"),),
}


def page_svg(picture: Picture, *, name: str = "picture") -> str:
    """SVG to stand in a page that has the design tokens as custom properties. `name` begins its ids."""
    return _Drawing({colour: f"var(--{colour})" for colour in LIGHT}, name).text(picture)


def file_svg(picture: Picture) -> str:
    """SVG as a file of its own, light or dark as its reader has it."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _Drawing(LIGHT, "picture", dark=DARK).text(picture) + "\n"


@dataclass(frozen=True, slots=True)
class _Drawing:
    colours: Mapping[str, str]
    name: str
    dark: Mapping[str, str] | None = None

    def text(self, picture: Picture) -> str:
        area = picture.area
        root = Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "role": "img",
                "aria-labelledby": f"{self.name}-title {self.name}-desc",
                "lang": picture.language,
                "viewBox": f"0 0 {_number(area.width)} {_number(area.height)}",
                "width": _number(area.width),
                "height": _number(area.height),
                "font-family": _FONT,
            },
        )
        SubElement(root, "title", {"id": f"{self.name}-title"}).text = picture.title
        SubElement(root, "desc", {"id": f"{self.name}-desc"}).text = picture.description
        if self.dark is not None:
            SubElement(root, "style").text = _dark(self.dark)
            self.area(root, area, "ground", 0)
        self.words(root, picture.heading)
        for band in picture.bands:
            self.band(root, band)
        legend = SubElement(root, "g")
        for mark in picture.legend:
            self.mark(legend, mark)
        for words in picture.legend_words:
            self.text_of(legend, (words,))
        return tostring(root, encoding="unicode")

    def band(self, root: Element, band: Band) -> None:
        group = SubElement(root, "g")
        if band.part_of is not None:
            self.area(group, band.area, "frame", _ROUND)
        for lane in band.lanes:
            self.area(group, lane.area, "lane-shaded" if lane.is_shaded else "lane", 0)
            self.words(group, lane.words)
        self.words(group, band.words)
        for column in band.columns:
            self.words(group, column.words)
        for arrow in band.arrows:
            self.arrow(group, arrow)
        for box in band.boxes:
            self.box(group, box)

    def box(self, root: Element, box: Box) -> None:
        group = SubElement(root, "g", {"data-step": box.step})
        SubElement(group, "title").text = box.in_full
        self.area(group, box.area, f"box-{box.tone}", _ROUND)
        if box.note is not None:
            inside = Area(box.note.x + 2, box.note.y, box.note.width - 4, box.note.height - 2)
            self.area(group, inside, f"note-{box.tone}", _ROUND - 2)
        if box.is_joint:
            self.path(group, f"M{_number(box.area.x - 7)} {_number(box.area.y + 8)}h4v26h-4z", "bar")
        self.area(group, box.badge, "badge", 6)
        for mark in box.marks:
            self.mark(group, mark)
        self.words(group, box.words)

    def arrow(self, root: Element, arrow: Arrow) -> None:
        *way, (before_x, before_y), (x, y) = arrow.corners
        right, down = _sign(x - before_x), _sign(y - before_y)
        end = (x - 7 * right, y - 7 * down)
        line = "L".join(f"{_number(px)} {_number(py)}" for px, py in [*way, (before_x, before_y), end])
        self.path(root, f"M{line}", "arrow-declined" if arrow.part.value != "done" else "arrow")
        side: Point = (4.2 * down, 4.2 * right)
        base = (x - 9 * right, y - 9 * down)
        corners = [(x, y), (base[0] + side[0], base[1] + side[1]), (base[0] - side[0], base[1] - side[1])]
        self.path(root, "M" + "L".join(f"{_number(px)} {_number(py)}" for px, py in corners) + "z", "point")

    def mark(self, root: Element, mark: Mark) -> None:
        place = {"transform": f"translate({_number(mark.x)} {_number(mark.y)})"}
        paths = _SIGNS[mark.sign]
        parent = SubElement(root, "g", place) if len(paths) > 1 else root
        for paint, data in paths:
            self.path(parent, data, paint, **({} if len(paths) > 1 else place))

    def words(self, root: Element, words: tuple[Words, ...]) -> None:
        """Lines that belong together, below each other and set alike, are one text."""
        for _, lines in groupby(words, key=lambda line: (line.style, line.size, line.x)):
            self.text_of(root, tuple(lines))

    def text_of(self, root: Element, lines: tuple[Words, ...]) -> None:
        first = lines[0]
        attributes = self.painted(f"words-{first.style}") | {"font-size": _number(first.size)}
        if first.style in _BOLD:
            attributes["font-weight"] = "600"
        if len(lines) == 1:
            text = SubElement(root, "text", attributes | {"x": _number(first.x), "y": _number(first.y)})
            text.text = first.text
            return
        text = SubElement(root, "text", attributes)
        for place, line in enumerate(lines):
            span = SubElement(text, "tspan", {"x": _number(line.x), "y": _number(line.y)})
            span.text = line.text + (" " if place < len(lines) - 1 else "")

    def area(self, root: Element, area: Area, paint: str, corner: float) -> None:
        attributes = self.painted(paint) | {
            "x": _number(area.x),
            "y": _number(area.y),
            "width": _number(area.width),
            "height": _number(area.height),
        }
        SubElement(root, "rect", attributes | ({"rx": _number(corner)} if corner else {}))

    def path(self, root: Element, data: str, paint: str, **more: str) -> None:
        SubElement(root, "path", self.painted(paint) | {"d": data} | more)

    def painted(self, name: str) -> dict[str, str]:
        """The attributes of a paint; in a file also its class, by which darkness repaints it."""
        paint = PAINTS[name]
        attributes = {"class": name} if self.dark is not None else {}
        attributes["fill"] = self.colours.get(paint.fill, paint.fill)
        if paint.stroke != "none":
            attributes |= {"stroke": self.colours[paint.stroke], "stroke-width": _number(paint.wide)}
            if paint.dashes:
                attributes["stroke-dasharray"] = paint.dashes
        return attributes


def _dark(colours: Mapping[str, str]) -> str:
    rules = []
    for name, paint in PAINTS.items():
        fill = f"fill:{colours[paint.fill]};" if paint.fill in colours else ""
        stroke = f"stroke:{colours[paint.stroke]};" if paint.stroke in colours else ""
        rules.append(f".{name}{{{fill}{stroke}}}")
    return f"@media (prefers-color-scheme: dark) {{{''.join(rules)}}}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
