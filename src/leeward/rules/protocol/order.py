"""The order among steps that open when others close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter


def cycle(follows: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Steps that wait for each other in a circle, first to last; empty if none do."""
    try:
        TopologicalSorter(follows).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1][1:]))
    return ()


def layers(follows: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Steps in layers: each follows only steps of earlier layers. There must be no cycle."""
    sorter = TopologicalSorter(follows)
    sorter.prepare()
    found: list[tuple[str, ...]] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        found.append(tuple(step for step in follows if step in ready))
        sorter.done(*ready)
    return tuple(found)
