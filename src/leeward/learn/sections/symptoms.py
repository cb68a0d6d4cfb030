"""How people are: change from first to last, and month by month."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from .. import reading, words
from ..layout import Section, Table, made, mark, picture
from ..reading import Part


def symptoms(whole: Part) -> Section:
    means, classes, marks = [], [], []
    notes: dict[str, None] = {}
    for each in whole["symptoms"]:
        era = words.said(words.ERAS, each["era"].text)
        name = f"{each['title'].text}, {era}"
        means.append(
            (
                name,
                reading.count(each["with_score"]),
                reading.share(each["evaluable"]),
                reading.amount(each["mean_first"]),
                reading.amount(each["mean_last"]),
                reading.amount(each["mean_change"], signed=True),
            )
        )
        marks += mark(each["title"].text, era, each["mean_change"])
        if each["points"].is_absent:
            notes[
                _("%(name)s: nobody knows yet how exactly it measures, so change is told as a mean and not judged.")
                % {"name": each["title"].text}
            ] = None
            continue
        classes.append(
            (
                name,
                reading.share(each["better"]),
                *(reading.count(each["classes"][code]["count"]) for code in words.CHANGES),
            )
        )
        said = _("%(name)s: a change counts from %(points)s points on.") % {
            "name": each["title"].text,
            "points": reading.whole(each["points"]),
        }
        # Sources stand in a questionnaire's file in English alone.
        notes[f"{said} ({each['rule'].text})" if translation.get_language() == "en" else said] = None
    tables = (
        Table(
            caption=_("First and last score"),
            columns=(
                _("Measure"),
                _("People with a score"),
                _("With two or more"),
                _("Mean first"),
                _("Mean last"),
                _("Mean change"),
            ),
            rows=tuple(means),
            picture=picture(_("Mean change from first to last score"), _("Points; below zero is better"), marks),
        ),
        Table(
            caption=_("Reliable change, of those with two scores or more"),
            columns=(_("Measure"), _("Better"), *(words.said(words.CHANGES, code) for code in words.CHANGES)),
            rows=tuple(classes),
        ),
    )
    course = courses(whole)
    return Section(
        id="symptoms",
        title=_("Symptoms"),
        lead=_("Who has one score only can’t be judged, and is not counted as unchanged."),
        tables=(*tables, *([course] if course else [])) if means else (),
        notes=(
            *notes,
            _("Without a comparison group a change can also be time, or regression to the mean."),
            *made(whole["symptoms"]),
        ),
    )


def courses(whole: Part) -> Table | None:
    """The mean course of each measure; one more table of the section on symptoms."""
    rows = [
        (
            each["title"].text,
            _("hidden") if each["first"].is_hidden else reading.count(each["people"]),
            _("hidden") if each["first"].is_hidden else reading.count(each["scores"]),
            reading.amount(each["first"]),
            reading.amount(each["a_month"], signed=True),
            reading.amount(each["a_month_more_since"], signed=True),
        )
        for each in whole["courses"]
        if not each["refusal"].text
    ]
    if not rows:
        return None
    return Table(
        caption=_("Mean course, from one model of all scores"),
        columns=(
            _("Measure"),
            _("People"),
            _("Scores"),
            _("At first"),
            _("Change a month"),
            _("More a month since go-live"),
        ),
        rows=tuple(rows),
    )
