"""For whom it works, and for whom not."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .. import reading, words
from ..layout import Section, Table
from ..reading import Part


def equity(whole: Part) -> Section:
    """Each group beside the others; which differences are more than chance."""
    part = whole["slices"]
    tables = []
    unequal = [
        (
            _("%(what)s by %(group)s")
            % {
                "what": words.said(words.STAGES, each["stage"].text),
                "group": words.said(words.DIMENSIONS_OF_PEOPLE, each["dimension"].text).lower(),
            },
            words.group(each["dimension"].text, each["lowest"].text),
            reading.points(each["lowest_against_others"]),
            reading.p_value(each["p_value"]),
            reading.whole(each["hidden"]),
        )
        for each in sorted(part["unequal"], key=lambda each: each["p_value"].number or 0.0)
        if each["dimension"].text != "quarter"
    ]
    if unequal:
        tables.append(
            Table(
                caption=_("Whether groups differ, the clearest first"),
                columns=(
                    _("What"),
                    _("Lowest group"),
                    _("Against all others"),
                    _("p (groups alike)"),
                    _("Groups hidden"),
                ),
                rows=tuple(unequal[:15]),
            )
        )
    for dimension, groups in part["dimensions"].items():
        tables.append(group_table(dimension, groups))
    return Section(
        id="equity",
        title=_("For whom it works, and for whom not"),
        lead=_("The way of people by who they are. Each share is of the stage before it."),
        tables=tuple(tables),
        notes=(
            _(
                "Many comparisons are made: a small p by itself is a hint. Tests use the shown groups only. "
                "Heterogeneity: Pearson’s chi-square, or by permutation where few are expected."
            ),
        )
        if tables
        else (),
    )


def group_table(dimension: str, groups: Part) -> Table:
    """One table of one dimension: a row for each group."""
    rows = []
    stages = [stage["stage"].text for each in list(groups)[:1] for stage in each["stages"]]
    for each in groups:
        rows.append(
            (
                words.group(dimension, each["group"].text),
                reading.count(each["seen"]),
                *(
                    reading.share(stage["reached"]) if not stage["reached"].is_absent else _("hidden")
                    for stage in each["stages"]
                ),
            )
        )
    return Table(
        caption=words.said(words.DIMENSIONS_OF_PEOPLE, dimension),
        columns=(
            words.said(words.DIMENSIONS_OF_PEOPLE, dimension),
            _("Came"),
            *(words.said(words.STAGES, stage) for stage in stages),
        ),
        rows=tuple(rows),
        folded=True,
    )
