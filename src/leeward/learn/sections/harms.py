"""Harm, and what people say themselves."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .. import reading, words
from ..layout import Section, Table, made
from ..reading import Part


def harms(whole: Part) -> Section:
    part = whole["harms"]
    kinds = [(words.said(words.INCIDENTS, kind), reading.count(number)) for kind, number in part["by_kind"].items()]
    rows = [(_("People with any"), reading.share(part["people"])), (_("Events"), reading.count(part["events"])), *kinds]
    ratings = [
        (words.said(words.ERAS, each["era"].text), reading.count(each["ratings"]), reading.share(each["good"]))
        for each in whole["ratings"]
    ]
    tables = [Table(caption=_("Serious events on record"), columns=(_("What"), _("How many")), rows=tuple(rows))]
    if ratings:
        tables.append(
            Table(
                caption=_("Their own ratings, from 1 to 5"),
                columns=(_("Who came"), _("Ratings"), _("4 or 5")),
                rows=tuple(ratings),
            )
        )
    return Section(
        id="harms",
        title=_("Harm, and what people say themselves"),
        lead=_("What nobody reported is not here. A low number can mean that reporting is hard."),
        tables=tuple(tables),
        notes=made(whole["harms"], whole["ratings"]),
    )
