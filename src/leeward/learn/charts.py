"""Pictures of results: estimates with their intervals as dots and whiskers, and counts as bars.

Groups differ by shape and lightness, not by colour alone, and each picture brings its own light ground, so that it
reads in grey, in print and on a dark page. Beside every picture stands a table that says the same.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache

import altair
import vl_convert

INK, MUTED, GROUND, GRID = "#2b2520", "#665b51", "#fffdf9", "#e5dace"
_TONES = ("#b9a184", "#1f5d58")
_SHAPES = ("circle", "square")
_WIDTH, _ROW = 420, 34
#: Room for a letter of a label: the reader's font is not known here, and may be wide.
_LETTER = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure: on which line, of which group, how much, and from where to where."""

    line: str
    group: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What to draw. `percent` writes the axis in percent; `bars` draws counts from zero."""

    title: str
    alt: str
    axis: str
    marks: tuple[Mark, ...]
    percent: bool = False
    bars: bool = False

    @property
    def source(self) -> str:
        """Address of the picture for an `<img>`: the picture itself."""
        return _address(_drawn(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPoint:
    """One period of a control chart: from which day, before or since go-live, the share and its limits."""

    start: str
    since: bool
    value: float | None
    low: float | None
    high: float | None
    signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A control chart of shares by period, with the day of go-live marked."""

    title: str
    alt: str
    axis: str
    points: tuple[RunPoint, ...]
    centre: float | None
    go_live: str

    @property
    def source(self) -> str:
        """Address of the picture for an `<img>`: the picture itself."""
        return _address(_run_drawn(self))


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode('utf-8')).decode('ascii')}"


@lru_cache(maxsize=64)
def _run_drawn(run: Run) -> str:
    """Limits as a pale band, the centre as a line, shares as dots joined by a line, signals as rings around them."""
    rows = [
        {"start": each.start, "value": each.value, "low": each.low, "high": each.high, "signal": each.signal}
        for each in run.points
        if each.value is not None
    ]
    base = altair.Chart(altair.InlineData(values=rows))
    across = altair.X("start:T", axis=altair.Axis(title=None, format="%Y-%m", labelAngle=0, tickCount=8))
    scale = altair.Scale(domain=[0, 1])
    down = altair.Y("value:Q", scale=scale, axis=altair.Axis(title=run.axis, format="%", tickCount=5))
    band = base.mark_area(color=_TONES[0], opacity=0.28).encode(
        x=across, y=altair.Y("low:Q", scale=scale, axis=None), y2="high:Q"
    )
    line = base.mark_line(color=MUTED, strokeWidth=1.25).encode(x=across, y=down)
    dots = base.mark_point(filled=True, size=46, opacity=1, color=_TONES[1]).encode(x=across, y=down)
    rings = (
        base.transform_filter("datum.signal")
        .mark_point(filled=False, size=190, strokeWidth=2, color=INK)
        .encode(x=across, y=down)
    )
    layers: list[altair.Chart] = [band, line, dots, rings]
    if run.centre is not None:
        at = altair.Chart(altair.InlineData(values=[{"centre": run.centre}]))
        layers.insert(1, at.mark_rule(color=INK, strokeDash=[2, 3]).encode(y=altair.Y("centre:Q", scale=scale)))
    if any(each.since for each in run.points) and not all(each.since for each in run.points):
        live = next(each.start for each in run.points if each.since)
        day = altair.Chart(altair.InlineData(values=[{"start": live, "text": run.go_live}]))
        layers.append(day.mark_rule(color=INK, strokeWidth=1.5).encode(x=across))
        words = day.mark_text(align="left", dx=6, y=10, color=INK, fontSize=12)
        layers.append(words.encode(x=across, text="text:N"))
    return _svg(altair.layer(*layers).properties(width=_WIDTH + 160, height=220, padding=12))


@lru_cache(maxsize=128)
def _drawn(picture: Picture) -> str:
    """SVG of the picture. Kept, because the same snapshot is read many times."""
    lines = list(dict.fromkeys(mark.line for mark in picture.marks))
    groups = list(dict.fromkeys(mark.group for mark in picture.marks))
    ends = [end for mark in picture.marks for end in (mark.value, mark.low, mark.high) if end is not None]
    rows = [
        {
            "line": mark.line,
            "group": mark.group,
            "value": mark.value,
            "low": mark.value if mark.low is None else mark.low,
            "high": max(ends) if mark.high is None else mark.high,
        }
        for mark in picture.marks
    ]
    scale = altair.Scale(domain=[0, 1]) if picture.percent and min(ends) >= 0 else altair.Scale(zero=True, nice=True)
    figures = "%" if picture.percent else ",d" if picture.bars else ".1~f"
    axis = altair.Axis(title=picture.axis, format=figures, tickCount=5, grid=True)
    across = altair.X("value:Q", scale=scale, axis=axis)
    room = _LETTER * max((len(line) for line in lines), default=0)
    names = altair.Axis(title=None, labelLimit=room, minExtent=room, labelPadding=8, ticks=False, domain=False)
    down = altair.Y("line:N", sort=lines, axis=names)
    beside = altair.YOffset("group:N", sort=groups)
    tones = _TONES[-len(groups) :] if len(groups) <= len(_TONES) else _TONES
    legend = None if len(groups) < 2 else altair.Legend(title=None, orient="top", columnPadding=32)
    colour = altair.Color("group:N", sort=groups, scale=altair.Scale(domain=groups, range=list(tones)), legend=legend)
    base = altair.Chart(altair.InlineData(values=rows))
    layers: list[altair.Chart]
    if picture.bars:
        bars = base.mark_bar(stroke=INK, strokeWidth=0.75).encode(x=across, y=down, yOffset=beside, color=colour)
        counts = base.mark_text(align="left", dx=4, color=INK).encode(
            x=altair.X("value:Q"), y=down, yOffset=beside, text=altair.Text("value:Q", format=",d")
        )
        layers = [bars, counts]
    else:
        whiskers = base.mark_rule(strokeWidth=2).encode(
            x=altair.X("low:Q", scale=scale, axis=axis), x2="high:Q", y=down, yOffset=beside, color=colour
        )
        shape = altair.Shape(
            "group:N",
            sort=groups,
            scale=altair.Scale(domain=groups, range=list(_SHAPES[-len(groups) :])),
            legend=legend,
        )
        dots = base.mark_point(filled=True, size=90, opacity=1, stroke=INK, strokeWidth=0.75).encode(
            x=across, y=down, yOffset=beside, color=colour, shape=shape
        )
        layers = [whiskers, dots]
    height = max(len(lines), 1) * _ROW * (1 if len(groups) < 2 else 1.25)
    return _svg(altair.layer(*layers).properties(width=_WIDTH, height=height, padding=12))


def _svg(chart: altair.LayerChart | altair.FacetChart) -> str:
    """Drawn in the one style."""
    styled = (
        chart.configure(background=GROUND, font="sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=MUTED,
            gridColor=GRID,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
        )
        .configure_legend(labelColor=INK, labelFontSize=13)
        .configure_text(fontSize=12)
    )
    return vl_convert.vegalite_to_svg(styled.to_json(validate=False))
