"""Identification month by month: control charts, and what changed at go-live."""

from __future__ import annotations

from datetime import date
from math import exp

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import reading, words
from ..charts import Run, RunPoint
from ..layout import Section, Table
from ..reading import NOTHING, Part


def followed(whole: Part) -> Section:
    """Identification by period: control charts and what changed at go-live."""
    tables, models = [], []
    notes: dict[str, None] = {}
    for line in whole["series"]:
        name = words.said(words.FOLLOWED, line["name"].text)
        months = int(line["months"].number or 1)
        rows, points = [], []
        for point in line["points"]:
            start = date.fromisoformat(point["start"].text)
            label = str(formats.date_format(start, "SHORT_DATE_FORMAT"))
            signals = [words.said(words.SIGNALS, signal.text) for signal in point["signals"]]
            rows.append((label, reading.share(point["share"]), "; ".join(signals) or NOTHING))
            value = point["share"]["share"]["estimate"].number
            points.append(
                RunPoint(
                    start=start.isoformat(),
                    since=(point["period"].number or 0) >= 0,
                    value=value,
                    low=point["low"].number,
                    high=point["high"].number,
                    signal=bool(signals) and value is not None,
                )
            )
        drawn = any(point.value is not None for point in points)
        title = _("%(what)s, by period of coming") % {"what": name}
        tables.append(
            Table(
                caption=title,
                columns=(_("From"), _("Share"), _("Signal")),
                rows=tuple(rows),
                folded=True,
                picture=Run(
                    title=title,
                    alt=_("%(title)s. The table beside it has every number.") % {"title": title},
                    axis=_("Share of people"),
                    points=tuple(points),
                    centre=line["centre"].number,
                    go_live=_("Protocol begins"),
                )
                if drawn
                else None,
            )
        )
        models.append(
            (
                name,
                _ratio(line["rate_ratio"]),
                _ratio_a_month(line["slope_ratio"]),
                reading.amount(line["trend"], signed=True, digits=3),
                reading.decimal(line["dispersion"], 1),
                reading.decimal(line["durbin_watson"], 2),
            )
        )
        for warning in line["warnings"]:
            for begins, doubt in words.DOUBTS.items():
                if warning.text.startswith(begins):
                    notes[_("%(what)s: %(doubt)s") % {"what": name, "doubt": doubt}] = None
        if line["rate_ratio"].low is not None and line["rate_ratio"]["standard_error"].is_absent:
            notes[_("%(what)s: periods are hidden, so the model is told in two digits.") % {"what": name}] = None
        if line["refusal"].text:
            notes[_("%(what)s: too few periods for a model of before and since.") % {"what": name}] = None
        notes[
            ngettext(
                "A period is %(n)d month (30.4375 days), counted from go-live; each person counts for what happened "
                "within %(days)s days of coming.",
                "A period is %(n)d months (of 30.4375 days), counted from go-live; each person counts for what "
                "happened within %(days)s days of coming.",
                months,
            )
            % {"n": months, "days": reading.whole(line["followed_days"])}
        ] = None
    if models:
        tables.append(
            Table(
                caption=_("What changed at go-live"),
                columns=(
                    _("What"),
                    _("Level, times what was expected"),
                    _("Slope, times a month"),
                    _("Trend before, log scale a month"),
                    _("Dispersion"),
                    _("Durbin–Watson"),
                ),
                rows=tuple(models),
            )
        )
    return Section(
        id="followed",
        title=_("Finding people, month by month"),
        lead=_(
            "Dots are shares, the band is what chance alone would give around the time before go-live. "
            "A dot with a ring is a signal."
        ),
        tables=tuple(tables),
        notes=(
            *notes,
            _(
                "Limits: p chart, three standard deviations, frozen at go-live. Model: quasi-Poisson with the number "
                "of people as offset, level and slope at go-live, no season; nothing else that changed at the same "
                "time can be told apart."
            ),
        )
        if tables
        else (),
    )


def _ratio(part: Part) -> str:
    if part.is_hidden:
        return _("hidden")
    value = part["estimate"].number
    if value is None or part.low is None or part.high is None:
        return NOTHING
    digits = 1 if part["standard_error"].is_absent else 2
    return _("%(value)s (%(low)s–%(high)s)") % {
        name: formats.number_format(round(number, digits), digits)
        for name, number in (("value", value), ("low", part.low), ("high", part.high))
    }


def _ratio_a_month(part: Part) -> str:
    """A slope on the log scale, as a factor."""
    value = part["estimate"].number
    if part.is_hidden or value is None or part.low is None or part.high is None:
        return _ratio(part)
    return _("%(value)s (%(low)s–%(high)s)") % {
        name: formats.number_format(round(exp(number), 3), 3)
        for name, number in (("value", value), ("low", part.low), ("high", part.high))
    }
