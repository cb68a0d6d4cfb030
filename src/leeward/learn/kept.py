"""How the steps are kept, as a page reads it: one of the fixed tables that the results hold, in the active language.

Nothing is counted here and nothing subtracted: a choice only picks among tables that were cleared together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.utils import formats
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leeward.rules.picture.words import role as role_in_words

from . import reading, words
from .charts import Mark, Picture
from .fidelity.sentences import sentences
from .layout import Table
from .reading import NOTHING, Part

#: What the rows of a table may be.
BY: Final[words.Words] = {
    "step": lazy("Step"),
    "stage": lazy("Stage"),
    "role": lazy("Role"),
    "site": lazy("Place"),
    "month": lazy("Month of opening"),
}
EVERYTHING: Final = "all"
#: How many steps a rank names.
_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """Which steps (`all`, `stage:ID`, `role:ID` or `step:ID`), and what the rows are."""

    of: str = EVERYTHING
    by: str = "stage"

    @property
    def kind(self) -> str:
        return self.of.partition(":")[0]

    @property
    def which(self) -> str:
        return self.of.partition(":")[2]

    @property
    def answered(self) -> Choice:
        """The nearest choice for which there is a table: one step by place or month, a stage or a role by its steps."""
        possible = {
            EVERYTHING: tuple(BY),
            "step": ("step", "site", "month"),
            "stage": ("step", "stage"),
            "role": ("step", "role"),
        }
        return self if self.by in possible[self.kind] else Choice(self.of, "step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that the page shows. `is_nearest` says that there is no table of what was asked for, only of its steps;
    `left_out` are the columns for which the centre is too small."""

    sentences: tuple[str, ...]
    ranks: tuple[Table, ...]
    unranked: int
    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    is_nearest: bool
    threshold: int


def shown(document: Part, choice: Choice) -> Shown:
    """The page of a document of results, for one choice."""
    answered = choice.answered
    costs = document["bottlenecks"]
    tables = list(_tables(document, answered))
    return Shown(
        sentences=sentences(costs),
        ranks=tuple(_ranks(costs)),
        unranked=int(costs["unranked"].number or 0),
        tables=tuple(_without(table, _empty(table)) for table in tables),
        left_out=tuple(table.columns[place] for table in tables for place in sorted(_empty(table))),
        is_nearest=answered != choice,
        threshold=int(document["about"]["threshold"].number or 11) - 1,
    )


def choices_of(document: Part) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen of the steps, in groups."""
    language = get_language() or "en"
    steps = list(document["steps"])
    stages = {step["stage"].text: step["stage_title"].text for step in steps}
    roles = dict.fromkeys(step["role"].text for step in steps)
    return [
        (_("All"), [(EVERYTHING, _("All steps"))]),
        (_("Stage"), [(f"stage:{stage}", title) for stage, title in stages.items()]),
        (_("Role"), [(f"role:{role}", role_in_words(role, language)) for role in roles]),
        (_("Step"), [(f"step:{step['step'].text}", step["title"].text) for step in steps]),
    ]


# Tables


def _tables(document: Part, choice: Choice) -> Iterator[Table]:
    if choice.kind == "step" and choice.by != "step":
        yield from _crossed(document, choice)
        return
    rows = [(title, figures) for title, figures in _rows(document, choice) if figures["opened"].number != 0]
    if not rows:
        return
    heading = str(BY[choice.by])
    marks = [
        Mark(title, heading, value, share.low, share.high)
        for title, figures in rows
        if (value := (share := figures["met"]["share"])["estimate"].number) is not None
    ]
    yield Table(
        caption=_("How often, and how that went"),
        columns=(
            heading,
            _("Opened"),
            _("People"),
            _("Done in time, of those due"),
            _("Done late"),
            _("Overdue"),
            _("Not due yet"),
            _("Said no"),
            _("Ended with the case"),
        ),
        rows=tuple(
            (
                title,
                reading.count(figures["opened"]),
                reading.count(figures["people"]),
                reading.share(figures["met"]),
                *(reading.count(figures[name]) for name in ("late", "overdue", "pending", "declined", "void")),
            )
            for title, figures in rows
        ),
        picture=_picture(marks),
    )
    yield Table(
        caption=_("How long it took, and by whom it was done"),
        columns=(
            heading,
            _("Until half are done"),
            _("Until nine in ten are done"),
            _("Days past the clock"),
            _("By untrained staff, of what needs training"),
            _("Without permission, of what was shared"),
        ),
        rows=tuple(
            (
                title,
                _time(figures["median_days"]),
                _time(figures["ninety_percent_days"]),
                reading.whole(figures["days_lost"]),
                _of(figures["untrained"]),
                _of(figures["without_consent"]),
            )
            for title, figures in rows
        ),
        folded=True,
    )


def _empty(table: Table) -> frozenset[int]:
    """The columns of which no row gives anything."""
    return frozenset(
        place for place in range(1, len(table.columns)) if all(row[place] == NOTHING for row in table.rows)
    )


def _without(table: Table, places: frozenset[int]) -> Table:
    def kept(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for place, text in enumerate(texts) if place not in places)

    return replace(table, columns=kept(table.columns), rows=tuple(kept(row) for row in table.rows))


def _crossed(document: Part, choice: Choice) -> Iterator[Table]:
    """One step by place or by month: what is due and in time, for the rest would give away too much."""
    found = [
        (_named(choice.by, value), share)
        for value, share in sorted(document["kept"]["crossed"][choice.by][choice.which].items())
    ]
    if not found:
        return
    heading = str(BY[choice.by])
    marks = [
        Mark(title, heading, value, share["share"].low, share["share"].high)
        for title, share in found
        if (value := share["share"]["estimate"].number) is not None
    ]
    yield Table(
        caption=_("How often it was due and done in time"),
        columns=(heading, _("Due"), _("Done in time, of those due")),
        rows=tuple((title, reading.count(share["of"]), reading.share(share)) for title, share in found),
        picture=_picture(marks),
    )


def _rows(document: Part, choice: Choice) -> Iterator[tuple[str, Part]]:
    """Each row's title, and its figures in the shape of a step's."""
    if choice.by == "step":
        for step in document["steps"]:
            if choice.of == EVERYTHING or step[choice.kind].text == choice.which:
                yield step["title"].text, step
        return
    titles = {step["stage"].text: step["stage_title"].text for step in document["steps"]}
    rows = list(document["kept"]["tables"][choice.by])
    if choice.by == "stage":
        order = list(titles)
        rows.sort(key=lambda row: order.index(_value(row)) if _value(row) in order else len(order))
    for row in rows:
        if choice.of == EVERYTHING or _value(row) == choice.which:
            yield _named(choice.by, _value(row), titles), _as_step(row)


def _value(row: Part) -> str:
    return next(iter(row["group"])).text


def _as_step(row: Part) -> Part:
    """A row of another table, its figures named as those of a step are."""
    counts = row["counts"]
    return Part(
        {
            **{name: part.value for name, part in counts.items()},
            "people": row["people"]["opened"].value,
            "met": _share(counts["met"], counts["due"], row["met_share"]),
            "untrained": _share(counts["untrained"], counts["needing_training"], Part(None)),
            "without_consent": _share(counts["without_consent"], counts["sharing"], Part(None)),
            "median_days": row["median"].value,
            "ninety_percent_days": row["ninety"].value,
            "days_lost": row["days_lost"].value,
        }
    )


def _share(count: Part, of: Part, share: Part) -> dict[str, object]:
    return {"count": count.value, "of": of.value, "share": share.value}


def _of(share: Part) -> str:
    """`16 of 591`; nothing where there was nothing to count, or the data don't say who did what."""
    if share["of"].number == 0 or share["of"].is_absent:
        return NOTHING
    if share["count"].is_hidden and share["of"].is_hidden:
        return _("hidden")
    return _("%(count)s of %(all)s") % {"count": reading.count(share["count"]), "all": reading.count(share["of"])}


def _time(part: Part) -> str:
    """A time with its interval, in the unit that suits it: `3 minutes (2–4)`, `20 days (14–27)`."""
    days = part["estimate"].number
    if days is None:
        return reading.amount(part)
    hours = 24 * days
    if hours < 1:
        said, per_day, digits = ngettext("%(n)s minute", "%(n)s minutes", round(60 * hours)), 1440, 0
    elif hours < 48:
        said, per_day, digits = ngettext("%(n)s hour", "%(n)s hours", round(hours)), 24, 0
    else:
        said, per_day, digits = _("%(n)s days"), 1, 1
    low, high = (
        "∞" if end is None else str(formats.number_format(round(per_day * end, digits), decimal_pos=digits))
        for end in (part.low, part.high)
    )
    value = str(formats.number_format(round(per_day * days, digits), decimal_pos=digits))
    return f"{said % {'n': value}} ({low}–{high})"


def _named(by: str, value: str, stages: dict[str, str] | None = None) -> str:
    """What a row is called."""
    if not value:
        return _("Not known")
    match by:
        case "stage":
            return (stages or {}).get(value, value)
        case "role":
            return role_in_words(value, get_language() or "en")
        case "month":
            year, month = value.split("-")
            return str(formats.date_format(date(int(year), int(month), 1), "YEAR_MONTH_FORMAT"))
    return value


def _picture(marks: list[Mark]) -> Picture | None:
    if not marks:
        return None
    title = _("Share of what was due that was done in time")
    alt = _("%(title)s. The table beside it has every number.") % {"title": title}
    return Picture(title=title, alt=alt, axis=_("Done in time"), marks=tuple(marks), percent=True)


def _ranks(costs: Part) -> Iterator[Table]:
    for kind, caption, unit in (
        ("people", _("Steps that cost the most people"), _("People late or without it")),
        ("days", _("Steps that cost the most days"), _("Days past the clock")),
    ):
        rows = [
            (
                cost["title"].text,
                _("%(value)s (%(low)s–%(high)s)")
                % {name: reading.whole(cost[name]) for name in ("value", "low", "high")},
                reading.percent(cost["share"]),
                f"{100 * (cost['first'].number or 0):.0f}%",
            )
            for cost in list(costs[kind])[:_MOST]
        ]
        if rows:
            columns = (_("Step"), unit, _("Of the people for whom it was due"), _("Comes first"))
            yield Table(caption=caption, columns=columns, rows=tuple(rows), folded=True)
