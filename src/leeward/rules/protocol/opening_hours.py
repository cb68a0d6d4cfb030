"""From the `office` of a definition to the calendar that office clocks run by."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import available_timezones

from leeward.rules.yaml_source import nearest

from .node import Node
from .office import DAYS, LONGEST_CLOSURE, Office

_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


Wrong = Callable[[Node, str, str], None]


def office(node: Node, wrong: Wrong) -> Office | None:
    """The calendar that the node describes; None after telling `wrong` what is not right with it."""
    mistakes: list[str] = []

    def tell(place: Node, problem: str, remedy: str) -> None:
        mistakes.append(problem)
        wrong(place, problem, remedy)

    zone = node.text("zone")
    if zone not in available_timezones():
        near = nearest(zone, sorted(available_timezones()))
        tell(node.at("zone"), f"There is no time zone `{zone}`.", near if len(near) < 80 else "Use America/Chicago.")
    hours = _hours(node, tell)
    closed = _closed(node, tell)
    days = tuple(day for day in DAYS if day in [str(item.data) for item in node.at("days").items()])
    if mistakes:
        return None
    return Office(zone=zone, days=days, hours=hours, closed=closed)


def _hours(node: Node, tell: Wrong) -> tuple[tuple[time, time], ...]:
    found: list[tuple[time, time]] = []
    for item in node.at("hours").items():
        if (written := _SPAN.fullmatch(str(item.data))) is None:
            tell(item, f"`{item.data}` are not opening hours.", 'Write them as "08:00-17:00".')
            continue
        a, b, c, d = map(int, written.groups())
        opens, closes = time(a, b), time(c, d)
        if opens >= closes:
            tell(item, f"`{item.data}` closes before it opens.", "Write the earlier time first; hours end by midnight.")
        elif found and opens < found[-1][1]:
            tell(item, f"`{item.data}` overlaps the hours before it.", "Write the hours in order, without overlap.")
        else:
            found.append((opens, closes))
    return tuple(found)


def _closed(node: Node, tell: Wrong) -> tuple[date, ...]:
    found: list[date] = []
    for item in node.at("closed").items():
        try:
            found.append(date.fromisoformat(str(item.data)))
        except ValueError:
            tell(item, f"`{item.data}` is not a day of the calendar.", "Write it as 2026-12-25.")
    found = sorted(set(found))
    run = timedelta(1)
    for before, after in pairwise(found):
        run = run + timedelta(1) if after - before == timedelta(1) else timedelta(1)
        if run > LONGEST_CLOSURE:
            tell(node.at("closed"), "The office is closed for more than a year in one piece.", "Open it sooner.")
            break
    return tuple(found)
