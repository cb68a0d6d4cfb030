"""Conditions over event fields and over facts, as canonical SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from leeward.rules.conditions import Condition, Named, Type, Value

#: SQL for a name of a condition.
Spell = Callable[[str], str]


def spelled(condition: Condition, spell: Spell) -> str:
    """The condition as SQL, each name replaced by what `spell` says it is."""

    def replaced(node: exp.Expr) -> exp.Expr:
        return exp.column(_PLACE.format(node.name)) if isinstance(node, exp.Column) else node

    text = condition.expression.transform(replaced).sql(dialect="duckdb")
    for name in sorted(condition.names, key=len, reverse=True):
        text = text.replace(_PLACE.format(name), f"({spell(name)})")
    return f"({text})"


#: Stands for a name while the tree is written; no condition can hold it.
_PLACE = "__{}__"


def field(name: str, fields: Mapping[str, Named]) -> str:
    """An event's own field; unknown where the event does not say, or says what the field can't hold."""
    named = fields[name]
    if named.one_of and named.type is Type.TEXT:
        return listed(name, {f'"{value}"': literal(value) for value in named.one_of}, "NULL")
    if named.one_of:
        return listed(name, {str(value): literal(value) for value in named.one_of}, "NULL")
    match named.type:
        case Type.BOOLEAN:
            return f"LW_BOOLEAN(data, '{name}')"
        case Type.INTEGER:
            return f"LW_INTEGER(data, '{name}')"
        case Type.DATE:
            return day(f"LW_TEXT(data, '{name}')")
        case _:
            return f"LW_TEXT(data, '{name}')"


def listed(name: str, meanings: Mapping[str, str], otherwise: str) -> str:
    """What each of a closed list of JSON values of a field means."""
    cases = " ".join(f"WHEN {literal(value)} THEN {meaning}" for value, meaning in meanings.items())
    return f"CASE LW_LISTED(data, '{name}') {cases} ELSE {otherwise} END"


def day(text: str) -> str:
    """The text if it is a day of the calendar, else NULL; said with nothing that any engine would stumble over."""
    shape = f"{text} LIKE '____-__-__' AND translate({text}, '0123456789', '') = '--'"
    year, month, date = (f"CAST(substr({text}, {start}, {length}) AS INTEGER)" for start, length in _PARTS)
    leap = f"({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0))"
    longest = f"CASE {month} WHEN 2 THEN CASE WHEN {leap} THEN 29 ELSE 28 END {_SHORT} ELSE 31 END"
    sound = f"{year} >= 1 AND {month} BETWEEN 1 AND 12 AND {date} BETWEEN 1 AND {longest}"
    return f"CASE WHEN {shape} THEN CASE WHEN {sound} THEN {text} END END"


_PARTS = ((1, 4), (6, 2), (9, 2))
_SHORT = " ".join(f"WHEN {month} THEN 30" for month in (4, 6, 9, 11))


def literal(value: Value) -> str:
    """A plain value as SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case _:
            return "'" + value.replace("'", "''") + "'"
