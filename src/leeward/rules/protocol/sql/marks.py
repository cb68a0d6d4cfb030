"""Small numbers for what a definition names: kinds of events, the conditions that an event meets, the facts it tells.

Each event carries one number whose bits say which of its kind's conditions it meets, and one whose bits say which
opening conditions hold after it. What the event means to a step is then arithmetic, the same in every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Final

from leeward.rules.conditions import Condition, Type, Value
from leeward.rules.protocol.definition import Fact, Pattern, Protocol
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

    def kind_sql(self) -> str:
        """The number of an event's kind; NULL if the definition has nothing to do with it."""
        cases = " ".join(f"WHEN '{kind}' THEN {number}" for kind, number in self.kinds.items())
        return f"CASE kind {cases} END"

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


@dataclass(frozen=True, slots=True)
class Told:
    """How one fact travels down the timeline: what an event tells of it, how the latest is kept, how it is read."""

    fact: Fact
    column: str
    #: SQL over an event: something that grows with its place and carries the value; NULL if the event tells nothing.
    told: str
    #: SQL over what was kept, back to the value.
    value: str


def told(fact: Fact, column: str, marks: Marks) -> Told:
    """How a fact travels. What it can hold decides: a bit if it only ever becomes one value, a code, or text."""
    constants = {source.value for source in fact.sources if source.field is None}
    if len(constants) == 1 and all(source.field is None for source in fact.sources):
        (only,) = constants
        return Told(
            fact,
            column,
            told=_by_source(fact, marks, lambda _: "1"),
            value=f"CASE WHEN {column} = 1 THEN {fields.literal(only)} END",
        )
    domain = _domain(fact)
    if domain is not None:
        size = len(domain) + 1
        codes = {value: number for number, value in enumerate(domain, start=1)}
        cases = " ".join(f"WHEN {number} THEN {fields.literal(value)}" for value, number in codes.items())
        return Told(
            fact,
            column,
            told=_by_source(fact, marks, lambda told: f"CAST(place AS BIGINT) * {size} + {_code(told, codes)}"),
            value=f"CASE {column} % {size} {cases} END",
        )
    read = f"substr({column}, 12)"
    return Told(
        fact,
        column,
        told=_by_source(fact, marks, _text),
        value=f"CASE WHEN substr({column}, 11, 1) = '1' THEN "
        + (f"CAST({read} AS BIGINT)" if fact.named.type is Type.INTEGER else read)
        + " END",
    )


def facts_asked(protocol: Protocol, marks: Marks) -> tuple[Fact, ...]:
    """The facts that some opening condition reads."""
    names = {name for condition in marks.asked.values() for name in condition.names}
    return tuple(fact for fact in protocol.facts if fact.name in names)


def _by_source(fact: Fact, marks: Marks, write: Callable[[_Tells], str]) -> str:
    """The last of a fact's sources that an event meets decides."""
    cases = []
    for source in reversed(fact.sources):
        kind = source.pattern.kind
        met = f"kind = {marks.kind(kind)} AND (mask & {marks.bit(source.pattern)}) <> 0"
        tells: _Tells = source.value if source.field is None else _Field(source.field, kind)
        cases.append(f"WHEN {met} THEN {write(tells)}")
    return f"CASE {' '.join(cases)} END"


@dataclass(frozen=True, slots=True)
class _Field:
    """A value that an event carries in a field."""

    name: str
    kind: str

    @property
    def sql(self) -> str:
        return fields.field(self.name, KINDS[self.kind].fields)


_Tells = Value | _Field


def _domain(fact: Fact) -> tuple[Value, ...] | None:
    """Everything that the fact can hold, if that is a closed list."""
    if fact.named.type is Type.BOOLEAN:
        return (False, True)
    return fact.named.one_of or None


def _code(tells: _Tells, codes: Mapping[Value, int]) -> str:
    if isinstance(tells, _Field):
        cases = " ".join(f"WHEN {fields.literal(value)} THEN {number}" for value, number in codes.items())
        return f"CASE {tells.sql} {cases} ELSE 0 END"
    return str(codes.get(tells, 0))


def _text(tells: _Tells) -> str:
    given = tells.sql if isinstance(tells, _Field) else fields.literal(tells)
    return f"lpad(CAST(place AS VARCHAR), 10, '0') || COALESCE('1' || CAST({given} AS VARCHAR), '0')"
