"""Control charts, against the printed examples of Montgomery and series whose signals are plain to see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward.evidence.choices import Kind
from leeward.evidence.control import Chart, Rule, chart
from leeward.evidence.errors import ImpossibleFigures, NotEnough

from .published import column, needs_tables

# Montgomery, table 7.4: orders with faults; and table 7.10: faults on areas of cloth, in units of 50.
FAULTY = [12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9]
ORDERS = [100, 80, 80, 100, 110, 110, 100, 100, 90, 90, 110, 120, 120, 120, 110, 80, 80, 80, 90, 100, 100, 100, 100]
ORDERS += [90, 90]
FAULTS = [14, 12, 20, 11, 7, 10, 21, 16, 19, 23]
AREAS = [area / 50 for area in (500, 400, 650, 500, 475, 500, 600, 525, 600, 625)]


def positions(found: Chart, rule: Rule) -> list[int]:
    return [signal.position for signal in found.signals if signal.rule is rule]


def test_shares_of_unequal_groups_are_charted_as_printed() -> None:
    found = chart(Kind.P, FAULTY, ORDERS)
    assert found.centre == pytest.approx(0.0955102, abs=1e-7)
    for place, low, high in ((0, 0.00733469, 0.183686), (1, 0.0, 0.194093), (4, 0.01143815, 0.179582)):
        assert found.lower[place] == pytest.approx(low, abs=1e-6)
        assert found.upper[place] == pytest.approx(high, abs=1e-6)
    assert [(signal.position, signal.rule) for signal in found.signals] == [(11, Rule.BEYOND_LIMITS)]
    assert found.warnings == ()


def test_rates_are_charted_as_printed() -> None:
    found = chart(Kind.U, FAULTS, AREAS)
    assert found.centre == pytest.approx(1.423256, abs=1e-6)
    for place, low, high in ((0, 0.2914739, 2.555038), (1, 0.1578852, 2.688626), (2, 0.4306174, 2.415894)):
        assert found.lower[place] == pytest.approx(low, abs=1e-6)
        assert found.upper[place] == pytest.approx(high, abs=1e-6)
    assert "12 or more are advised" in found.warnings[0]


@needs_tables
def test_a_baseline_stays_frozen_while_the_process_gets_better() -> None:
    faulty, cans = column("spc/orangejuice.csv", "D"), column("spc/orangejuice.csv", "size")
    found = chart(Kind.P, faulty, cans, baseline=30)
    assert found.centre == pytest.approx(347 / 1500)
    assert found.lower[0] == pytest.approx(0.0524, abs=1e-4)
    assert found.upper[0] == pytest.approx(0.4102, abs=1e-4)
    assert positions(found, Rule.BEYOND_LIMITS) == [15, 23, 41]
    assert [(each.position, each.first, each.last) for each in found.signals if each.rule is Rule.RUN] == [(41, 34, 54)]


@needs_tables
def test_single_measurements_by_hand() -> None:
    cost = column("spc/xmr_cost.csv", "cost")
    found = chart(Kind.XMR, cost, baseline=20)
    ranges = np.abs(np.diff(cost[:20]))
    assert found.centre == pytest.approx(np.mean(cost[:20]))
    assert found.upper[0] == pytest.approx(np.mean(cost[:20]) + 2.66 * ranges.mean())
    assert found.moving_range is not None
    assert found.moving_range.upper == pytest.approx(3.267 * ranges.mean())
    assert positions(found, Rule.BEYOND_LIMITS) == [39, 40]
    assert positions(found, Rule.MOVING_RANGE) == [39]


def test_counts_by_period_are_never_expected_below_zero() -> None:
    found = chart(Kind.C, [4, 3, 5, 2, 4, 6, 3, 4, 5, 4, 2, 6])
    assert found.centre == 4
    assert found.lower[0] == 0
    assert found.upper[0] == pytest.approx(10)


CALM = [10.0, 11, 9, 10.5, 9.5, 11, 9, 10.5, 9.5, 10.5, 9.5, 10]


@pytest.mark.parametrize(
    ("more", "rule", "position"),
    [
        ([10.5] * 8, Rule.RUN, 20),
        ([9.0, 9.2, 9.4, 9.7, 10.2, 10.4, 10.6], Rule.TREND, 19),
        ([12.6, 10.2, 12.6], Rule.TWO_OF_THREE, 15),
        ([11.6, 11.6, 9.5, 11.6, 11.6], Rule.FOUR_OF_FIVE, 17),
        ([20.0], Rule.BEYOND_LIMITS, 13),
    ],
)
def test_each_rule_signals_where_it_is_first_met(more: list[float], rule: Rule, position: int) -> None:
    assert position in positions(chart(Kind.XMR, [*CALM, *more], baseline=12), rule)
    assert chart(Kind.XMR, CALM).signals == ()


def test_the_length_of_a_run_is_a_setting() -> None:
    seven = [*CALM, *[10.5] * 7]
    assert positions(chart(Kind.XMR, seven, baseline=12), Rule.RUN) == []
    assert positions(chart(Kind.XMR, seven, baseline=12, run_length=7), Rule.RUN) == [19]


def test_a_point_on_the_centre_neither_counts_nor_breaks_a_run() -> None:
    centre = chart(Kind.XMR, CALM).centre
    found = chart(Kind.XMR, [*CALM, *[10.5] * 4, centre, *[10.5] * 4], baseline=12)
    assert positions(found, Rule.RUN) == [21]


def test_the_runs_of_anhoej_need_what_qicharts2_needs() -> None:
    found = chart(Kind.XMR, [1.0, 2] * 14).runs
    assert (found.useful, found.longest_allowed, found.crossings_needed) == (28, 8, 9)
    assert (found.longest, found.crossings, found.is_signal) == (1, 27, False)
    assert chart(Kind.XMR, [*[1.0] * 14, *[2.0] * 13, 1.5]).runs.is_signal
    long = chart(Kind.XMR, [*[2.0] * 9, *[1.0, 2] * 9, 1.0]).runs
    assert (long.useful, long.longest, long.longest_allowed) == (28, 9, 8)
    assert long.crossings >= long.crossings_needed, "the run alone is the signal"
    assert long.is_signal


def test_laneys_limits_widen_where_large_groups_vary_by_more_than_chance() -> None:
    chance = np.random.default_rng(4)
    shares = chance.normal(0.3, 0.03, 40).clip(0.05, 0.6)
    events = [int(chance.binomial(5_000, share)) for share in shares]
    plain, corrected = (chart(Kind.P, events, [5_000] * 40, laney=on) for on in (False, True))
    assert len(positions(plain, Rule.BEYOND_LIMITS)) > 10
    assert len(positions(corrected, Rule.BEYOND_LIMITS)) <= 1
    assert corrected.laney is not None
    assert corrected.laney > 3
    z = (np.array(events) / 5_000 - plain.centre) / np.sqrt(plain.centre * (1 - plain.centre) / 5_000)
    assert corrected.laney == pytest.approx(np.abs(np.diff(z)).mean() / 1.128)


def test_a_period_without_anybody_is_a_gap_and_not_a_zero() -> None:
    found = chart(Kind.P, [3, 0, 4, 5, 3], [20, 0, 20, 20, 20])
    assert np.isnan(found.values[1])
    assert np.isnan(found.upper[1])
    assert found.centre == pytest.approx(15 / 80)
    assert any("left out" in warning for warning in found.warnings)


def test_few_expected_events_are_said() -> None:
    assert any("below 5" in warning for warning in chart(Kind.C, [1, 0, 2, 1] * 4).warnings)


@pytest.mark.parametrize(
    ("kind", "values", "sizes", "error"),
    [
        (Kind.P, [1], [9], NotEnough),
        (Kind.P, [0, 0, 0], [9, 9, 9], NotEnough),
        (Kind.P, [9, 9, 9], [9, 9, 9], NotEnough),
        (Kind.XMR, [5, 5, 5, 5], None, NotEnough),
        (Kind.C, [0, 0, 0], None, NotEnough),
        (Kind.P, [10, 1, 1], [9, 9, 9], ImpossibleFigures),
        (Kind.P, [1, 1, 1], None, ImpossibleFigures),
        (Kind.C, [1, 1, 1], [9, 9, 9], ImpossibleFigures),
        (Kind.C, [1.5, 1, 1], None, ImpossibleFigures),
        (Kind.U, [1, 1, 1], [9, 0, 9], ImpossibleFigures),
        (Kind.XMR, [1, float("nan"), 1], None, ImpossibleFigures),
    ],
)
def test_what_has_no_limits_is_refused(
    kind: Kind, values: list[float], sizes: list[float] | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        chart(kind, values, sizes)


def test_a_baseline_longer_than_the_series_is_refused() -> None:
    with pytest.raises(NotEnough, match="baseline of 20"):
        chart(Kind.XMR, CALM, baseline=20)
    with pytest.raises(ImpossibleFigures, match="Laney"):
        chart(Kind.XMR, CALM, laney=True)


@given(st.lists(st.floats(-50, 50), min_size=4, max_size=30), st.floats(-100, 100), st.floats(0.1, 10))
def test_a_chart_moves_with_its_unit(values: list[float], shift: float, unit: float) -> None:
    if np.ptp(values) < 1e-3:
        return
    plain, moved = chart(Kind.XMR, values), chart(Kind.XMR, [shift + unit * each for each in values])
    assert moved.centre == pytest.approx(shift + unit * plain.centre, abs=1e-6)
    assert moved.upper == pytest.approx(shift + unit * plain.upper, abs=1e-6)
