"""Arrows between the boxes of one band, only where a straight way leads from one to the other.

From a column to the next one they run in the gutter between the two, each opener on a track of its own; within a column
they join boxes that stand directly above each other. Every arrow is also a number in the opened step's box, so an
arrow that finds no way is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from leeward.rules.protocol.definition import Part

from .model import Arrow, Box
from .opening import ByStep, Opening

#: Pixels below the top edge of a box at which arrows leave and enter it: not the same, so that no two lines merge.
LEAVES: Final = 40.0
ENTERS: Final = 21.0
#: Pixels from a box to the first track, and from the last track to the next box: the point needs room.
BESIDE: Final = 7.0
POINT: Final = 15.0
#: Closer tracks could not be told apart.
TRACKS: Final = 4
#: How far the bar of a joint opening stands from its box.
BAR: Final = 5.0


def arrows(boxes: Sequence[Box], stages: Sequence[str], openings: Mapping[str, Opening]) -> tuple[Arrow, ...]:
    """The arrows of a band whose stages stand in this order."""
    columns = [sorted((b for b in boxes if b.stage == stage), key=lambda b: b.area.y) for stage in stages]
    found: list[Arrow] = []
    for column in columns:
        for upper, lower in pairwise(column):
            found += [
                _within(opener, opened, part)
                for opener, opened in ((upper, lower), (lower, upper))
                if (part := _part(opener, opened, openings)) and not opened.is_joint
            ]
    for left, right in pairwise(columns):
        leaving = [b for b in left if any(_part(b, opened, openings) for opened in right)]
        for track, opener in enumerate(leaving[:TRACKS]):
            found += [
                _across(opener, opened, part, track, min(len(leaving), TRACKS))
                for opened in right
                if (part := _part(opener, opened, openings))
            ]
    return tuple(found)


def _part(opener: Box, opened: Box, openings: Mapping[str, Opening]) -> Part | None:
    """How the one can open the other; done, if also otherwise."""
    steps = openings[opened.step].steps
    return next((part for part in Part if ByStep(opener.step, part) in steps), None)


def _within(opener: Box, opened: Box, part: Part) -> Arrow:
    """Down from the one above, or up from the one below, a little beside it."""
    if opener.area.y < opened.area.y:
        x, start, end = opener.area.x + 28, opener.area.bottom, opened.area.y
    else:
        x, start, end = opener.area.x + 48, opener.area.y, opened.area.bottom
    return Arrow(opener=opener.step, opened=opened.step, part=part, corners=((x, start), (x, end)))


def _across(opener: Box, opened: Box, part: Part, track: int, tracks: int) -> Arrow:
    start, end = opener.area.right, opened.area.x - (BAR if opened.is_joint else 0)
    room = opened.area.x - start - BESIDE - POINT
    x = start + BESIDE + room * (track + 0.5) / tracks
    leaves, enters = opener.area.y + LEAVES, opened.area.y + ENTERS
    return Arrow(
        opener=opener.step,
        opened=opened.step,
        part=part,
        corners=((start, leaves), (x, leaves), (x, enters), (end, enters)),
    )
