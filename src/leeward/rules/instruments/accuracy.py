"""What a positive or negative screen is worth, from sensitivity, specificity and prevalence (Bayes)."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ProbabilityError


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Assumed or measured accuracy of a screen and how common the condition is where it is used."""

    sensitivity: float
    specificity: float
    prevalence: float
    source: str

    @property
    def positive_predictive_value(self) -> float:
        return positive_predictive_value(self.sensitivity, self.specificity, self.prevalence)

    @property
    def negative_predictive_value(self) -> float:
        return negative_predictive_value(self.sensitivity, self.specificity, self.prevalence)


def positive_predictive_value(sensitivity: float, specificity: float, prevalence: float) -> float:
    """Share of positive screens that are right. Raises ProbabilityError."""
    _check(sensitivity, specificity, prevalence)
    return _share(sensitivity * prevalence, (1 - specificity) * (1 - prevalence), "positive")


def negative_predictive_value(sensitivity: float, specificity: float, prevalence: float) -> float:
    """Share of negative screens that are right. Raises ProbabilityError."""
    _check(sensitivity, specificity, prevalence)
    return _share(specificity * (1 - prevalence), (1 - sensitivity) * prevalence, "negative")


def _share(right: float, wrong: float, kind: str) -> float:
    if right + wrong == 0:
        raise ProbabilityError(
            f"With these figures no screen would ever be {kind}, so its predictive value is not defined.",
            hint="Check sensitivity, specificity and prevalence.",
        )
    return right / (right + wrong)


def _check(*shares: float) -> None:
    for share in shares:
        if not 0 <= share <= 1:
            raise ProbabilityError(f"{share} is not a share between 0 and 1.", hint="Write 89 % as 0.89.")
