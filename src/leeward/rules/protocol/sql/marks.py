"""Small numbers for what a definition names: kinds of events, the conditions that an event meets, the facts it tells.

Each event carries one number whose bits say which of its kind's conditions it meets, and one whose bits say which
opening conditions hold after it. What the event means to a step is then arithmetic, the same in every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Final

from leeward.rules.conditions import Condition
from leeward.rules.protocol.definition import Pattern
from leeward.rules.protocol.vocabulary import KINDS

from . import fields

#: Bits in one column, below the sign and with room to add.
WIDTH: Final = 60
_ALWAYS: Final = 1


@dataclass(slots=True)
class Marks:
    """The numbers of one definition. `whens` has a bit for each different opening condition, in columns of WIDTH."""

    kinds: dict[str, int] = field(default_factory=dict)
    wheres: dict[str, dict[str, int]] = field(default_factory=dict)
    conditions: dict[str, dict[str, Condition]] = field(default_factory=dict)
    whens: dict[str, int] = field(default_factory=dict)
    asked: dict[str, Condition] = field(default_factory=dict)

    def kind(self, name: str) -> int:
        """The kind's number; the first is 1."""
        return self.kinds.setdefault(name, len(self.kinds) + 1)

    def bit(self, pattern: Pattern) -> int:
        """The bit that an event of the pattern's kind carries if it meets the pattern."""
        self.kind(pattern.kind)
        if pattern.where is None:
            return _ALWAYS
        known = self.wheres.setdefault(pattern.kind, {})
        self.conditions.setdefault(pattern.kind, {})[pattern.where.sql] = pattern.where
        return known.setdefault(pattern.where.sql, 2 << len(known))

    def bits(self, patterns: Sequence[Pattern], kind: str) -> int:
        """Any of these bits means that an event of the kind meets one of the patterns."""
        return _or(self.bit(pattern) for pattern in patterns if pattern.kind == kind)

    def when(self, condition: Condition | None) -> int | None:
        """The number of an opening condition; None if there is none to hold."""
        if condition is None:
            return None
        self.asked[condition.sql] = condition
        return self.whens.setdefault(condition.sql, len(self.whens))

    @property
    def when_columns(self) -> tuple[str, ...]:
        """The columns that hold the opening conditions."""
        return tuple(f"whens_{number}" for number in range((len(self.whens) + WIDTH - 1) // WIDTH))

    def kinds_sql(self) -> str:
        """The kinds that the definition has to do with, and their numbers."""
        return "VALUES " + ", ".join(f"('{kind}', {number})" for kind, number in self.kinds.items())

    def mask_sql(self) -> str:
        """The bits of the conditions that an event meets."""
        cases = [
            f"WHEN {self.kinds[kind]} THEN {' + '.join(self._terms(kind, known))}"
            for kind, known in self.wheres.items()
        ]
        return (
            f"CAST(CASE kind {' '.join(cases)} ELSE {_ALWAYS} END AS BIGINT)" if cases else f"CAST({_ALWAYS} AS BIGINT)"
        )

    def _terms(self, kind: str, known: Mapping[str, int]) -> list[str]:
        named = KINDS[kind].fields
        return [str(_ALWAYS)] + [
            f"CASE WHEN {fields.spelled(self.conditions[kind][sql], lambda name: fields.field(name, named))}"
            f" THEN {bit} ELSE 0 END"
            for sql, bit in known.items()
        ]

    def whens_sql(self, facts: Mapping[str, str]) -> list[str]:
        """Each column of opening conditions, given the SQL of each fact."""
        columns = []
        for column in range(len(self.when_columns)):
            held = [
                f"CASE WHEN {fields.spelled(self.asked[sql], facts.__getitem__)} THEN {1 << number % WIDTH} ELSE 0 END"
                for sql, number in self.whens.items()
                if number // WIDTH == column
            ]
            columns.append(f"CAST({' + '.join(held)} AS BIGINT) AS {self.when_columns[column]}")
        return columns


def _or(numbers: Iterable[int]) -> int:
    return reduce(or_, numbers, 0)
