"""Conditions inside definitions: a small, typed subset of SQL boolean expressions.

Comparison, IN, IS NULL, AND, OR, NOT, literals and names; nothing else. A condition is evaluated here, one case
at a time, with SQL's three-valued logic (True, False, None for unknown), and its sqlglot tree is kept so that the
same condition can be rendered for any database. Only comparisons that every engine decides alike are permitted:
text is equal or not, never before or after, because sorting differs between databases.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from itertools import product
from math import prod
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from .errors import ConditionError

Value = str | int | bool | None
#: What is known by name. What a name can't hold is as unknown as what is missing.
Values = Mapping[str, object]
Truth = bool | None
Evaluate = Callable[[Values], Truth]
Read = Callable[[Values], Value]

LONGEST: Final = 1_000
DEEPEST: Final = 30
_WRITE: Final = "Use names, numbers, 'text', TRUE, FALSE, =, <>, <, <=, >, >=, IN, IS NULL, AND, OR, NOT and brackets."


class Type(StrEnum):
    """What a fact or a field can hold. Conditions can't read lists."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Named:
    """What a name in a condition stands for: its type and, if closed, the only values that it can hold."""

    type: Type
    one_of: tuple[str | int, ...] = ()

    def read(self, value: object) -> Value:
        """`value` if a name like this can hold it, else None: what can't be is as unknown as what is missing."""
        known = _READ[self.type](value)
        return known if not self.one_of or known in self.one_of else None


Names = Mapping[str, Named]


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition. Two are equal when their normal SQL is."""

    sql: str
    names: tuple[str, ...]
    expression: exp.Expr = field(compare=False, repr=False)
    evaluate: Evaluate = field(compare=False, repr=False)

    def holds(self, values: Values) -> bool:
        """True only when the condition is certainly true: unknown does not open a door."""
        return self.evaluate(values) is True


def parse_condition(text: str, names: Names) -> Condition:
    """Check `text` against the permitted subset and the known names. Raises ConditionError."""
    if len(text) > LONGEST:
        raise ConditionError(f"The condition is longer than {LONGEST:,} characters.", hint="Split it over two steps.")
    if text.count("(") > DEEPEST:
        raise ConditionError("The condition has too many brackets.", hint="Split it over two steps.")
    try:
        parsed = sqlglot.parse(text)
    except (SqlglotError, RecursionError) as error:
        raise ConditionError(f"`{text}` can't be read as a condition.", hint=_WRITE) from error
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Expr):
        raise ConditionError(f"`{text}` is not one condition.", hint=_WRITE)
    tree = parsed[0]
    if any(node.comments for node in tree.walk()):
        raise ConditionError(f"`{text}` holds a comment.", hint="Put the comment on a line of its own, after a #.")
    evaluate = _Reader(names, text).truth(tree, 0)
    used = tuple(sorted({column.name for column in tree.find_all(exp.Column)}))
    return Condition(sql=tree.sql(), names=used, expression=tree, evaluate=evaluate)


def is_date(text: str) -> bool:
    """Whether the text is a day of the calendar, written 2026-11-23."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


#: Whole numbers that every engine holds.
_LARGEST: Final = 10**18


def _boolean(value: object) -> Value:
    return value if value is True or value is False else None


def _integer(value: object) -> Value:
    return value if type(value) is int and -_LARGEST < value < _LARGEST else None


def _text(value: object) -> Value:
    return value if isinstance(value, str) else None


def _date(value: object) -> Value:
    return value if isinstance(value, str) and is_date(value) else None


_READ: Final[Mapping[Type, Callable[[object], Value]]] = {
    Type.BOOLEAN: _boolean,
    Type.INTEGER: _integer,
    Type.TEXT: _text,
    Type.DATE: _date,
    Type.LIST: lambda _: None,
}


_COMPARE: Final[Mapping[type[exp.Expr], Callable[[Any, Any], bool]]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
_ORDERED: Final = frozenset({Type.INTEGER, Type.DATE})


@dataclass(frozen=True, slots=True)
class _Operand:
    read: Read
    type: Type
    one_of: tuple[str | int, ...] = ()
    literal: Value = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns a sqlglot tree into a function, refusing whatever is not in the subset."""

    names: Names
    text: str

    def truth(self, node: exp.Expr, depth: int) -> Evaluate:
        if depth > DEEPEST:
            raise self.refused("has too many brackets inside each other", "Split it over two steps.")
        match node:
            case exp.Paren():
                return self.truth(node.this, depth + 1)
            case exp.Not():
                return _negated(self.truth(node.this, depth + 1))
            case exp.And():
                return _both(self.truth(node.left, depth + 1), self.truth(node.right, depth + 1))
            case exp.Or():
                return _either(self.truth(node.left, depth + 1), self.truth(node.right, depth + 1))
            case exp.Is():
                return self.is_null(node)
            case exp.In():
                return self.is_in(node)
            case exp.Column():
                return self.bare(node)
            case exp.Boolean():
                constant = bool(node.this)
                return lambda _: constant
            case _ if type(node) in _COMPARE:
                return self.comparison(node)
            case _:
                raise self.unknown_form(node)

    def comparison(self, node: exp.Expr) -> Evaluate:
        left, right = self.operand(node.this), self.operand(node.expression)
        self.alike(left, right)
        if type(node) not in (exp.EQ, exp.NEQ) and not {left.type, right.type} & _ORDERED:
            raise self.refused(
                f"asks which of two {left.type} values comes first, and databases sort those differently",
                "Compare them with =, <> or IN.",
            )
        compare, one, other = _COMPARE[type(node)], left.read, right.read

        def evaluate(values: Values) -> Truth:
            a, b = one(values), other(values)
            return None if a is None or b is None else compare(a, b)

        return evaluate

    def is_in(self, node: exp.In) -> Evaluate:
        if node.args.get("query") or node.args.get("unnest") or node.args.get("field") or not node.expressions:
            raise self.refused("holds a subquery or an empty list", "List the values: x IN ('a', 'b').")
        subject = self.operand(node.this)
        for item in node.expressions:
            if isinstance(item, exp.Column):
                raise self.refused("has a name inside IN (…)", "List values only: x IN ('a', 'b').")
        members = [self.operand(item) for item in node.expressions]
        for member in members:
            self.alike(subject, member)
        listed, read = frozenset(member.literal for member in members), subject.read

        def evaluate(values: Values) -> Truth:
            value = read(values)
            return None if value is None else value in listed

        return evaluate

    def is_null(self, node: exp.Is) -> Evaluate:
        if not isinstance(node.expression, exp.Null) or not isinstance(node.this, exp.Column):
            raise self.refused("uses IS with something other than NULL", "Write `x IS NULL`, or just `x`, or `NOT x`.")
        read = self.operand(node.this).read
        return lambda values: read(values) is None

    def bare(self, node: exp.Column) -> Evaluate:
        operand = self.operand(node)
        if operand.type is not Type.BOOLEAN:
            raise self.refused(
                f"uses `{operand.label}`, which is {operand.type} and so neither true nor false, on its own",
                f"Compare it: {operand.label} = …",
            )
        read = operand.read

        def evaluate(values: Values) -> Truth:
            value = read(values)
            return value if isinstance(value, bool) else None

        return evaluate

    def operand(self, node: exp.Expr) -> _Operand:
        match node:
            case exp.Paren():
                return self.operand(node.this)
            case exp.Column() if not node.table and isinstance(node.this, exp.Identifier):
                return self.named(node.name)
            case exp.Boolean():
                return _constant(bool(node.this), Type.BOOLEAN)
            case exp.Literal() if node.is_string:
                return _constant(str(node.this), Type.TEXT)
            case exp.Literal() if str(node.this).isdecimal() and len(str(node.this)) <= 15:
                return _constant(int(node.this), Type.INTEGER)
            case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
                return _constant(-int(str(self.operand(node.this).literal)), Type.INTEGER)
            case exp.Literal():
                raise self.refused(f"has the number {node.this}, which is not a whole number", "Use whole numbers.")
            case exp.Null():
                raise self.refused("compares with NULL, which is never true", "Write `x IS NULL` or `x IS NOT NULL`.")
            case _:
                raise self.unknown_form(node)

    def named(self, name: str) -> _Operand:
        known = self.names.get(name)
        if known is None:
            near = get_close_matches(name, self.names, n=1)
            choices = ", ".join(sorted(self.names)) or "none"
            raise ConditionError(
                f"`{self.text}` uses `{name}`, which is not known here.",
                hint=f"Did you mean `{near[0]}`?" if near else f"Known here: {choices}.",
            )
        if known.type is Type.LIST:
            raise self.refused(f"uses `{name}`, which is a list", "Conditions can't look into lists.")
        read, one_of = _READ[known.type], known.one_of
        if one_of:
            return _Operand(
                read=lambda values: known.read(values.get(name)), type=known.type, one_of=one_of, label=name
            )
        return _Operand(read=lambda values: read(values.get(name)), type=known.type, label=name)

    def alike(self, left: _Operand, right: _Operand) -> None:
        """Both sides hold the same kind of thing, and a closed list of values is respected."""
        types = {left.type, right.type}
        if types == {Type.DATE, Type.TEXT}:
            written = left.literal if left.type is Type.TEXT else right.literal
            if not isinstance(written, str) or not is_date(written):
                raise self.refused("compares a date with something else", "Write dates as '2026-11-23'.")
        elif len(types) > 1:
            raise self.refused(
                f"compares {left.type} with {right.type}",
                "Put text in 'single quotes' and write numbers without quotes.",
            )
        for known, given in ((left, right), (right, left)):
            if known.one_of and given.literal is not None and given.literal not in known.one_of:
                raise self.refused(
                    f"compares `{known.label}` with {given.literal!r}, which it never holds",
                    f"Use one of: {', '.join(map(str, known.one_of))}.",
                )

    def unknown_form(self, node: exp.Expr) -> ConditionError:
        if isinstance(node, exp.Query | exp.Subquery | exp.Exists):
            return self.refused("holds a query of its own", _WRITE)
        if isinstance(node, exp.Func):
            return self.refused(f"calls a function, `{node.sql()}`", _WRITE)
        return self.refused(f"holds `{node.sql()}`, which conditions don't have", _WRITE)

    def refused(self, what: str, hint: str) -> ConditionError:
        return ConditionError(f"`{self.text}` {what}.", hint=hint)


def _constant(value: str | int | bool, kind: Type) -> _Operand:
    return _Operand(read=lambda _: value, type=kind, literal=value)


def _negated(inner: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> Truth:
        truth = inner(values)
        return None if truth is None else not truth

    return evaluate


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> Truth:
        one, other = left(values), right(values)
        if one is False or other is False:
            return False
        return None if one is None or other is None else True

    return evaluate


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> Truth:
        one, other = left(values), right(values)
        if one is True or other is True:
            return True
        return None if one is None or other is None else False

    return evaluate


def possible(condition: Condition, names: Names) -> bool:
    """Whether some case could make the condition true. Undecided for very large conditions: then it is assumed."""
    literals = {_literal(node) for node in condition.expression.find_all(exp.Literal)}
    numbers = {int(text) for text in literals if text.lstrip("-").isdecimal()}
    worth_trying: list[list[Value]] = [[*_samples(names[name], literals, numbers), None] for name in condition.names]
    if prod(len(values) for values in worth_trying) > 20_000:
        return True
    return any(condition.holds(dict(zip(condition.names, values, strict=True))) for values in product(*worth_trying))


def _samples(named: Named, literals: set[str], numbers: set[int]) -> Sequence[Value]:
    """Values of a name at which a condition may change its mind."""
    match named.type:
        case Type.BOOLEAN:
            return [True, False]
        case _ if named.one_of:
            return list(named.one_of)
        case Type.INTEGER:
            signed = numbers | {-number for number in numbers} | {0}
            return sorted({number + step for number in signed for step in (-1, 0, 1)})
        case Type.DATE:
            return sorted({"0001-01-01", "9999-12-31", *filter(is_date, literals)})
        case _:
            return sorted({"", *literals})


def _literal(node: exp.Expr) -> str:
    return str(node.this)
