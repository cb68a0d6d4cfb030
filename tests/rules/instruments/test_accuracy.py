"""What a positive result is worth depends on how common the thing is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward import catalogue
from leeward.rules.instruments import ProbabilityError, negative_predictive_value, positive_predictive_value


def test_at_a_prevalence_of_1_in_90_few_positives_are_right() -> None:
    assert positive_predictive_value(0.89, 0.74, 0.011) == pytest.approx(0.0367, abs=0.00005)


def test_at_a_prevalence_of_12_percent_a_third_are_right() -> None:
    assert positive_predictive_value(0.89, 0.74, 0.12) == pytest.approx(0.318, abs=0.0005)


def test_the_published_predictive_values_of_a_tablet_screen_come_out() -> None:
    # Pediatrics 2021: sensitivity 84.6, specificity 53.2, 26 of 212 positive; PPV 20.2, NPV 96.1
    assert positive_predictive_value(22 / 26, 99 / 186, 26 / 212) == pytest.approx(0.202, abs=0.0005)
    assert negative_predictive_value(22 / 26, 99 / 186, 26 / 212) == pytest.approx(0.961, abs=0.0005)


def test_the_conversation_carries_its_assumptions() -> None:
    accuracy = catalogue.conversation().accuracy
    assert round(accuracy.positive_predictive_value, 3) == 0.037
    assert accuracy.source.startswith("Assumed")


@pytest.mark.parametrize("figures", [(1.1, 0.5, 0.5), (0.5, -0.1, 0.5), (0.5, 0.5, 89), (float("nan"), 0.5, 0.5)])
def test_a_figure_that_is_no_share_is_refused(figures: tuple[float, float, float]) -> None:
    with pytest.raises(ProbabilityError, match="between 0 and 1"):
        positive_predictive_value(*figures)


def test_a_screen_that_is_never_positive_has_no_predictive_value() -> None:
    with pytest.raises(ProbabilityError, match="not defined"):
        positive_predictive_value(0, 1, 0.1)


shares = st.floats(0.01, 0.99)


@given(shares, shares, shares, shares)
def test_the_more_common_the_more_positives_are_right(sens: float, spec: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert positive_predictive_value(sens, spec, low) <= positive_predictive_value(sens, spec, high) + 1e-12
