"""Who is counted in two places: of any two groups of people, how many are in both.

Steps, stages, roles, sites and months are groups of the same people, and so are the stages of the way. Where everybody
of one is in another, readers can subtract the two; what that gives away is decided where the numbers are cleared.
"""

# ruff: noqa: S608 - the parts of these queries are constants of this package

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from leeward.evidence.threshold import Threshold

from .judged import DIMENSIONS

#: The group of everybody for whom anything was opened.
EVERYTHING: Final = "all:"


def name_of(by: str, value: str) -> str:
    """The name of a group of the table `judged`."""
    return f"{by}.{value}:"


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Groups by name, and for any two of them how many people are in both; for one and itself, how many it has."""

    places: Mapping[str, int]
    both: NDArray[np.int64]

    def people(self, name: str) -> int:
        """How many are in a group; none in one that nobody named."""
        place = self.places.get(name)
        return 0 if place is None else int(self.both[place, place])

    def holds(self, whole: str, part: str) -> bool:
        """Whether everybody of `part` is in `whole`."""
        return int(self.both[self.places[whole], self.places[part]]) == self.people(part)

    def equal(self, one: str, other: str) -> bool:
        """Whether the two are the same people."""
        return self.holds(one, other) and self.holds(other, one)

    def nested(self, names: Collection[str]) -> Iterator[tuple[str, str]]:
        """Groups that hold others with nobody between: the larger, then the smaller. Where several are the same people
        each stands beside the first of them, and only the first beside others. Nobody is in no group."""
        first: list[str] = []
        for name in (each for each in names if self.people(each)):
            same = next((each for each in first if self.equal(each, name)), None)
            if same is None:
                first.append(name)
            else:
                yield same, name
        within = {part: [whole for whole in first if whole != part and self.holds(whole, part)] for part in first}
        for part, wholes in within.items():
            for whole in wholes:
                if not any(whole in within[between] for between in wholes if between != whole):
                    yield whole, part


class Telling:
    """Decides group after group whether it may be told how many people it has, beside those that are told already."""

    def __init__(
        self, known: Overlaps, threshold: Threshold, *, told: Collection[str] = (), hidden: Collection[str] = ()
    ) -> None:
        """`told` are counts that readers have from elsewhere, `hidden` those that they must not find."""
        self._known, self.threshold = known, threshold
        self.told = set(known.places.keys() & told)
        self._hidden = known.places.keys() & hidden

    def tells(self, name: str, parts: Collection[str] = ()) -> bool:
        """Whether it may be told, which is then kept in mind. `parts` are groups that make it up and may overlap: who
        is in two of them is found by adding them."""
        can = name in self._known.places and not any(self._known.equal(name, each) for each in self._hidden)
        can = can and not any(self._gives_away(name, each) for each in self.told)
        if can and parts and self.told.issuperset(parts):
            twice = sum(map(self._known.people, parts)) - self._known.people(name)
            can = not self.threshold.is_small(twice)
        if can:
            self.told.add(name)
        return can

    def _gives_away(self, one: str, other: str) -> bool:
        """Whether one holds the other and few more."""
        is_nested = self._known.holds(one, other) or self._known.holds(other, one)
        return is_nested and self.threshold.is_small(abs(self._known.people(one) - self._known.people(other)))


def overlaps(connection: duckdb.DuckDBPyConnection, also: Mapping[str, Collection[str]]) -> Overlaps:
    """Groups of the table `judged`, for whom each step was due (`due.STEP:`), and others, given by who is in them."""
    given = [(name, client) for name, members in also.items() for client in members]
    found = connection.execute(
        _GROUPED, {"names": [name for name, _ in given], "clients": [client for _, client in given]}
    ).fetchall()
    counted = np.zeros((len(found), 1 + max((max(people) for _, people in found), default=0)), dtype=np.float32)
    for place, (_, people) in enumerate(found):
        counted[place, people] = 1
    both = np.rint(counted @ counted.T).astype(np.int64)
    return Overlaps({str(name): place for place, (name, _) in enumerate(found)}, both)


_BY: Final = " UNION ALL ".join(f"SELECT '{by}.' || {by} || ':' AS name, client FROM judged" for by in DIMENSIONS)
_GROUPED: Final = f"""
WITH grouped AS (
    SELECT DISTINCT name, client FROM (
        {_BY} UNION ALL SELECT '{EVERYTHING}', client FROM judged
        UNION ALL SELECT 'due.' || step || ':', client FROM judged WHERE is_due
        UNION ALL SELECT unnest($names), unnest($clients))),
numbered AS (SELECT client, row_number() OVER () - 1 AS person FROM (SELECT DISTINCT client FROM grouped))
SELECT name, list(person) FROM grouped JOIN numbered USING (client) GROUP BY name
"""
