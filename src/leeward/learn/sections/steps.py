"""How faithfully the steps are done, what if each met its clock, and whose training held."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .. import reading, words
from ..layout import Section, Table, made, mark, picture
from ..reading import Part


def steps(whole: Part) -> Section:
    rows, marks = [], []
    for step in whole["steps"]:
        title = step["title"].text
        rows.append(
            (
                title,
                words.length(step["clock"].text),
                reading.count(step["opened"]),
                reading.share(step["met"]),
                reading.count(step["late"]),
                reading.count(step["overdue"]),
                reading.count(step["declined"]),
                reading.count(step["pending"]),
                reading.amount(step["median_days"]),
            )
        )
        marks += mark(title, words.said(words.ERAS, "since"), step["met"]["share"])
    table = Table(
        caption=_("Every step since go-live"),
        columns=(
            _("Step"),
            _("Clock"),
            _("Opened"),
            _("Done in time"),
            _("Done late"),
            _("Overdue"),
            _("Said no"),
            _("Not due yet"),
            _("Days until half are done"),
        ),
        rows=tuple(rows),
        picture=picture(_("Share of due steps that were done in time"), _("Done in time"), marks, percent=True),
        folded=True,
    )
    return Section(
        id="steps",
        title=_("How faithfully the steps are done"),
        lead=_("A step that somebody declines counts neither for nor against us."),
        tables=(table,) if rows else (),
        notes=(
            _("Who still waits for a step counts for as long as they have waited."),
            _(
                "Opened counts steps that fell away when a case was closed, too; the columns after it do not, nor does "
                "the share."
            ),
            _(
                "Limits here take each opening as if it stood alone. One person can have many, and they resemble each "
                "other, so these limits may be too narrow."
            ),
            *made(whole["steps"]),
        ),
    )


def on_time(whole: Part) -> Section:
    rows, marks = [], []
    for each in list(whole["on_time"])[:12]:
        title = each["title"].text
        rows.append(
            (
                title,
                reading.share(each["in_time"]),
                reading.share(each["not_in_time"]),
                reading.points(each["difference"]),
                _("%(value)s (%(low)s–%(high)s)")
                % {
                    name: reading.whole(each[key])
                    for name, key in (("value", "gain"), ("low", "gain_low"), ("high", "gain_high"))
                },
            )
        )
        for key, group in (("in_time", _("Done in time")), ("not_in_time", _("Late or not done"))):
            marks += mark(title, group, each[key]["share"])
    table = Table(
        caption=_("Who reached help: a partner that serves them, or treatment"),
        columns=(
            _("Step"),
            _("When done in time"),
            _("When late or not done"),
            _("Difference"),
            _("People more, if all were in time"),
        ),
        rows=tuple(rows),
        picture=picture(_("Share that reached help"), _("Reached help"), marks, percent=True),
        folded=True,
    )
    return Section(
        id="on-time",
        title=_("What if each step met its clock"),
        lead=_(
            "People who had a step in time are set beside those who had it late or not at all. If these had fared like "
            "those, so many more would have reached help. Who had reached it before the step was opened is left out. "
            "The cautious end ranks."
        ),
        tables=(table,) if rows else (),
        notes=(
            _(
                "This is an association: whoever is easy to serve is served in time, too. Gains of several steps "
                "can’t be added."
            ),
            *made(whole["on_time"]),
        )
        if rows
        else (),
    )


def training(whole: Part) -> Section:
    rows = [
        (course["title"].text, reading.count(course["staff"]), reading.share(course["current"]))
        for course in whole["training"]
    ]
    table = Table(
        caption=_("Staff whose role needs a course"),
        columns=(_("Course"), _("Staff"), _("Current on the day of the data cut")),
        rows=tuple(rows),
    )
    return Section(
        id="training",
        title=_("Training"),
        lead=_("Only staff who have a role that needs the course are counted."),
        tables=(table,) if rows else (),
        notes=made(whole["training"]),
    )
