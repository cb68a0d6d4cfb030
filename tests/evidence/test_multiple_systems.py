"""How many people no list holds: against published fits, a plain GLM, and lists whose truth is known."""

from itertools import combinations, product

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.multiple_systems import Gate, Histories, Verdict, chao, estimate, estimate_with
from leeward.evidence.multiple_systems.existence import Existence
from leeward.evidence.multiple_systems.fitting import Fitter
from leeward.evidence.multiple_systems.selection import select, surprise

from .published import histories, needs_tables

#: Table 2 of Chan, Silverman and Vincent: no person is on A and C, nor on B and C.
ARTIFICIAL = Histories.of("ABC", {(1, 0, 0): 40, (0, 1, 0): 30, (0, 0, 1): 20, (1, 1, 0): 6})


@pytest.mark.parametrize(
    ("terms", "verdict"),
    [
        ((), Verdict.SOUND),
        (("A:C",), Verdict.SOUND),
        (("B:C",), Verdict.SOUND),
        (("A:C", "B:C"), Verdict.SOUND),
        (("A:B",), Verdict.NOT_FINITE),
        (("A:B", "A:C"), Verdict.NOT_FINITE),
        (("A:B", "B:C"), Verdict.NOT_FINITE),
        (("A:B", "A:C", "B:C"), Verdict.NOT_IDENTIFIABLE),
    ],
)
def test_each_model_of_the_artificial_lists_is_judged_as_published(terms: tuple[str, ...], verdict: Verdict) -> None:
    pairs = np.array([ARTIFICIAL.pair_name(pair) in terms for pair in range(3)])
    assert Existence(ARTIFICIAL.design, ARTIFICIAL.both).verdict(ARTIFICIAL.counts > 0, pairs) is verdict


def test_the_lists_alone_give_the_published_number_and_a_model_that_has_none_is_refused() -> None:
    assert estimate(ARTIFICIAL, threshold=None).total.value == pytest.approx(539.0939, abs=1e-4)
    with pytest.raises(NotEnough, match="no finite estimate"):
        estimate_with(ARTIFICIAL, ["A:B"])
    with pytest.raises(NotEnough, match="told apart"):
        estimate_with(ARTIFICIAL, ["A:B", "A:C", "B:C"])


def test_lists_that_share_nobody_are_minus_infinity_and_never_a_number() -> None:
    found = estimate_with(ARTIFICIAL, ["A:C", "B:C"])
    assert found.non_overlapping == ("A:C", "B:C")
    assert "minus infinity" in found.warnings[0]
    # Without the cells that can't occur, C tells nothing of A and B: 40·30/6 people are on none of these two.
    assert found.total.value == pytest.approx(96 + 40 * 30 / 6, rel=1e-6)


@needs_tables
@pytest.mark.parametrize(
    ("name", "terms", "total"),
    [
        # SparseMSE's stepwise fits, threshold 0.02.
        ("UKdat", {"PF:NCA", "LA:NG", "NG:GP", "LA:PF", "PF:GP", "GO:GP", "NG:GO"}, 11_418),
        ("UKdat_5", {"LA:NG", "NG:GP", "PFNCA:GP", "LA:PFNCA", "GO:GP", "NG:GO"}, 11_313),
        ("NewOrl_5", set(), 1_034),
        ("Western", {"A:E"}, 2_483),
    ],
)
def test_stepwise_selection_finds_the_terms_of_the_published_lists(name: str, terms: set[str], total: float) -> None:
    found = estimate(histories(name))
    assert set(found.terms) == terms
    assert round(found.total.value) == total


@needs_tables
@pytest.mark.parametrize("name", ["UKdat", "NewOrl", "Western", "Ned", "Kosovo"])
def test_every_selected_model_is_the_one_that_a_plain_glm_fits(name: str) -> None:
    lists = histories(name)
    found = estimate(lists)
    fitter = Fitter(lists)
    pairs = np.array([lists.pair_name(pair) in found.terms for pair in range(len(lists.pairs))])
    cells, terms = fitter.existence.reduced(lists.counts > 0, pairs)
    glm = sm.GLM(lists.counts[cells], lists.design[np.ix_(cells, terms)], family=sm.families.Poisson()).fit(tol=1e-12)
    assert found.total.value == pytest.approx(lists.n + np.exp(glm.params[0]), rel=1e-6)
    assert found.deviance == pytest.approx(glm.deviance, rel=1e-6)
    assert found.aic == pytest.approx(glm.aic + 2 * len(found.non_overlapping), rel=1e-8)
    assert found.total.standard_error == pytest.approx(np.exp(glm.params[0]) * glm.bse[0], rel=1e-4)
    assert found.profile.low is not None
    assert found.profile.low < found.total.value < (found.profile.high or np.inf)


def test_the_surprise_of_an_overlap_is_the_smaller_tail_of_a_poisson() -> None:
    seen, expected = np.array([0.0, 3.0, 15.0]), np.array([4.2, 3.1, 2.0])
    tails = [min(stats.poisson.cdf(k, m), stats.poisson.sf(k - 1, m)) for k, m in zip(seen, expected, strict=True)]
    assert surprise(seen, expected) == pytest.approx(tails)


def test_two_independent_lists_give_the_estimate_of_lincoln_and_petersen() -> None:
    found = estimate(Histories.of("AB", {(1, 0): 60, (0, 1): 90, (1, 1): 30}), threshold=None)
    assert found.total.value == pytest.approx(90 * 120 / 30)


def lists_of(total: int, reach: list[float], seed: int, together: float = 0.0) -> Histories:
    """Lists that hold each person by chance; whoever is on the first is likelier on the second."""
    chance = np.random.default_rng(seed)
    on = chance.random((total, len(reach))) < reach
    on[:, 1] |= on[:, 0] & (chance.random(total) < together)
    counted: dict[tuple[int, ...], int] = {}
    for history in on.astype(int).tolist():
        if any(history):
            counted[tuple(history)] = counted.get(tuple(history), 0) + 1
    return Histories.of([chr(65 + place) for place in range(len(reach))], counted)


def test_the_truth_lies_in_the_interval_as_often_as_promised() -> None:
    inside = 0
    for seed in range(100):
        total = estimate(lists_of(2_000, [0.2, 0.15, 0.3, 0.1], seed), threshold=None).total
        assert total.low is not None
        assert total.high is not None
        inside += total.low <= 2_000 <= total.high
    assert 88 <= inside <= 100


def test_a_pair_that_hangs_together_is_found_and_corrects_the_estimate() -> None:
    lists = lists_of(3_000, [0.2, 0.1, 0.2, 0.15], 5, together=0.5)
    found = estimate(lists)
    assert "A:B" in found.terms
    naive = estimate(lists, threshold=None).total
    assert naive.high is not None
    assert naive.high < 3_000  # as if independent: too few
    assert found.total.low is not None
    assert found.total.high is not None
    assert found.total.low < 3_000 < found.total.high


def test_the_bootstrap_repeats_and_its_interval_holds_the_estimate() -> None:
    lists = lists_of(1_000, [0.3, 0.2, 0.25], 3)
    first, second = (estimate(lists, refits=200, seed=8).bootstrap for _ in range(2))
    assert first == second
    assert first is not None
    assert first.interval.low is not None
    assert first.interval.high is not None
    assert first.interval.low < first.interval.value < first.interval.high
    assert estimate(lists, refits=200, seed=9).bootstrap != first


def test_many_fits_at_once_are_each_what_a_fit_alone_gives() -> None:
    lists = lists_of(800, [0.3, 0.2, 0.25, 0.1], 1)
    fitter = Fitter(lists)
    samples = np.random.default_rng(2).multinomial(lists.n, lists.counts / lists.n, size=20).astype(float)
    pairs = np.random.default_rng(3).random((20, 6)) < 0.3
    together = fitter.fit(samples, pairs)
    for place in range(20):
        alone = fitter.fit(samples[place : place + 1], pairs[place : place + 1])
        assert together.unseen[place] == pytest.approx(alone.unseen[0], rel=1e-8)


def test_the_bound_of_chao_by_hand() -> None:
    lists = Histories.of("ABC", {(1, 0, 0): 50, (0, 1, 0): 30, (0, 0, 1): 20, (1, 1, 0): 8, (0, 1, 1): 2, (1, 1, 1): 1})
    found = chao(lists)
    assert (found.f1, found.f2) == (100, 10)
    assert found.bound.value == pytest.approx(111 + 2 / 3 * 100**2 / 20)
    assert found.many_lists == pytest.approx(111 + 500)
    assert found.bias_corrected == pytest.approx(111 + 100 * 99 / 22)


def test_without_anybody_on_exactly_two_lists_the_corrected_bound_is_used() -> None:
    found = chao(Histories.of("ABC", {(1, 0, 0): 12, (0, 1, 0): 5, (0, 0, 1): 3, (1, 1, 1): 4}))
    assert found.many_lists is None
    assert found.bound.value == pytest.approx(24 + 2 / 3 * 20 * 19 / 2)


def test_lists_that_share_nobody_at_all_are_refused() -> None:
    apart = Histories.of("ABC", {(1, 0, 0): 50, (0, 1, 0): 60, (0, 0, 1): 70})
    with pytest.raises(NotEnough, match="more than one list"):
        chao(apart)
    with pytest.raises(NotEnough, match="finite"):
        estimate(apart)


def test_the_gate_says_what_is_missing() -> None:
    assert [reason.split()[0] for reason in Gate.of(ARTIFICIAL).refusals] == ["96", "6"]
    assert "2 lists" in Gate.of(Histories.of("AB", {(1, 0): 90, (0, 1): 90, (1, 1): 30})).refusals[0]
    assert Gate.of(lists_of(1_000, [0.3, 0.2, 0.25], 3)).is_open


@pytest.mark.parametrize(("alone", "several", "is_open"), [(40, 10, True), (41, 9, False), (39, 10, False)])
def test_the_gate_opens_at_a_hundred_people_ten_of_them_on_several_lists(
    alone: int, several: int, is_open: bool
) -> None:
    lists = Histories.of("ABC", {(1, 0, 0): alone, (0, 1, 0): 30, (0, 0, 1): 20, (1, 1, 0): several})
    assert Gate.of(lists).is_open == is_open


def test_an_empty_list_says_nothing_and_is_left_out() -> None:
    lists = lists_of(1_000, [0.3, 0.2, 0.25], 3)
    wider = Histories.of(
        "ABCD", {(*(int(x) for x in cell), 0): int(n) for cell, n in zip(lists.cells, lists.counts, strict=True) if n}
    )
    found = estimate(wider, threshold=None)
    assert found.total.value == pytest.approx(estimate(lists, threshold=None).total.value, rel=1e-8)
    assert any("Nobody is on D" in warning for warning in found.warnings)


def test_what_is_no_table_of_histories_is_refused() -> None:
    for lists, counted in (
        (["A", "A", "B"], {(1, 0, 0): 5}),
        (["A", "B"], {(0, 0): 5}),
        (["A", "B"], {(2, 0): 5}),
        (["A", "B"], {(1, 0): -5}),
        ([f"L{number}" for number in range(13)], {}),
    ):
        with pytest.raises(ImpossibleFigures):
            Histories.of(lists, counted)
    for lists, counted in ((["A"], {(1,): 5}), (["A", "B"], {})):
        with pytest.raises(NotEnough):
            Histories.of(lists, counted)
    with pytest.raises(ImpossibleFigures, match="There is no pair"):
        estimate_with(ARTIFICIAL, ["A:Z"])
    with pytest.raises(ImpossibleFigures, match="refits"):
        estimate(ARTIFICIAL, refits=5)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 6), min_size=7, max_size=7), st.sets(st.sampled_from(list(combinations(range(3), 2)))))
def test_a_fit_that_is_called_sound_reproduces_every_total_of_its_terms(
    counts: list[int], chosen: set[tuple[int, int]]
) -> None:
    """The score equations: the means of a list, or of a pair in the model, add up to the people counted there."""
    if not any(counts):
        return
    every = [cell for cell in product((0, 1), repeat=3) if any(cell)]
    lists = Histories.of("ABC", dict(zip(every, counts, strict=True)))
    pairs = np.array([pair in chosen for pair in lists.pairs])
    fitter = Fitter(lists)
    if fitter.existence.verdict(lists.counts > 0, pairs) is not Verdict.SOUND:
        return
    fit = fitter.fit(lists.counts[None], pairs[None])
    assert fit.converged[0]
    kept = fit.terms[0]
    assert fit.means[0] @ lists.design[:, kept] == pytest.approx(lists.counts @ lists.design[:, kept], abs=1e-3)


@pytest.mark.parametrize("seed", range(40))
def test_selection_takes_no_pair_with_which_nothing_finite_is_left(seed: int) -> None:
    """Sparse tables, of which some pairs look least likely and can't be fitted."""
    chance = np.random.default_rng(seed)
    every = [cell for cell in product((0, 1), repeat=4) if any(cell)]
    rates = [chance.uniform(10, 40) if sum(cell) == 1 else chance.exponential(2.0) for cell in every]
    lists = Histories.of("ABCD", dict(zip(every, map(int, chance.poisson(rates)), strict=True)))
    fitter = Fitter(lists)
    chosen = select(fitter, lists.counts.astype(float)[None], 0.2)
    assert fitter.existence.verdict(lists.counts > 0, chosen.pairs[0]) is Verdict.SOUND
