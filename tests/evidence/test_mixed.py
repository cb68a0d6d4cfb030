"""The mixed model from cross-products is the one that statsmodels fits row by row."""

import numpy as np
import pytest
import statsmodels.api as sm

from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.mixed import MixedModel, by_visit, mixed_model


def made(people: int, seed: int, slope_sd: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores of four visits that fewer and fewer come to; group 1 falls by 2 points more."""
    chance = np.random.default_rng(seed)
    client, visit = np.repeat(np.arange(people), 4), np.tile(np.arange(4), people)
    group = chance.integers(0, 2, people)[client]
    own, slope = chance.normal(0, 8, people)[client], chance.normal(0, slope_sd, people)[client]
    score = 40 - 3.0 * visit - 2 * group * (visit > 0) + own + slope * visit + chance.normal(0, 5, client.size)
    came = chance.random(client.size) >= np.array([0, 0.15, 0.3, 0.4])[visit]
    return client[came], visit[came], score[came], group[came]


@pytest.mark.parametrize("slope_sd", [0.0, 1.5])
def test_effects_are_those_of_statsmodels(slope_sd: float) -> None:
    client, visit, score, group = made(300, 2, slope_sd)
    design = by_visit(visit, group)
    found = mixed_model(client, visit, score, design, slope_over=[0, 1, 2, 3] if slope_sd else None)
    own = np.column_stack([np.ones(visit.size), visit]) if slope_sd else None
    fitted = sm.MixedLM(score, design.columns, groups=client, exog_re=own).fit()
    for effect, value, error in zip(found.effects.values(), fitted.fe_params, fitted.bse_fe, strict=True):
        assert effect.value == pytest.approx(value, abs=1e-4)
        assert effect.standard_error == pytest.approx(error, rel=3e-3)  # theirs stops a little early
    assert found.within == pytest.approx(fitted.scale, rel=3e-3)
    assert found.log_likelihood >= fitted.llf - 1e-6


def test_the_truth_lies_in_the_interval_as_often_as_promised() -> None:
    inside = 0
    for seed in range(100):
        client, visit, score, group = made(120, seed)
        effect = mixed_model(client, visit, score, by_visit(visit, group)).effects["extra_3"]
        assert effect.low is not None
        assert effect.high is not None
        inside += effect.low <= -2 <= effect.high
    assert 89 <= inside <= 100


def fit_shuffled(seed: int) -> MixedModel:
    client, visit, score, group = made(60, 7)
    order = np.random.default_rng(seed).permutation(client.size)
    return mixed_model(client[order], visit[order], score[order], by_visit(visit[order], group[order]))


def test_the_order_of_the_rows_does_not_matter() -> None:
    first, second = fit_shuffled(1), fit_shuffled(2)
    for name, effect in first.effects.items():
        assert second.effects[name].value == pytest.approx(effect.value, abs=1e-6)
    assert sum(first.patterns.values()) == first.clients == 60


def test_a_missing_score_is_left_out_and_counted() -> None:
    client, visit, score, _ = made(50, 3)
    some = score.copy()
    some[:7] = np.nan
    found = mixed_model(client, visit, some, by_visit(visit))
    assert found.left_out == 7
    assert found.scores == score.size - 7


def test_people_who_do_not_differ_have_no_variance_and_it_is_said() -> None:
    chance = np.random.default_rng(1)
    client, visit = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    score = chance.normal(0, 1, 120)
    score -= np.repeat(score.reshape(40, 3).mean(axis=1), 3)
    found = mixed_model(client, visit, score, by_visit(visit))
    assert found.between == pytest.approx(0, abs=1e-6)
    assert any("estimated as zero" in warning for warning in found.warnings)


def test_what_can_not_be_fitted_is_refused() -> None:
    client, visit, score, _ = made(50, 3)
    with pytest.raises(ImpossibleFigures, match="two scores for one visit"):
        mixed_model([*client, client[0]], [*visit, visit[0]], [*score, 1.0], by_visit([*visit, visit[0]]))
    with pytest.raises(NotEnough, match="1 people"):
        mixed_model([1, 1], [0, 1], [3.0, 4.0], by_visit([0, 1]))
    with pytest.raises(NotEnough, match="none have two"):
        mixed_model(range(9), [0] * 9, range(9), by_visit([0] * 9))
    with pytest.raises(NotEnough, match="the same"):
        mixed_model(client, visit, np.full(score.size, 5.0), by_visit(visit))
    with pytest.raises(NotEnough, match="told apart"):
        mixed_model(client, visit, score, by_visit(visit, np.zeros(score.size)))
