"""What the engines call by different names: one canonical tree, rendered for each.

The canonical text is DuckDB's SQL plus a few functions whose names begin with LW_; each engine says here what they are.
Everything else is common to all, and sqlglot writes it in each engine's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import sqlglot
from sqlglot import exp


class Engine(StrEnum):
    """Where the rules run over many cases at once."""

    DUCKDB = "duckdb"
    POSTGRES = "postgres"
    SPARK = "spark"


#: The functions, with `{0}`, `{1}` for their arguments. A field of the wrong JSON type is unknown, as in Python.
_MEANING: Final[Mapping[Engine, Mapping[str, str]]] = {
    Engine.DUCKDB: {
        "LW_MICROS": "epoch_us({0})",
        "LW_MOMENT": "make_timestamptz({0})",
        "LW_CASE_NUMBER": "row_number() OVER ()",
        "LW_FLOOR": "(({0}) // ({1}))",
        "LW_SORTED": "{0}",
        "LW_DATA": "{0}",
        "LW_TEXT": "CASE WHEN json_type({0}, '$.' || {1}) = 'VARCHAR' THEN json_extract_string({0}, '$.' || {1}) END",
        "LW_INTEGER": "CASE WHEN json_type({0}, '$.' || {1}) IN ('BIGINT', 'UBIGINT') "
        "AND length(json_extract_string({0}, '$.' || {1})) <= 18 "
        "THEN TRY_CAST(json_extract_string({0}, '$.' || {1}) AS BIGINT) END",
        "LW_BOOLEAN": "CASE CAST(json_extract({0}, '$.' || {1}) AS VARCHAR) "
        "WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
        "LW_LISTED": "CAST(json_extract({0}, '$.' || {1}) AS VARCHAR)",
    },
    Engine.POSTGRES: {
        "LW_MICROS": "CAST(extract(epoch FROM {0}) * 1000000 AS BIGINT)",
        "LW_MOMENT": "timestamptz '1970-01-01 00:00:00+00' + ({0}) * interval '1 microsecond'",
        "LW_CASE_NUMBER": "row_number() OVER ()",
        "LW_FLOOR": "div({0}, {1})",
        "LW_SORTED": '{0} COLLATE "C"',
        "LW_DATA": "CAST({0} AS JSONB)",
        "LW_TEXT": "CASE WHEN jsonb_typeof({0} -> {1}) = 'string' THEN {0} ->> {1} END",
        "LW_INTEGER": "CASE WHEN jsonb_typeof({0} -> {1}) = 'number' AND length({0} ->> {1}) <= 18 "
        "AND ({0} ->> {1}) ~ '^-?[0-9]+$' THEN CAST({0} ->> {1} AS BIGINT) END",
        "LW_BOOLEAN": "CASE CAST({0} -> {1} AS TEXT) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
        "LW_LISTED": "CAST({0} -> {1} AS TEXT)",
    },
    Engine.SPARK: {
        "LW_MICROS": "unix_micros({0})",
        "LW_MOMENT": "timestamp_micros({0})",
        "LW_CASE_NUMBER": "client",
        "LW_FLOOR": "(({0}) div ({1}))",
        "LW_SORTED": "{0}",
        "LW_DATA": "try_parse_json({0})",
        "LW_TEXT": "CASE WHEN schema_of_variant(variant_get({0}, '$.' || {1}, 'variant')) = 'STRING' "
        "THEN variant_get({0}, '$.' || {1}, 'string') END",
        "LW_INTEGER": "CASE WHEN schema_of_variant(variant_get({0}, '$.' || {1}, 'variant')) = 'BIGINT' "
        "AND length(variant_get({0}, '$.' || {1}, 'string')) <= 18 THEN variant_get({0}, '$.' || {1}, 'bigint') END",
        "LW_BOOLEAN": "CASE WHEN schema_of_variant(variant_get({0}, '$.' || {1}, 'variant')) = 'BOOLEAN' "
        "THEN variant_get({0}, '$.' || {1}, 'boolean') END",
        "LW_LISTED": "to_json(variant_get({0}, '$.' || {1}, 'variant'))",
    },
}


def render(text: str, engine: Engine) -> str:
    """Canonical SQL as one engine reads it."""
    tree = sqlglot.parse_one(text, read="duckdb")

    def meant(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous) and (meaning := _MEANING[engine].get(node.name.upper())):
            arguments = [
                argument.transform(meant, copy=False).sql(dialect=engine.value, copy=False)
                for argument in node.expressions
            ]
            return sqlglot.parse_one(meaning.format(*arguments), read=engine.value)
        if engine is Engine.POSTGRES and isinstance(node, exp.Window) and isinstance(node.this, exp.IgnoreNulls):
            return _last_known(node)
        return node

    return tree.transform(meant, copy=False).sql(dialect=engine.value, copy=False)


def _last_known(window: exp.Window) -> exp.Expr:
    """`LAST_VALUE(x IGNORE NULLS)`, which PostgreSQL has not: the last of all known values so far."""
    known = window.copy()
    value = known.this.this.this.sql(dialect="postgres")
    known.set("this", exp.Placeholder())
    over = known.sql(dialect="postgres").partition(" OVER ")[2]
    gathered = f"ARRAY_AGG({value}) FILTER (WHERE {value} IS NOT NULL) OVER {over}"
    return sqlglot.parse_one(f"({gathered})[CARDINALITY({gathered})]", read="postgres")
