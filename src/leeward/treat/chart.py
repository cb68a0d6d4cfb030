"""A line of scores over time, with the measure's bands and cut-off, as an SVG that follows the page's light or dark
theme: its colours are the page's own design tokens.

The picture is a Vega-Lite specification, which vl-convert draws. It is written out here rather than built with Altair,
because building takes three times as long as drawing, and this is drawn while somebody waits for a page.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from typing import Literal

import vl_convert
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from .queries import Occasion, Series, in_words

#: Narrow enough that its letters stay readable on a phone.
WIDTH, HEIGHT = 365, 245
#: Room for the names of the bands.
NAMES = 122
#: Up to so many days are written out below the line.
FEW = 2
_INK, _MUTED, _LINE, _ACCENT, _SURFACE, _WARN = (
    f"var(--{name})" for name in ("ink", "muted", "line", "accent", "surface", "warn")
)


Spec = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    day: date
    total: int
    prorated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A band, by the score at which it begins."""

    at: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything that is drawn, and nothing else: equal pictures are drawn once."""

    lowest: int
    highest: int
    points: tuple[Point, ...]
    bands: tuple[Level, ...]
    cut_offs: tuple[int, ...]
    score_title: str
    language: str


def drawing(series: Series) -> SafeString:
    """The chart as inline SVG, with its content in words for those who don't see it; empty without a score."""
    picture = _picture(series)
    if not picture.points:
        return SafeString("")
    label = escape(in_full(series), quote=True)
    # One picture with one text: the renderer's own parts would each want a name for screen readers.
    svg = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", _drawn(picture))
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return mark_safe(svg)  # noqa: S308 - our own renderer's output; the label is escaped


def in_full(series: Series) -> str:
    """The picture in words: how many scores, and each of them."""
    scored = series.scored
    count = ngettext("%(n)s score over time.", "%(n)s scores over time.", len(scored)) % {"n": len(scored)}
    each = "; ".join(_point_in_words(occasion) for occasion in scored)
    lines = " ".join(
        _("Line at %(score)s: %(words)s.") % {"score": line.at, "words": in_words(line.text)}
        for line in series.instrument.cut_offs
        if line.is_default
    )
    return f"{series.instrument.short_name}. {count} {each}. {lines}"


def _point_in_words(occasion: Occasion) -> str:
    return f"{date_format(occasion.day, 'DATE_FORMAT')}: {occasion.measure.total}"


def _picture(series: Series) -> Picture:
    asked = series.instrument
    return Picture(
        lowest=asked.lowest,
        highest=asked.highest,
        points=tuple(
            Point(day=o.day, total=o.measure.total, prorated=o.measure.prorated)
            for o in series.scored
            if o.measure.total is not None
        ),
        bands=tuple(Level(at=band.lowest, words=in_words(band.text)) for band in asked.bands),
        cut_offs=tuple(line.at for line in asked.cut_offs if line.is_default),
        score_title=_("Score"),
        language=get_language() or "en",
    )


@lru_cache(maxsize=256)
def _drawn(picture: Picture) -> str:
    locale: Literal["es-ES", "en-US"] = "es-ES" if picture.language.startswith("es") else "en-US"
    return vl_convert.vegalite_to_svg(_specification(picture), format_locale=locale, time_format_locale=locale)


def _specification(picture: Picture) -> Spec:
    axis = {"labelColor": _MUTED, "titleColor": _MUTED, "domainColor": _MUTED, "tickColor": _MUTED}
    large = {"labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "padding": 4,
        "background": "transparent",
        "config": {"aria": False, "font": "sans-serif", "view": {"stroke": None}, "axis": axis | large},
        "layer": [*_bands(picture), _cut_offs(picture), _scores(picture)],
    }


def _bands(picture: Picture) -> list[Spec]:
    """A fine line where each band begins, and its name above it, right of the scores."""
    rows = _data({"at": band.at, "words": band.words} for band in picture.bands)
    at = {"field": "at", "type": "quantitative"}
    name = {"type": "text", "align": "left", "baseline": "bottom", "dx": 4, "dy": -3, "fontSize": 12, "color": _MUTED}
    place = {"text": {"field": "words"}, "x": {"value": WIDTH - NAMES}, "y": at}
    return [
        {"data": rows, "mark": {"type": "rule", "color": _LINE}, "encoding": {"y": at}},
        {"data": rows, "mark": name, "encoding": place},
    ]


def _cut_offs(picture: Picture) -> Spec:
    return {
        "data": _data({"at": line} for line in picture.cut_offs),
        "mark": {"type": "rule", "color": _WARN, "strokeWidth": 1.5, "strokeDash": [6, 4]},
        "encoding": {"y": {"field": "at", "type": "quantitative"}},
    }


def _scores(picture: Picture) -> Spec:
    """The line, a dot for each score (hollow where unanswered questions were estimated), and its number."""
    # Noon, because a bare day would be read as midnight in Greenwich, which is the day before in America.
    moments = [f"{point.day}T12:00:00" for point in picture.points]
    days = sorted(set(moments))
    rows = _data(
        {"day": moment, "total": point.total, "prorated": point.prorated}
        for moment, point in zip(moments, picture.points, strict=True)
    )
    day_axis: dict[str, object] = {"title": None, "grid": False, "domain": False, "labelFlush": False}
    day_axis |= (
        {"format": "%e %b %Y", "values": days} if len(days) <= FEW else {"format": "%b %Y", "tickCount": FEW + 1}
    )
    fill = {"condition": {"test": "datum.prorated", "value": _SURFACE}, "value": _ACCENT}
    number = {"type": "text", "dy": -14, "fontSize": 14, "fontWeight": "bold", "color": _INK}
    return {
        "data": rows,
        "encoding": {
            "x": {
                "field": "day",
                "type": "temporal",
                "axis": day_axis | {"labelOverlap": "greedy"},
                "scale": {"range": [30, WIDTH - NAMES - 12]},
            },
            "y": {
                "field": "total",
                "type": "quantitative",
                "title": picture.score_title,
                "scale": {"domain": [picture.lowest, picture.highest], "nice": False},
                "axis": {"tickCount": 6, "grid": False},
            },
        },
        "layer": [
            {"mark": {"type": "line", "color": _ACCENT, "strokeWidth": 2.5}},
            {
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 90,
                    "stroke": _ACCENT,
                    "strokeWidth": 2,
                    "opacity": 1,
                },
                "encoding": {"fill": fill},
            },
            {"mark": number, "encoding": {"text": {"field": "total"}}},
        ],
    }


def _data(rows: Iterable[Mapping[str, object]]) -> Spec:
    return {"values": [dict(row) for row in rows]}
