"""No count from 1 to 10 is published, nor anything from which one can be derived (N-01, T8)."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leeward.evidence.errors import DoesNotAddUp, ImpossibleFigures, ThresholdTooLow, Uncleared
from leeward.evidence.protection import Sum, audit, hide, ranges
from leeward.evidence.suppression import SUPPRESSED, Count, Ledger, Raw
from leeward.evidence.tables import suppress_after, suppress_table, table_cells, totals_of
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import audit_many, hide_many

K = Threshold()

cells = st.one_of(st.just(0), st.integers(1, 10), st.integers(11, 14), st.integers(0, 300))
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=5)
)


def test_n_01_the_threshold_can_be_raised_and_never_lowered() -> None:
    assert Threshold(20).is_small(19)
    with pytest.raises(ThresholdTooLow):
        Threshold(10)


def test_n_01_a_count_from_one_to_ten_cannot_even_be_made() -> None:
    assert str(Count(0)) == "0"
    assert str(Count(11)) == "11"
    for value in (*range(1, 11), -3):
        with pytest.raises(Uncleared):
            Count(value)


def test_n_01_an_uncleared_count_refuses_every_way_of_printing_it() -> None:
    raw = Raw(5, 5)
    for attempt in (str, format, lambda value: f"{value}", lambda value: f"{value:>4}"):
        with pytest.raises(Uncleared):
            attempt(raw)
    assert "5" not in repr(raw)


def test_n_01_a_template_that_prints_an_uncleared_count_fails() -> None:
    from django.template import engines

    template = engines["django"].from_string("{{ raw }}")
    with pytest.raises(Uncleared):
        template.render({"raw": Raw(5, 5)})
    assert engines["django"].from_string("{{ raw.value }}{{ raw.people }}").render({"raw": Raw(5, 5)}) == ""


def test_n_01_the_worked_row_hides_a_second_cell() -> None:
    values, sums = {"a": 40, "b": 5, "c": 30, "total": 75}, [Sum("total", ("a", "b", "c"))]
    assert hide(values, sums, K) == {"b", "c"}
    found = ranges(values, sums, {"b", "c"})["b"]
    assert (found.least, found.most) == (0, 35)
    assert audit(values, {"b"}, sums, K).keys() == {"b"}


def test_n_01_with_two_columns_the_same_holds_down_each() -> None:
    shown = suppress_table([[40, 40], [5, 60], [30, 20]], K)
    assert shown.cells[1][0] is SUPPRESSED
    assert shown.total == Count(195)
    for column in range(2):
        assert sum(row[column] is SUPPRESSED for row in shown.cells) != 1
    for row in shown.cells:
        assert sum(cell is SUPPRESSED for cell in row) != 1


def test_n_01_two_small_cells_whose_sum_is_small_too_hide_a_third() -> None:
    values, sums = {"a": 2, "b": 3, "c": 90, "d": 50, "total": 145}, [Sum("total", ("a", "b", "c", "d"))]
    assert hide(values, sums, K) == {"a", "b", "d"}


def test_n_01_a_zero_is_shown_and_never_hides_another() -> None:
    values, sums = {"a": 0, "b": 5, "c": 0, "total": 5}, [Sum("total", ("a", "b", "c"))]
    assert hide(values, sums, K) == {"b", "total"}


def test_n_01_many_rows_of_few_people_count_as_few() -> None:
    values, sums = {"met": 40, "late": 30, "due": 70}, [Sum("due", ("met", "late"))]
    assert hide(values, sums, K, people={"met": 3, "late": 20, "due": 21}) >= {"met"}
    assert "late" in hide(values, sums, K, people={"met": 3, "late": 20, "due": 21})


def test_n_01_successive_losses_of_a_flow_cannot_be_subtracted() -> None:
    values = {"seen": 200, "asked": 150, "lost1": 50, "screened": 146, "lost2": 4, "linked": 120, "lost3": 26}
    sums = [
        Sum("seen", ("asked", "lost1")),
        Sum("asked", ("screened", "lost2")),
        Sum("screened", ("linked", "lost3")),
    ]
    hidden = hide(values, sums, K)
    assert "lost2" in hidden
    assert {"asked", "screened"} & hidden
    assert audit(values, hidden, sums, K) == {}


@example([[11, 0, 0], [1, 4, 8], [0, 2, 11], [2, 11, 2]])  # the solver stopped on its way here
@given(tables)
def test_n_01_nothing_hidden_in_a_table_can_be_derived(rows: list[list[int]]) -> None:
    values, sums = table_cells(rows)
    hidden = hide(values, sums, K)
    assert all(name in hidden for name, value in values.items() if 0 < value < K.k)
    assert not any(values[name] == 0 for name in hidden)
    assert audit(values, hidden, sums, K) == {}


@example([[11, 0], [0, 0], [3, 9]])  # one sum leaves a small cell just room enough
@settings(max_examples=40)
@given(tables)
def test_n_01_nothing_is_hidden_that_need_not_be(rows: list[list[int]]) -> None:
    values, sums = table_cells(rows)
    hidden = hide(values, sums, K)
    for name in hidden:
        if values[name] >= K.k:
            assert not could_be_shown(name, values, sums, hidden), f"{name} could be shown"


def could_be_shown(name: str, values: Mapping[str, int], sums: Sequence[Sum], hidden: frozenset[str]) -> bool:
    """Whether showing a large cell, and the large ones that then follow, gives no small one away."""
    shown = {name}
    while exposed := set(audit(values, hidden - shown, sums, K)):
        if any(values[cell] < K.k for cell in exposed):
            return False
        shown |= exposed
    return True


def test_n_01_a_hierarchy_keeps_what_its_subtotals_permit() -> None:
    values = {"recovered": 105, "improved": 159, "unchanged": 1374, "deteriorated": 2, "harmed": 2}
    values |= {"better": 264, "worse": 4, "all": 1642}
    sums = [
        Sum("all", ("recovered", "improved", "unchanged", "deteriorated", "harmed")),
        Sum("better", ("recovered", "improved")),
        Sum("worse", ("deteriorated", "harmed")),
    ]
    hidden = hide(values, sums, K, importance={"all": 3, "better": 1, "worse": 1})
    assert hidden == {"deteriorated", "harmed", "worse", "unchanged"}


@settings(max_examples=40)
@given(tables, st.data())
def test_n_01_a_small_count_that_is_never_printed_cannot_be_derived_either(
    rows: list[list[int]], data: st.DataObject
) -> None:
    values, sums = table_cells(rows)
    unprinted = data.draw(st.sets(st.sampled_from(sorted(values)), max_size=4))
    hidden = hide(values, sums, K, unprinted=unprinted)
    assert not hidden & unprinted
    assert audit(values, hidden, sums, K, unprinted=unprinted) == {}


@settings(max_examples=40)
@given(tables)
def test_n_01_the_truth_lies_in_every_range(rows: list[list[int]]) -> None:
    values, sums = table_cells(rows)
    for name, found in ranges(values, sums, hide(values, sums, K)).items():
        assert found.least <= values[name] <= found.most


@settings(max_examples=40)
@given(tables, st.data())
def test_n_01_adding_a_total_never_reveals(rows: list[list[int]], data: st.DataObject) -> None:
    values, sums = table_cells(rows)
    parts = data.draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4, unique=True))
    values = {**values, "extra": sum(values[part] for part in parts)}
    sums = [*sums, Sum("extra", tuple(parts))]
    assert audit(values, hide(values, sums, K), sums, K) == {}


@given(st.integers(11, 400), st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_n_01_no_flow_gives_a_small_loss_away(seen: int, shares: Sequence[float]) -> None:
    values: dict[str, int] = {"0": seen}
    sums: list[Sum] = []
    for number, share in enumerate(shares):
        values[str(number + 1)] = round(values[str(number)] * share)
        values[f"lost{number}"] = values[str(number)] - values[str(number + 1)]
        sums.append(Sum(str(number), (str(number + 1), f"lost{number}")))
    hidden = hide(values, sums, K)
    assert audit(values, hidden, sums, K) == {}
    assert brute_force_secrets(values, sums, hidden) == set()


def brute_force_secrets(values: Mapping[str, int], sums: Sequence[Sum], hidden: frozenset[str]) -> set[str]:
    """Hidden cells that repeated subtraction of shown ones gives away."""
    known = {name for name in values if name not in hidden}
    while True:
        fresh = {
            name for each in sums for name in each.cells if name not in known and len(set(each.cells) - known) == 1
        }
        if not fresh:
            return known & hidden
        known |= fresh


def test_sums_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DoesNotAddUp):
        hide({"a": 20, "b": 30, "total": 51}, [Sum("total", ("a", "b"))], K)
    ledger = Ledger()
    ledger.count("a", 20)
    ledger.count("total", 21)
    with pytest.raises(DoesNotAddUp):
        ledger.sum("total", "a")


def test_ragged_and_negative_tables_are_refused() -> None:
    with pytest.raises(ImpossibleFigures):
        suppress_table([[1, 2], [3]], K)
    with pytest.raises(ImpossibleFigures):
        suppress_table([[-5, 30]], K)


def test_a_share_shows_numerator_denominator_and_interval_or_nothing() -> None:
    ledger = Ledger()
    whole = ledger.count("whole", 100)
    plenty, most = ledger.split(whole, "plenty", 60), ledger.split(whole, "most", 96)
    cleared = ledger.clear(K)
    shown = cleared.share(plenty, whole)
    assert (shown.count, shown.of) == (Count(60), Count(100))
    assert shown.estimate is not None
    assert shown.estimate.n == 100
    hidden = cleared.share(most, whole)
    assert hidden.count is SUPPRESSED
    assert hidden.estimate is None


def test_a_share_without_its_rest_in_the_ledger_is_refused_rather_than_printed() -> None:
    ledger = Ledger()
    whole, most = ledger.count("whole", 100), ledger.count("most", 96)
    with pytest.raises(Uncleared):
        ledger.clear(K).share(most, whole)


def test_a_higher_threshold_hides_more() -> None:
    ledger = Ledger()
    ledger.count("a", 15)
    assert ledger.clear(Threshold(11))["a"] == Count(15)
    assert ledger.clear(Threshold(20))["a"] is SUPPRESSED


def test_a_cell_that_cannot_be_is_refused() -> None:
    ledger = Ledger()
    ledger.count("a", 15)
    for name, value, people in (("a", 15, 15), ("b", -1, -1), ("c", 5, 6), ("d", 5, 0)):
        with pytest.raises(ImpossibleFigures):
            ledger.count(name, value, people=people)


@settings(max_examples=60)
@example([[8, 11], [0, 0], [8, 3], [1, 12], [8, 0]])  # and here, on every walk but a new one
@given(tables)
def test_n_01_what_the_quick_search_hides_stands_before_the_slow_audit(rows: list[list[int]]) -> None:
    values, sums = table_cells(rows)
    hidden = hide_many(values, sums, K)
    assert audit(values, hidden, sums, K) == {}
    assert audit_many(values, hidden, sums, K).exposed == ()


@settings(max_examples=20)
@given(tables, st.data())
def test_n_01_the_quick_audit_finds_what_the_slow_one_finds(rows: list[list[int]], data: st.DataObject) -> None:
    values, sums = table_cells(rows)
    hidden = hide(values, sums, K)
    if not hidden:
        return
    shown = data.draw(st.sets(st.sampled_from(sorted(hidden)), max_size=2))
    fewer = hidden - shown
    bare = {name for name in shown if K.is_small(values[name])}
    assert set(audit_many(values, fewer, sums, K).exposed) == bare | audit(values, fewer, sums, K).keys()


def test_n_01_a_large_table_is_hidden_and_proven() -> None:
    chance = np.random.default_rng(3)
    rows = chance.negative_binomial(0.8, 0.02, (40, 20)).tolist()
    cleared = suppress_table(rows, K)
    values, _ = table_cells(rows)
    assert cleared.proof.exposed == ()
    assert {name for name, value in values.items() if K.is_small(value)} <= cleared.proof.hidden
    for name, (least, most) in cleared.proof.between.items():
        assert least <= values[name] <= most
        assert most - least > K.k or (least < 1 and most >= K.k)


growing = st.integers(1, 3).flatmap(
    lambda width: st.lists(
        st.lists(st.tuples(cells, st.integers(0, 30), st.integers(0, 30)), min_size=width, max_size=width),
        min_size=1,
        max_size=3,
    )
)


def given_away(tables: list[list[list[int]]]) -> set[str]:
    """What the auditor finds who has all tables as published, and knows that each contains those before it."""
    values: dict[str, int] = {}
    sums: list[Sum] = []
    gone: set[str] = set()
    for number, rows in enumerate(tables):
        named, links = table_cells(rows)
        values |= {f"{number} {name}": value for name, value in named.items()}
        sums += [Sum(f"{number} {each.total}", tuple(f"{number} {part}" for part in each.parts)) for each in links]
        gone |= {f"{number} {name}" for name in suppress_after(rows, tables[:number], K).proof.hidden}
    between: set[str] = set()
    for one, other in combinations(range(len(tables)), 2):
        for name in table_cells(tables[0])[0]:
            change = f"{one}-{other} {name}"
            between.add(change)
            values[change] = values[f"{other} {name}"] - values[f"{one} {name}"]
            sums.append(Sum(f"{other} {name}", (f"{one} {name}", change)))
    return {name for name in audit(values, gone, sums, K, unprinted=between) if K.is_small(values[name])}


@settings(max_examples=12)
@given(growing, st.integers(2, 3))
def test_n_01_nothing_small_can_be_derived_from_the_difference_of_two_reports_or_three(
    grown: list[list[tuple[int, int, int]]], reports: int
) -> None:
    tables = [[[sum(cell[: number + 1]) for cell in row] for row in grown] for number in range(reports)]
    assert given_away(tables) == set()


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param([[[40, 12, 12]], [[43, 15, 42]], [[55, 15, 54]]], id="what did not change since the second"),
        pytest.param([[[0], [5], [20]], [[15], [10], [20]], [[30], [15], [32]]], id="what both of them hid"),
        pytest.param([[[12], [20]], [[17], [23]], [[29], [23]]], id="what the second alone hid"),
    ],
)
def test_n_02_a_third_table_is_guarded_against_the_first(tables: list[list[list[int]]]) -> None:
    """Each shows too much if it is guarded against the table before it alone, taken as if that stood alone."""
    assert given_away(tables) == set()


def test_n_01_a_table_that_may_stand_alone_may_not_stand_beside_its_predecessor() -> None:
    earlier, later = [[40, 60], [50, 70]], [[43, 75], [50, 70]]
    assert suppress_table(later, K).n_hidden == 0
    assert "0,0" in suppress_after(later, [earlier], K).proof.hidden


def test_tables_that_can_not_be_compared_are_refused() -> None:
    with pytest.raises(ImpossibleFigures, match="shape"):
        suppress_after([[20, 30]], [[[20], [30]]], K)
    with pytest.raises(ImpossibleFigures, match="smaller than in the earlier"):
        suppress_after([[20, 30]], [[[21, 30]]], K)


def test_totals_that_do_not_add_up_are_named() -> None:
    assert totals_of([[20, 30, 50], [5, 6, 11], [25, 36, 61]]) == [[20, 30], [5, 6]]
    with pytest.raises(DoesNotAddUp, match="Row 2: the cells make 11, its total says 12"):
        totals_of([[20, 30, 50], [5, 6, 12], [25, 36, 62]])
    with pytest.raises(DoesNotAddUp, match="Column 1"):
        totals_of([[20, 30, 50], [5, 6, 11], [26, 35, 61]])
    with pytest.raises(ImpossibleFigures):
        totals_of([[20, 30]])
