"""C-08 The table laid out one regime at a time means what `rule` means, for every set of regimes."""

import os
from itertools import chain, combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leeward import catalogue
from leeward.rules.consent import (
    NAMED_BY_EVERY_GRANT,
    DataClass,
    Law,
    Outcome,
    OutcomeUnderRegime,
    Purpose,
    RecipientKind,
    Regime,
    outcomes_by_regime,
    rule,
)

from .random_laws import random_laws

LAW = catalogue.law()
IS_FULL = os.environ.get("LEEWARD_FULL") == "yes"
SETS = [
    frozenset(some) for some in chain.from_iterable(combinations(Regime, size) for size in range(1, len(Regime) + 1))
]
Cell = tuple[DataClass, RecipientKind, Purpose]
Laid = dict[tuple[DataClass, Regime, RecipientKind, Purpose], OutcomeUnderRegime]


def laid_out(law: Law, duty: str | None) -> Laid:
    rows = outcomes_by_regime(law, duty=duty)
    by_key = {(row.data_class, row.regime, row.recipient_kind, row.purpose): row for row in rows}
    assert len(by_key) == len(rows)
    return by_key


def over_sets(laid: Laid, cell: Cell, regimes: frozenset[Regime]) -> tuple[Outcome | None, frozenset[str]]:
    """The evaluation that the rows promise, over all regimes of a holder at once."""
    data_class, recipient_kind, purpose = cell
    found = [laid.get((data_class, regime, recipient_kind, purpose)) for regime in regimes]
    known = [row for row in found if row is not None]
    if not known or (len(known) < len(found) and all(row.outcome is not Outcome.NEVER for row in known)):
        return None, frozenset()
    strictest = max(row.outcome for row in known)
    return strictest, frozenset[str]().union(*(row.elements for row in known if row.outcome is strictest))


def by_rule(
    law: Law, cell: Cell, regimes: frozenset[Regime], duty: str | None
) -> tuple[Outcome | None, frozenset[str]]:
    data_class, recipient_kind, purpose = cell
    ruling = rule(law, data_class, regimes, recipient_kind, purpose, duty=duty)
    elements = ruling.authorisation.elements if ruling.authorisation else frozenset[str]()
    return ruling.outcome, elements - NAMED_BY_EVERY_GRANT


@pytest.mark.parametrize("duty", [None, *LAW.duties])
def test_c08_the_shipped_law_laid_out_equals_the_rule_over_the_whole_product(duty: str | None) -> None:
    laid = laid_out(LAW, duty)
    for cell, regimes in product(product(DataClass, RecipientKind, Purpose), SETS):
        assert over_sets(laid, cell, regimes) == by_rule(LAW, cell, regimes, duty), (cell, regimes)


@settings(max_examples=2_000 if IS_FULL else 40)
@given(
    random_laws(),
    st.lists(
        st.tuples(
            st.tuples(st.sampled_from(DataClass), st.sampled_from(RecipientKind), st.sampled_from(Purpose)),
            st.sampled_from(SETS),
        ),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([None, "child_report", "vulnerable_person_report", "another"]),
)
def test_c08_a_random_law_laid_out_equals_its_rule(
    law: Law, asked: list[tuple[Cell, frozenset[Regime]]], duty: str | None
) -> None:
    laid = laid_out(law, duty)
    for cell, regimes in asked:
        assert over_sets(laid, cell, regimes) == by_rule(law, cell, regimes, duty)


@settings(max_examples=1_000 if IS_FULL else 40)
@given(
    random_laws(),
    st.tuples(st.sampled_from(DataClass), st.sampled_from(RecipientKind), st.sampled_from(Purpose)),
    st.sampled_from([None, "child_report"]),
)
def test_c01_a_holder_of_no_regime_has_no_row_and_the_rule_says_no(law: Law, cell: Cell, duty: str | None) -> None:
    outcome, _ = by_rule(law, cell, frozenset(), duty)
    assert over_sets(laid_out(law, duty), cell, frozenset()) == (None, frozenset())
    assert outcome in (None, Outcome.NEVER)


def test_c01_each_row_names_the_row_of_the_law_that_decides() -> None:
    for laid in outcomes_by_regime(LAW):
        row = LAW.row(laid.law_row)
        assert row is not None
        assert row.outcome is laid.outcome
