"""The quick way, one solver that walks on from answer to answer, says what the plain way says: a program for each
question, made anew."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from leeward.evidence.programs import Program
from leeward.evidence.protection import Sum, audit
from leeward.evidence.suppression import Count, Ledger
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import WideLedger, audit_many

K = Threshold(11)
COUNTS = st.one_of(st.integers(0, 14), st.integers(0, 80), st.just(0))


@st.composite
def linked(draw: st.DrawFn) -> tuple[dict[str, int], list[Sum], frozenset[str]]:
    """Some people told by two or three features, each with its totals, and some totals told once more by a coarser
    grouping; and what of it is never printed."""
    size = draw(st.integers(3, 9))
    values = {f"cell {number}": draw(COUNTS) for number in range(size)}
    sums: list[Sum] = []
    for feature in range(draw(st.integers(2, 3))):
        groups = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
        totals = []
        for group in sorted(set(groups)):
            parts = tuple(f"cell {number}" for number in range(size) if groups[number] == group)
            totals.append(f"{feature}.{group}")
            values[totals[-1]] = sum(values[part] for part in parts)
            sums.append(Sum(totals[-1], parts))
        values["all"] = sum(values[total] for total in totals)
        sums.append(Sum("all", tuple(totals)))
    unprinted = draw(st.frozensets(st.sampled_from(sorted(values)), max_size=3))
    return values, sums, unprinted


def entered(ledger: Ledger, made: tuple[dict[str, int], list[Sum], frozenset[str]]) -> Ledger:
    values, sums, unprinted = made
    for name, value in values.items():
        ledger.count(name, value, printed=name not in unprinted)
    for each in sums:
        ledger.sum(each.total, *each.parts)
    return ledger


@settings(max_examples=40, deadline=None)
@given(linked(), st.data())
def test_n_01_the_quick_verdict_on_linked_tables_is_the_plain_one(
    made: tuple[dict[str, int], list[Sum], frozenset[str]], data: st.DataObject
) -> None:
    """Whatever hides, well chosen or badly: both name the same cells as given away."""
    values, sums, unprinted = made
    small = {name for name, value in values.items() if K.is_small(value)}
    more = data.draw(st.frozensets(st.sampled_from(sorted(values)), max_size=6))
    hidden = {name for name in small | more if values[name] > 0} - unprinted
    quick = audit_many(values, hidden, sums, K, unprinted=unprinted)
    assert set(quick.exposed) == set(audit(values, hidden, sums, K, unprinted=unprinted))


@settings(max_examples=40, deadline=None)
@given(linked(), st.booleans())
def test_n_01_the_plain_audit_finds_nothing_in_what_the_quick_search_shows(
    made: tuple[dict[str, int], list[Sum], frozenset[str]], is_wide: bool
) -> None:
    values, _, _ = made
    made = (*made[:2], frozenset())
    ledger = entered(WideLedger() if is_wide else Ledger(), made)
    cleared = ledger.clear(K)
    assert [name for name in ledger.exposed(cleared) if K.is_small(values[name])] == []
    assert not [cell for cell in cleared.shown.values() if isinstance(cell, Count) and K.is_small(cell.value)]


@settings(max_examples=30, deadline=None)
@given(linked(), st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans()), min_size=2, max_size=8))
def test_an_answer_does_not_depend_on_the_questions_before_it(
    made: tuple[dict[str, int], list[Sum], frozenset[str]], questions: list[tuple[int, bool]]
) -> None:
    values, sums, _ = made
    places = {name: place for place, name in enumerate(values)}
    truth = np.array(list(values.values()), dtype=np.float64)
    program = Program(len(values), [[places[name] for name in (each.total, *each.parts)] for each in sums])
    matrix = np.zeros((len(sums), len(values)))
    for row, each in enumerate(sums):
        np.add.at(matrix[row], [places[part] for part in each.parts], 1)
        matrix[row, places[each.total]] -= 1
    for seed, is_single in questions:
        chance = np.random.default_rng(seed)
        goal = chance.uniform(-1, 1, truth.size)
        if is_single:
            goal = np.eye(truth.size)[chance.integers(truth.size)]
        known = chance.uniform(size=truth.size) < 0.3
        floors, ceilings = np.where(known, truth, np.minimum(truth, 1)), np.where(known, truth, 1000)
        plain = linprog(-goal, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=np.c_[floors, ceilings], method="highs")
        found = program.farthest(goal, floors, ceilings).numbers
        assert abs(goal @ found + plain.fun) < 1e-4
        assert np.abs(matrix @ found).max() < 1e-4
        assert (found >= floors - 1e-5).all()
        assert (found <= ceilings + 1e-5).all()
