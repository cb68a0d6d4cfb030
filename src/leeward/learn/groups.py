"""The filters of the page of results: one group of people at a time, out of tables that were cleared together.

A choice picks, it never counts; so no two answers can be subtracted from one another, nor from the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from . import reading, words
from .layout import Table
from .reading import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen, and its table."""

    key: str
    title: str
    table: Table


def choices(document: object) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen, in groups."""
    return [
        (
            words.said(words.DIMENSIONS_OF_PEOPLE, dimension),
            [(f"{dimension}:{each['group'].text}", words.group(dimension, each["group"].text)) for each in groups],
        )
        for dimension, groups in Part(document)["slices"]["dimensions"].items()
    ]


def chosen(document: object, key: str) -> Chosen | None:
    """The way of one group beside everybody's; None for a choice that there is not."""
    whole = Part(document)
    dimension, _colon, group = key.partition(":")
    mine = next((each for each in whole["slices"]["dimensions"][dimension] if each["group"].text == group), None)
    if mine is None:
        return None
    era = whole["slices"]["era"].text
    everybody = next((flow for flow in whole["flows"] if flow["era"].text == era), Part(None))
    reached = {stage["stage"].text: stage["reached"] for stage in everybody["stages"]}
    rows = [(words.said(words.STAGES, "seen"), reading.count(mine["seen"]), reading.count(everybody["seen"]))]
    for stage in mine["stages"]:
        code = stage["stage"].text
        rows.append(
            (
                words.said(words.STAGES, code),
                reading.share(stage["reached"]) if not stage["reached"].is_absent else _("hidden"),
                reading.share(reached[code])
                if code in reached and code != "linked"
                else reading.count(reached.get(code, Part(None))["count"]),
            )
        )
    title = words.group(dimension, group)
    table = Table(caption=title, columns=(_("Stage"), title, _("Everybody")), rows=tuple(rows))
    return Chosen(key=key, title=title, table=table)
