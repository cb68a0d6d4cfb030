"""A difference is called a change only when it is more than measurement error, and the rule that says so is named."""

import pytest

from leeward import catalogue
from leeward.rules.instruments import AnswerError, ChangeWord, change


@pytest.mark.parametrize(
    ("name", "before", "after", "word"),
    [
        ("phq-9", 15, 10, ChangeWord.IMPROVED),
        ("phq-9", 15, 11, ChangeWord.UNCHANGED),
        ("phq-9", 10, 15, ChangeWord.WORSE),
        ("gad-7", 15, 9, ChangeWord.IMPROVED),
        ("gad-7", 15, 10, ChangeWord.UNCHANGED),
        ("gad-7", 9, 15, ChangeWord.WORSE),
        ("pcl-5", 50, 35, ChangeWord.IMPROVED),
        ("pcl-5", 50, 36, ChangeWord.UNCHANGED),
        ("pcl-5", 35, 50, ChangeWord.WORSE),
    ],
)
def test_change_counts_from_the_declared_points(name: str, before: int, after: int, word: ChangeWord) -> None:
    assert change(catalogue.instrument(name), before, after).word is word


@pytest.mark.parametrize(("before", "after"), [(None, 5), (5, None), (None, None)])
def test_a_missing_score_is_not_evaluable_rather_than_unchanged(before: int | None, after: int | None) -> None:
    found = change(catalogue.instrument("phq-9"), before, after)
    assert found.word is ChangeWord.NOT_EVALUABLE
    assert found.difference is None


@pytest.mark.parametrize(("before", "after", "significant"), [(60, 28, True), (60, 29, False), (30, 20, False)])
def test_pcl_5_change_is_clinically_significant_when_reliable_and_ending_at_28_or_less(
    before: int, after: int, significant: bool
) -> None:
    assert change(catalogue.instrument("pcl-5"), before, after).clinically_significant is significant


def test_a_measure_without_an_end_score_says_nothing_about_clinical_significance() -> None:
    assert change(catalogue.instrument("phq-9"), 20, 2).clinically_significant is None


def test_the_words_carry_the_figures_in_both_languages_and_the_source_is_named() -> None:
    found = change(catalogue.instrument("pcl-5"), 50, 30)
    assert "20 points" in found.text.en
    assert "15" in found.text.en
    assert "20 puntos" in found.text.es
    assert "Marx" in found.source


def test_a_score_out_of_range_is_refused() -> None:
    with pytest.raises(AnswerError, match="28 is not a total of PHQ-9"):
        change(catalogue.instrument("phq-9"), 28, 3)
