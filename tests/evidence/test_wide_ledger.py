"""The ledger for thousands of counts: by the word of an independent auditor it gives no small one away."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leeward.evidence.errors import ImpossibleFigures
from leeward.evidence.suppression import Count, Ledger, Suppressed
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import WideLedger

COUNTS = st.one_of(st.integers(0, 14), st.integers(0, 80), st.just(0))


def table(ledger: Ledger, due: list[list[int]], met: list[list[int]]) -> None:
    """Due, met and missed by step and month, with the totals of each step, of each month, and of all."""
    steps, months = range(len(due)), range(len(due[0]))
    groups = {f"{step},{month}": [(step, month)] for step, month in product(steps, months)}
    groups |= {f"{step},+": [(step, month) for month in months] for step in steps}
    groups |= {f"+,{month}": [(step, month) for step in steps] for month in months}
    groups["+,+"] = list(product(steps, months))
    for name, cells in groups.items():
        whole = sum(due[step][month] for step, month in cells)
        done = sum(met[step][month] for step, month in cells)
        for measure, value in (("due", whole), ("met", done), ("missed", whole - done)):
            ledger.count(f"{name}:{measure}", value, printed=measure != "missed")
        ledger.sum(f"{name}:due", f"{name}:met", f"{name}:missed")
    for measure in ("due", "met", "missed"):
        for step in steps:
            ledger.sum(f"{step},+:{measure}", *(f"{step},{month}:{measure}" for month in months))
        for month in months:
            ledger.sum(f"+,{month}:{measure}", *(f"{step},{month}:{measure}" for step in steps))
        ledger.sum(f"+,+:{measure}", *(f"{step},+:{measure}" for step in steps))
        ledger.sum(f"+,+:{measure}", *(f"+,{month}:{measure}" for month in months))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]]]:
    steps, months = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    due = [[draw(COUNTS) for _ in range(months)] for _ in range(steps)]
    met = [[value - min(value, draw(COUNTS)) for value in row] for row in due]
    return due, met


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from((11, 20)))
def test_the_auditor_can_work_out_no_small_count(made: tuple[list[list[int]], list[list[int]]], k: int) -> None:
    ledger = WideLedger()
    table(ledger, *made)
    cleared = ledger.clear(Threshold(k))
    exposed = [name for name in ledger.exposed(cleared) if ledger._cells[name]._value < k]
    assert exposed == []
    assert not [cell for cell in cleared.shown.values() if isinstance(cell, Count) and 0 < cell.value < k]


def test_large_counts_are_all_shown() -> None:
    ledger = WideLedger()
    table(ledger, [[40, 60], [30, 90]], [[20, 30], [15, 45]])
    assert ledger.clear(Threshold()).n_hidden == 0


def test_zeros_are_shown() -> None:
    ledger = WideLedger()
    table(ledger, [[0, 60], [5, 90]], [[0, 30], [5, 45]])
    assert ledger.clear(Threshold())["0,0:due"] == Count(0)


def test_equal_counts_are_cleared_equally() -> None:
    def cleared() -> object:
        ledger = WideLedger()
        table(ledger, [[4, 60, 12], [30, 7, 25]], [[1, 30, 12], [15, 4, 20]])
        return ledger.clear(Threshold()).shown

    assert cleared() == cleared()


def test_few_people_behind_many_openings_are_small() -> None:
    ledger = WideLedger()
    ledger.count("whole", 60, people=40)
    ledger.split("whole", "part", 30, people=3, rest=25)
    cleared = ledger.clear(Threshold())
    assert isinstance(cleared["part"], Suppressed)
    assert ledger.exposed(cleared) == {}


def test_a_count_without_any_sum_is_cleared_by_its_size() -> None:
    ledger = WideLedger()
    ledger.count("few", 3)
    ledger.count("many", 30)
    cleared = ledger.clear(Threshold())
    assert (cleared["few"], cleared["many"]) == (Suppressed(), Count(30))


def test_what_is_printed_elsewhere_stays_and_what_is_hidden_there_too() -> None:
    ledger = WideLedger()
    table(ledger, [[4, 60, 12], [30, 40, 25]], [[4, 60, 12], [30, 40, 25]])
    free = ledger.clear(Threshold())
    kept = next(
        name for name, cell in free.shown.items() if isinstance(cell, Suppressed) and ledger._cells[name]._value > 10
    )
    assert isinstance(free[kept], Suppressed)
    bound = ledger.clear(Threshold(), known=[kept], stay=["+,+:due"])
    assert isinstance(bound[kept], Count)
    assert isinstance(bound["+,+:due"], Suppressed)
    assert [name for name in ledger.exposed(bound) if ledger._cells[name]._value < 11] == []


def test_a_small_count_that_is_printed_elsewhere_is_a_defect() -> None:
    ledger = WideLedger()
    ledger.count("few", 3)
    with pytest.raises(ImpossibleFigures):
        ledger.clear(Threshold(), known=["few"])


def test_what_can_not_be_protected_is_refused_rather_than_printed() -> None:
    ledger = WideLedger()
    ledger.count("whole", 43)
    ledger.split("whole", "part", 40)
    with pytest.raises(ImpossibleFigures):
        ledger.clear(Threshold(), known=["whole", "part"])


def test_where_zeros_would_tell_too_much_the_group_is_withheld_zeros_and_all() -> None:
    """Nine months of one or two make 17, which is printed elsewhere: who sees the zeros of the others knows each to
    be nine at most."""
    months = [0, 2, 1, 2, 0, 1, 1, 1, 1, 4, 0, 4]
    ledger = WideLedger()
    ledger.count("year", sum(months))
    for number, value in enumerate(months):
        ledger.count(f"month {number}", value)
    ledger.sum("year", *(f"month {number}" for number in range(len(months))))
    with pytest.raises(ImpossibleFigures):
        ledger.clear(Threshold(), known=["year"])
    ledger.group("months", [f"month {number}" for number in range(len(months))])
    cleared = ledger.clear(Threshold(), known=["year"])
    assert set(cleared.shown) == {"year"}
    assert ledger.exposed(cleared) == {}
