"""Screening accuracy when only some are interviewed."""

from dataclasses import replace

import numpy as np
import pytest

from leeward.evidence.accuracy import Screened, accuracy, predictive_value
from leeward.evidence.choices import Limits
from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.intervals import Estimate, Method, wilson

# SPECT thallium, as corrected by Begg and Greenes (PVBcorrect)
SPECT = Screened(
    true_positive=195,
    false_positive=232,
    false_negative=5,
    true_negative=39,
    unverified_positive=996,
    unverified_negative=1221,
)


def test_the_published_example_is_corrected_as_published() -> None:
    found = accuracy(SPECT)
    assert found.naive_sensitivity is not None
    assert found.naive_specificity is not None
    assert found.naive_sensitivity.value == pytest.approx(0.9750, abs=1e-4)
    assert found.naive_specificity.value == pytest.approx(0.1439, abs=1e-4)
    assert found.sensitivity.value == pytest.approx(0.8188629, abs=1e-7)
    assert found.sensitivity.standard_error == pytest.approx(0.0632003, abs=1e-7)
    assert found.sensitivity.low == pytest.approx(0.6950, abs=1e-4)
    assert found.sensitivity.high == pytest.approx(0.9427, abs=1e-4)
    assert found.specificity.value == pytest.approx(0.5918754, abs=1e-7)
    assert found.specificity.standard_error == pytest.approx(0.0192876, abs=1e-7)
    assert found.ppv.value == pytest.approx(0.4566745, abs=1e-7)
    assert found.npv.value == pytest.approx(0.8863636, abs=1e-7)


def test_limits_by_the_delta_method_are_said_to_be_short_where_one_of_the_four_counts_is_small() -> None:
    # Five missed people among the interviewed decide the sensitivity.
    assert any("is 5" in warning and "recovered" in warning for warning in accuracy(SPECT).warnings)
    assert accuracy(SPECT, limits=Limits.RECOVERED).warnings == ()
    many = replace(SPECT, false_negative=50, true_negative=390)
    assert accuracy(many).warnings == ()


def test_a_count_that_no_screening_reaches_is_refused_and_not_reckoned_with() -> None:
    with pytest.raises(ImpossibleFigures, match="more than any screening reaches"):
        Screened(true_positive=10**400, false_positive=1, false_negative=1, true_negative=1)


def test_with_everybody_interviewed_the_correction_changes_nothing() -> None:
    found = accuracy(Screened(true_positive=80, false_positive=30, false_negative=20, true_negative=170))
    assert found.sensitivity.value == pytest.approx(0.8)
    assert found.specificity.value == pytest.approx(0.85)
    assert found.sensitivity.standard_error == pytest.approx((0.8 * 0.2 / 100) ** 0.5)
    assert found.sensitivity == wilson(80, 100)
    assert found.prevalence.value == pytest.approx(1 / 3)
    assert found.prevalence.standard_error == pytest.approx((1 / 3 * 2 / 3 / 300) ** 0.5)


@pytest.mark.parametrize("name", ["sensitivity", "specificity", "prevalence"])
def test_standard_errors_are_as_wide_as_estimates_vary(name: str) -> None:
    """600 screenings of 3,000 with the truth known: every positive of ten has four interviews, every negative one."""
    chance, truth = np.random.default_rng(3), {"sensitivity": 0.8, "specificity": 0.9, "prevalence": 0.3}
    values, errors = [], []
    for _ in range(600):
        ill, missed, well, alarmed = map(int, chance.multinomial(3000, [0.24, 0.06, 0.63, 0.07]))
        tp, fp, fn, tn = map(int, chance.binomial([ill, alarmed, missed, well], [0.4, 0.4, 0.1, 0.1]))
        screened = Screened(
            true_positive=tp,
            false_positive=fp,
            false_negative=fn,
            true_negative=tn,
            unverified_positive=ill + alarmed - tp - fp,
            unverified_negative=missed + well - fn - tn,
        )
        found = accuracy(screened)
        estimate: Estimate = getattr(found, name)
        values.append(estimate.value)
        errors.append(estimate.standard_error)
    assert np.mean(values) == pytest.approx(truth[name], abs=0.005)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.09)


def test_missed_people_cannot_be_estimated_when_no_negative_was_interviewed() -> None:
    unchecked = Screened(
        true_positive=20, false_positive=10, false_negative=0, true_negative=0, unverified_negative=100
    )
    with pytest.raises(NotEnough, match="missed people"):
        accuracy(unchecked)
    assert predictive_value(unchecked).value == pytest.approx(2 / 3)


def test_a_perfect_sensitivity_keeps_an_interval_and_says_so() -> None:
    found = accuracy(
        Screened(true_positive=20, false_positive=10, false_negative=0, true_negative=15, unverified_negative=100)
    )
    assert found.sensitivity.value == 1
    assert found.sensitivity.method is Method.WILSON
    assert found.sensitivity.low == pytest.approx(0.8389, abs=1e-4)
    assert ["edge" in each for each in found.warnings] == [True, False]


def test_recovered_limits_keep_the_estimate_and_its_error_and_stay_between_nothing_and_all() -> None:
    plain, recovered = accuracy(SPECT), accuracy(SPECT, limits=Limits.RECOVERED)
    for one, other in ((plain.sensitivity, recovered.sensitivity), (plain.specificity, recovered.specificity),
                       (plain.prevalence, recovered.prevalence)):  # fmt: skip
        assert (one.value, one.standard_error) == (other.value, other.standard_error)
        assert other.low is not None
        assert other.high is not None
        assert 0 < other.low < other.value < other.high < 1
    # By hand: odds 1423·p1 / 1260·p0, log limits of Wilson's for 195 of 427 and 5 of 44, and 2688/(1423·1260) for the
    # sizes of the two sides.
    assert recovered.sensitivity.low == pytest.approx(0.67926, abs=1e-5)
    assert recovered.sensitivity.high == pytest.approx(0.91281, abs=1e-5)


def test_recovered_limits_of_a_perfect_screen_rest_on_what_was_missed_among_few() -> None:
    perfect = Screened(true_positive=20, false_positive=10, false_negative=0, true_negative=15, unverified_negative=100)
    found = accuracy(perfect, limits=Limits.RECOVERED)
    missed = wilson(0, 15).high or 0.0
    assert found.sensitivity.low == pytest.approx(30 * 2 / 3 / (30 * 2 / 3 + 115 * missed))
    assert found.sensitivity.high == 1
    assert found.warnings == ()


def test_impossible_tables_are_refused() -> None:
    with pytest.raises(ImpossibleFigures):
        Screened(true_positive=-1, false_positive=0, false_negative=0, true_negative=0)
    with pytest.raises(NotEnough):
        predictive_value(Screened(true_positive=0, false_positive=0, false_negative=0, true_negative=9))
    with pytest.raises(NotEnough):
        accuracy(Screened(true_positive=0, false_positive=4, false_negative=0, true_negative=9))


def test_no_share_is_above_one_by_rounding() -> None:
    found = accuracy(
        Screened(true_positive=1, false_positive=0, false_negative=100, true_negative=1, unverified_negative=5)
    )
    assert found.specificity.value == 1
