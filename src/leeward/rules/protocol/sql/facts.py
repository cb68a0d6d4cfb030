"""How what is known about a case travels down its timeline, in as few columns as will do.

A fact that can only become known, or of which no condition asks more than whether it is known, is a bit. One that holds
one of a closed list of values is a small number, any other is text; for those the latest that was told is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from leeward.rules.conditions import Condition, Type, Value
from leeward.rules.protocol.definition import Fact, Protocol
from leeward.rules.protocol.vocabulary import KINDS

from . import fields
from .marks import WIDTH, Marks


@dataclass(frozen=True, slots=True)
class Column:
    """A column that travels: SQL over one event for what it tells, and over a case so far for what is kept of it."""

    name: str
    told: str
    kept: str


@dataclass(frozen=True, slots=True)
class Travelling:
    """The columns, and for each fact the SQL that reads it back from what was kept."""

    columns: tuple[Column, ...]
    values: Mapping[str, str]


def travelling(protocol: Protocol, marks: Marks, window: str) -> Travelling:
    """How the facts that some opening condition asks about travel. `window` orders a case's events up to the row."""
    names = {name for condition in marks.asked.values() for name in condition.names}
    asked = [fact for fact in protocol.facts if fact.name in names]
    bits = [fact for fact in asked if _is_bit(fact, marks.asked.values())]
    columns, values = _bits(bits, marks, window)
    for number, fact in enumerate(fact for fact in asked if fact not in bits):
        name = f"fact_{number}"
        told, value = _latest(fact, name, marks)
        columns.append(Column(name, told, f"LAST_VALUE({name} IGNORE NULLS) OVER ({window}) AS {name}"))
        values[fact.name] = value
    return Travelling(tuple(columns), values)


def _is_bit(fact: Fact, asked: Iterable[Condition]) -> bool:
    """Whether all sources say a value of the definition's own, and nobody needs to know which of several it was."""
    if any(source.field is not None for source in fact.sources):
        return False
    return len({source.value for source in fact.sources}) == 1 or all(_only_whether(fact, each) for each in asked)


def _only_whether(fact: Fact, condition: Condition) -> bool:
    return all(
        isinstance(column.parent, exp.Is)
        for column in condition.expression.find_all(exp.Column)
        if column.name == fact.name
    )


def _bits(facts: Sequence[Fact], marks: Marks, window: str) -> tuple[list[Column], dict[str, str]]:
    columns: list[Column] = []
    values: dict[str, str] = {}
    for start in range(0, len(facts), WIDTH):
        name = f"known_{start // WIDTH}"
        terms = []
        for place, fact in enumerate(facts[start : start + WIDTH]):
            terms.append(_by_source(fact, marks, lambda _, bit=1 << place: str(bit), otherwise="0"))  # type: ignore[misc]
            constant = fields.literal(fact.sources[-1].value)
            values[fact.name] = f"CASE WHEN ({name} & {1 << place}) <> 0 THEN {constant} END"
        told = f"CAST({' + '.join(terms)} AS BIGINT)"
        columns.append(Column(name, told, f"BIT_OR({name}) OVER ({window}) AS {name}"))
    return columns, values


def _latest(fact: Fact, column: str, marks: Marks) -> tuple[str, str]:
    """SQL for what an event tells of a fact (NULL: nothing), and for the value that the latest told gives."""
    domain = _domain(fact)
    if domain is not None:
        codes = {value: number for number, value in enumerate(domain, start=1)}
        cases = " ".join(f"WHEN {number} THEN {fields.literal(value)}" for value, number in codes.items())
        return _by_source(fact, marks, lambda tells: _code(tells, codes)), f"CASE {column} {cases} END"
    read = f"substr({column}, 2)"
    value = f"CAST({read} AS BIGINT)" if fact.named.type is Type.INTEGER else read
    return _by_source(fact, marks, _text), f"CASE WHEN substr({column}, 1, 1) = '1' THEN {value} END"


@dataclass(frozen=True, slots=True)
class _Field:
    """A value that an event carries in a field."""

    name: str
    kind: str

    @property
    def sql(self) -> str:
        return fields.field(self.name, KINDS[self.kind].fields)


_Tells = Value | _Field
_UNKNOWN: Final = "0"


def _by_source(fact: Fact, marks: Marks, write: Callable[[_Tells], str], otherwise: str = "NULL") -> str:
    """The last of a fact's sources that an event meets decides."""
    cases = []
    for source in reversed(fact.sources):
        kind = source.pattern.kind
        met = f"kind = {marks.kind(kind)} AND (mask & {marks.bit(source.pattern)}) <> 0"
        tells: _Tells = source.value if source.field is None else _Field(source.field, kind)
        cases.append(f"WHEN {met} THEN {write(tells)}")
    return f"CASE {' '.join(cases)} ELSE {otherwise} END"


def _domain(fact: Fact) -> tuple[Value, ...] | None:
    """Everything that the fact can hold, if that is a closed list."""
    if fact.named.type is Type.BOOLEAN:
        return (False, True)
    return fact.named.one_of or None


def _code(tells: _Tells, codes: Mapping[Value, int]) -> str:
    if isinstance(tells, _Field):
        cases = " ".join(f"WHEN {fields.literal(value)} THEN {number}" for value, number in codes.items())
        return f"CASE {tells.sql} {cases} ELSE {_UNKNOWN} END"
    return str(codes.get(tells, _UNKNOWN))


def _text(tells: _Tells) -> str:
    given = tells.sql if isinstance(tells, _Field) else fields.literal(tells)
    return f"COALESCE('1' || CAST({given} AS VARCHAR), '{_UNKNOWN}')"
