"""Pictures of results: estimates with their intervals as dots and whiskers, and counts as bars, written in Vega-Lite.

Groups differ by shape and lightness, not by colour alone, and each picture brings its own light ground, so that it
reads in grey, in print and on a dark page. Beside every picture stands a table that says the same.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Thread
from typing import Final

import vl_convert

INK, MUTED, GROUND, GRID = "#2b2520", "#665b51", "#fffdf9", "#e5dace"
_TONES = ("#b9a184", "#1f5d58")
_SHAPES = ("circle", "square")
_WIDTH, _ROW = 420, 34
#: Room for a letter of a label: the reader's font is not known here, and may be wide.
_LETTER = 8
_Spec = Mapping[str, object]


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
    def svg(self) -> str:
        """The picture."""
        return _drawn(self)

    @property
    def source(self) -> str:
        """Address of the picture for an `<img>`: the picture itself."""
        return _address(self.svg)


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
    def svg(self) -> str:
        """The picture."""
        return _run_drawn(self)

    @property
    def source(self) -> str:
        """Address of the picture for an `<img>`: the picture itself."""
        return _address(self.svg)


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode('utf-8')).decode('ascii')}"


@lru_cache(maxsize=64)
def _run_drawn(run: Run) -> str:
    """Limits as a pale band, the centre as a line, shares as dots, joined where no hidden period lies between, signals
    as rings around them."""
    shares = _values(
        {"start": each.start, "value": each.value, "low": each.low, "high": each.high, "signal": each.signal}
        for each in run.points
    )
    ends = [each.start for each in run.points]
    scale: dict[str, object] = {"domain": [0, 1]}
    across: dict[str, object] = {
        "field": "start",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [min(ends), max(ends)]} if ends else {},
        "axis": {"title": None, "format": "%Y-%m", "labelAngle": 0, "tickCount": 6, "labelOverlap": True},
    }
    down: dict[str, object] = {"type": "quantitative", "scale": scale}
    percents: dict[str, object] = {"axis": {"title": run.axis, "format": "%", "tickCount": 5}}
    share: dict[str, object] = down | {"field": "value"} | percents
    place: dict[str, object] = {"x": across, "y": share}
    limits: dict[str, object] = {"x": across, "y": down | {"field": "low"} | percents, "y2": {"field": "high"}}
    ring: dict[str, object] = {"type": "point", "filled": False, "size": 190, "strokeWidth": 2, "color": INK}
    layers: list[_Spec] = [
        {"data": shares, "mark": {"type": "area", "color": _TONES[0], "opacity": 0.28}, "encoding": limits},
        {"data": shares, "mark": {"type": "line", "color": MUTED, "strokeWidth": 1.25}, "encoding": place},
        {"data": shares, "mark": _dot(46) | {"color": _TONES[1]}, "encoding": place},
        {"data": shares, "transform": [{"filter": "datum.signal"}], "mark": ring, "encoding": place},
    ]
    if run.centre is not None:
        rule: dict[str, object] = {"type": "rule", "color": INK, "strokeDash": [2, 3]}
        centre = _values([{"centre": run.centre}])
        layers.insert(1, {"data": centre, "mark": rule, "encoding": {"y": down | {"field": "centre"} | percents}})
    if any(each.since for each in run.points) and not all(each.since for each in run.points):
        live = next(each.start for each in run.points if each.since)
        day = _values([{"start": live, "text": run.go_live}])
        words: dict[str, object] = {"type": "text", "align": "left", "dx": 6, "y": 10, "color": INK, "fontSize": 12}
        text: dict[str, object] = {"field": "text", "type": "nominal"}
        layers += [
            {"data": day, "mark": {"type": "rule", "color": INK, "strokeWidth": 1.5}, "encoding": {"x": across}},
            {"data": day, "mark": words, "encoding": {"x": across, "text": text}},
        ]
    return _svg(layers, _WIDTH + 160, 220)


@lru_cache(maxsize=128)
def _drawn(picture: Picture) -> str:
    """SVG of the picture. Kept, because the same snapshot is read many times."""
    lines = list(dict.fromkeys(mark.line for mark in picture.marks))
    groups = list(dict.fromkeys(mark.group for mark in picture.marks))
    ends = [end for mark in picture.marks for end in (mark.value, mark.low, mark.high) if end is not None]
    figures = _values(
        {
            "line": mark.line,
            "group": mark.group,
            "value": mark.value,
            "low": mark.value if mark.low is None else mark.low,
            "high": max(ends) if mark.high is None else mark.high,
        }
        for mark in picture.marks
    )
    room = _LETTER * max((len(line) for line in lines), default=0)
    names: dict[str, object] = {
        "title": None,
        "labelLimit": room,
        "minExtent": room,
        "labelPadding": 12,
        "ticks": False,
        "domain": False,
    }
    place: dict[str, object] = {
        "y": {"field": "line", "type": "nominal", "sort": lines, "axis": names},
        "yOffset": {"field": "group", "type": "nominal", "sort": groups},
    }
    across: dict[str, object] = {
        "type": "quantitative",
        "scale": {"domain": [0, 1]} if picture.percent and min(ends) >= 0 else {"zero": True, "nice": True},
        "axis": {
            "title": picture.axis,
            "format": "%" if picture.percent else ",d" if picture.bars else ".1~f",
            "tickCount": 5,
            "grid": True,
        },
    }
    value: dict[str, object] = {"x": across | {"field": "value"}}
    tones: dict[str, object] = {"color": _by_group(groups, _TONES)}
    layers: list[_Spec]
    if picture.bars:
        counts: dict[str, object] = {"x": {"field": "value", "type": "quantitative"}}
        text: dict[str, object] = {"text": {"field": "value", "type": "quantitative", "format": ",d"}}
        layers = [
            {"mark": {"type": "bar", "stroke": INK, "strokeWidth": 0.75}, "encoding": place | value | tones},
            {"mark": {"type": "text", "align": "left", "dx": 4, "color": INK}, "encoding": place | counts | text},
        ]
    else:
        reach: dict[str, object] = {"x": across | {"field": "low"}, "x2": {"field": "high"}}
        shapes: dict[str, object] = {"shape": _by_group(groups, _SHAPES)}
        layers = [
            {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": place | reach | tones},
            {
                "mark": _dot(90) | {"stroke": INK, "strokeWidth": 0.75},
                "encoding": place | value | tones | shapes,
            },
        ]
    height = max(len(lines), 1) * _ROW * (1 if len(groups) < 2 else 1.25)
    return _svg([{"data": figures, **layer} for layer in layers], _WIDTH, height)


def _values(rows: Iterable[_Spec]) -> _Spec:
    return {"values": list(rows)}


def _dot(size: int) -> dict[str, object]:
    return {"type": "point", "filled": True, "size": size, "opacity": 1}


def _by_group(groups: Sequence[str], looks: Sequence[str]) -> _Spec:
    """The last looks, one for each group; a legend where there is more than one."""
    return {
        "field": "group",
        "type": "nominal",
        "sort": list(groups),
        "scale": {"domain": list(groups), "range": list(looks[-len(groups) :] if len(groups) <= len(looks) else looks)},
        "legend": None if len(groups) < 2 else {"title": None, "orient": "top", "columnPadding": 32},
    }


def _svg(layers: Sequence[_Spec], width: int, height: float) -> str:
    """Drawn in the one style."""
    return vl_convert.vegalite_to_svg(
        {"layer": list(layers), "width": width, "height": height, "padding": 12, "config": _STYLE}
    )


def get_ready() -> None:
    """Begin, beside whatever else is done, what the first picture would have to wait for."""
    Thread(target=_svg, args=([{"mark": "point"}], 1, 1), daemon=True).start()


_STYLE: Final[_Spec] = {
    "background": GROUND,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": MUTED,
        "gridColor": GRID,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": INK, "labelFontSize": 13},
    "text": {"fontSize": 12},
}
