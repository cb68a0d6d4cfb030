"""Conditions: the permitted subset, three-valued logic, and the same answer as a database gives."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward.rules.conditions import Named, Truth, Type, Value, parse_condition, possible
from leeward.rules.errors import ConditionError

NAMES = {
    "age": Named(Type.INTEGER),
    "is_minor": Named(Type.BOOLEAN),
    "suspected": Named(Type.BOOLEAN),
    "screening": Named(Type.TEXT, ("positive", "negative")),
    "county": Named(Type.TEXT),
    "until": Named(Type.DATE),
    "needs": Named(Type.LIST),
}


@pytest.mark.parametrize(
    ("text", "values", "truth"),
    [
        ("age < 18 AND screening = 'positive'", {"age": 17, "screening": "positive"}, True),
        ("age < 18 AND screening = 'positive'", {"age": 17}, None),
        ("age < 18 AND screening = 'positive'", {"age": 18}, False),
        ("age < 18 OR screening = 'positive'", {"age": 17}, True),
        ("age < 18 OR screening = 'positive'", {"age": 18}, None),
        ("NOT is_minor", {}, None),
        ("is_minor IS NULL", {}, True),
        ("is_minor IS NOT NULL", {}, False),
        ("age IN (16, 17)", {"age": 17}, True),
        ("age NOT IN (16, 17)", {"age": 17}, False),
        ("age NOT IN (16, 17)", {}, None),
        ("age = -1", {"age": -1}, True),
        ("until < '2026-02-01'", {"until": "2026-01-31"}, True),
        ("county = 'Jeff Davis''s'", {"county": "Jeff Davis's"}, True),
        ("(is_minor = TRUE) AND NOT (suspected <> is_minor)", {"is_minor": True, "suspected": True}, True),
    ],
)
def test_a_condition_means_what_sql_says(text: str, values: dict[str, Value], truth: Truth) -> None:
    assert parse_condition(text, NAMES).evaluate(values) is truth


def test_only_certainly_true_opens_a_door() -> None:
    condition = parse_condition("is_minor", NAMES)
    assert condition.holds({"is_minor": True})
    assert not condition.holds({})


def test_a_value_of_the_wrong_type_is_unknown() -> None:
    assert parse_condition("age = 1", NAMES).evaluate({"age": True}) is None
    assert parse_condition("age = 1", NAMES).evaluate({"age": "1"}) is None
    assert parse_condition("until = '2026-01-01'", NAMES).evaluate({"until": "soon"}) is None


def test_the_names_that_a_condition_uses_are_listed_once() -> None:
    assert parse_condition("age < 18 AND is_minor OR age IS NULL", NAMES).names == ("age", "is_minor")


@pytest.mark.parametrize(
    ("text", "complaint", "way_out"),
    [
        ("minor", "not known here", "is_minor"),
        ("age", "neither true nor false", "age ="),
        ("age = '17'", "compares integer with text", "quotes"),
        ("screening = 'pos'", "never holds", "positive, negative"),
        ("county < 'M'", "sort those differently", "IN"),
        ("needs = 'a'", "is a list", "lists"),
        ("age = NULL", "never true", "IS NULL"),
        ("is_minor IS TRUE", "IS", "just `x`"),
        ("age IN (SELECT 1)", "subquery", "List the values"),
        ("EXISTS (SELECT 1)", "query of its own", "Use names"),
        ("length(county) = 1", "calls a function", "Use names"),
        ("CAST(age AS TEXT) = '1'", "calls a function", "Use names"),
        ("CURRENT_DATE > until", "calls a function", "Use names"),
        ("age BETWEEN 1 AND 2", "conditions don't have", "Use names"),
        ("county LIKE 'F%'", "conditions don't have", "Use names"),
        ("age + 1 = 2", "conditions don't have", "Use names"),
        ("age = 1.5", "not a whole number", "whole numbers"),
        ("until = 'tomorrow'", "compares a date", "2026-11-23"),
        ("facts.age = 1", "conditions don't have", "Use names"),
        ("is_minor; DROP TABLE client", "not one condition", "Use names"),
        ("is_minor -- really", "comment", "#"),
        ("is_minor AND", "can't be read", "Use names"),
        ("", "not one condition", "Use names"),
        ("(" * 60 + "is_minor" + ")" * 60, "too many brackets", "two steps"),
        ("is_minor OR " * 200 + "is_minor", "longer than", "two steps"),
    ],
)
def test_what_is_not_permitted_is_refused_with_a_way_out(text: str, complaint: str, way_out: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse_condition(text, NAMES)
    assert complaint in str(refused.value)
    assert way_out in refused.value.hint


@pytest.mark.parametrize(
    "text", ["is_minor AND NOT is_minor", "age < 1 AND age > 3", "screening = 'positive' AND screening IS NULL"]
)
def test_a_condition_that_can_never_be_true_is_recognised(text: str) -> None:
    assert not possible(parse_condition(text, NAMES), NAMES)


@pytest.mark.parametrize("text", ["is_minor", "age > 1 AND age < 3", "county <> 'Forrest'", "until > '2026-01-01'"])
def test_a_condition_that_can_be_true_is_possible(text: str) -> None:
    assert possible(parse_condition(text, NAMES), NAMES)


def conditions() -> st.SearchStrategy[str]:
    numbers = st.integers(-2, 3).map(str)
    compared = st.tuples(
        st.sampled_from(["age", *map(str, range(3))]), st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), numbers
    ).map(" ".join)
    words = st.sampled_from(["screening = 'positive'", "screening <> 'negative'", "county = 'O''Neal'", "county = ''"])
    lists = st.lists(numbers, min_size=1, max_size=3).map(lambda listed: f"age IN ({', '.join(listed)})")
    dates = st.sampled_from(["until > '2026-01-01'", "until = '2026-01-01'", "until <> '2026-01-02'"])
    truths = st.sampled_from(["is_minor", "suspected", "is_minor = suspected", "is_minor <> TRUE", "FALSE"])
    nulls = st.sampled_from(["age", "screening", "is_minor"]).flatmap(
        lambda name: st.sampled_from([f"{name} IS NULL", f"{name} IS NOT NULL"])
    )
    return st.recursive(
        st.one_of(compared, words, lists, dates, truths, nulls),
        lambda inner: st.one_of(
            inner.map(lambda text: f"NOT ({text})"),
            st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        ),
        max_leaves=8,
    )


CASES = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(-2, 3),
        "is_minor": st.none() | st.booleans(),
        "suspected": st.none() | st.booleans(),
        "screening": st.sampled_from([None, "positive", "negative"]),
        "county": st.sampled_from([None, "O'Neal", "", "Forrest"]),
        "until": st.sampled_from([None, "2026-01-01", "2026-01-02"]),
    }
)


@given(text=conditions(), case=CASES)
def test_a_database_gives_the_same_answer(text: str, case: dict[str, Value]) -> None:
    condition = parse_condition(text, NAMES)
    query = (
        f"SELECT {condition.expression.sql(dialect='duckdb')} FROM (SELECT $age::BIGINT AS age, "
        "$is_minor::BOOLEAN AS is_minor, $suspected::BOOLEAN AS suspected, $screening::TEXT AS screening, "
        "$county::TEXT AS county, $until::DATE AS until)"
    )
    with duckdb.connect() as database:
        answer = database.execute(query, case).fetchone()
    assert answer == (condition.evaluate(case),)
