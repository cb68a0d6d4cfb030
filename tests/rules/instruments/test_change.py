"""A difference is called a change only when it is more than measurement error, and the rule that says so is named."""

import pytest

from leeward import catalogue, definitions
from leeward.rules.instruments import AnswerError, ChangeWord, change, parse_instrument
from leeward.rules.yaml_source import load


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


@pytest.mark.parametrize(
    ("before", "after", "word"), [(14, 3, ChangeWord.LOWER), (9, 9, ChangeWord.SAME), (3, 22, ChangeWord.HIGHER)]
)
def test_where_nobody_knows_the_error_of_measurement_a_difference_is_told_and_never_called_reliable(
    before: int, after: int, word: ChangeWord
) -> None:
    ties = catalogue.instrument("ties-8")
    found = change(ties, before, after)
    assert (found.word, found.points, found.clinically_significant) == (word, None, None)
    assert "{" not in found.text.en + found.text.es
    assert not any(each in found.text.en.lower() for each in ("better", "worse", "reliable"))
    assert change(ties, None, after).word is ChangeWord.NOT_EVALUABLE


def test_a_centre_with_figures_of_its_own_has_change_judged_by_them() -> None:
    text = definitions.read("instruments", "ties-8")
    gad7 = catalogue.instrument("gad-7").change
    words = "".join(
        f"    {word}: {{en: {gad7.words[word].en!r}, es: {gad7.words[word].es!r}}}\n"
        for word in ("reliable_improvement", "no_reliable_change", "reliable_worsening")
    )
    own = text.replace("  id: told\n", "  id: reliable\n  points: 5\n").replace("  words:\n", f"  words:\n{words}")
    ours = parse_instrument(load(own, name="ties-8.yaml"), definitions.schema("instrument"))
    assert [change(ours, 14, after).word for after in (9, 10, 19)] == [
        ChangeWord.IMPROVED, ChangeWord.UNCHANGED, ChangeWord.WORSE,
    ]  # fmt: skip


def test_a_score_out_of_range_is_refused() -> None:
    with pytest.raises(AnswerError, match="28 is not a total of PHQ-9"):
        change(catalogue.instrument("phq-9"), 28, 3)
