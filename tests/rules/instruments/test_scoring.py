"""A score is what the published rules say, worked out by hand here, and nothing is made up for a missing answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward import catalogue
from leeward.rules.instruments import (
    DECLINED,
    Answer,
    AnswerError,
    Instrument,
    NoDiagnosis,
    NoTotal,
    Score,
    read_answer,
    score,
)

PHQ9, GAD7, PCL5 = (catalogue.instrument(name) for name in ("phq-9", "gad-7", "pcl-5"))
ALL = pytest.mark.parametrize("instrument", [PHQ9, GAD7, PCL5], ids=lambda one: one.name)


def scored(instrument: Instrument, *answers: Answer) -> Score:
    return score(instrument, instrument.in_order(answers))


def summing_to(instrument: Instrument, total: int) -> list[Answer]:
    """Answers that add up to a total, filled from the first item on."""
    most = max(option.value for option in instrument.options)
    answers: list[Answer] = []
    for _ in instrument.items:
        answers.append(min(most, total))
        total -= min(most, total)
    return answers


@ALL
def test_all_zero_is_the_lowest_total_in_the_first_band(instrument: Instrument) -> None:
    result = scored(instrument, *[0] * len(instrument.items))
    assert (result.total, result.band) == (0, instrument.bands[0])
    assert not result.prorated
    assert not result.has_alert


@pytest.mark.parametrize(("instrument", "most"), [(PHQ9, 27), (GAD7, 21), (PCL5, 80)], ids=["PHQ-9", "GAD-7", "PCL-5"])
def test_every_item_at_its_most_is_the_highest_total_in_the_last_band(instrument: Instrument, most: int) -> None:
    answer = max(option.value for option in instrument.options)
    result = scored(instrument, *[answer] * len(instrument.items))
    assert (result.total, result.band) == (most, instrument.bands[-1])


@pytest.mark.parametrize(
    ("instrument", "total", "band"),
    [
        (PHQ9, 4, "minimal"),
        (PHQ9, 5, "mild"),
        (PHQ9, 9, "mild"),
        (PHQ9, 10, "moderate"),
        (PHQ9, 14, "moderate"),
        (PHQ9, 15, "moderately_severe"),
        (PHQ9, 19, "moderately_severe"),
        (PHQ9, 20, "severe"),
        (GAD7, 4, "minimal"),
        (GAD7, 5, "mild"),
        (GAD7, 9, "mild"),
        (GAD7, 10, "moderate"),
        (GAD7, 14, "moderate"),
        (GAD7, 15, "severe"),
        (PCL5, 32, "below_cut_off"),
        (PCL5, 33, "at_or_above_cut_off"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_each_band_begins_and_ends_where_published(instrument: Instrument, total: int, band: str) -> None:
    result = scored(instrument, *summing_to(instrument, total))
    assert result.total == total
    assert result.band is not None
    assert result.band.id == band


@pytest.mark.parametrize(
    ("instrument", "total", "reached"),
    [
        (PHQ9, 9, []),
        (PHQ9, 10, ["assess"]),
        (GAD7, 9, []),
        (GAD7, 10, ["assess"]),
        (PCL5, 30, []),
        (PCL5, 31, ["sensitive"]),
        (PCL5, 33, ["probable", "sensitive"]),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_a_cut_off_is_reached_from_its_own_value(instrument: Instrument, total: int, reached: list[str]) -> None:
    assert [line.id for line in scored(instrument, *summing_to(instrument, total)).cut_offs] == reached


class TestProrating:
    def test_phq_9_with_one_of_nine_unanswered_is_the_mean_times_nine(self) -> None:
        result = scored(PHQ9, 2, 2, None, 2, 2, 2, 2, 1, 0)  # 13 · 9 / 8 = 14.6
        assert (result.total, result.prorated, result.missing) == (15, True, ("q3",))

    def test_phq_9_with_two_unanswered_is_below_the_share_and_has_no_total(self) -> None:
        result = scored(PHQ9, 2, 2, None, None, 2, 2, 2, 1, 0)
        assert (result.total, result.band, result.prorated) == (None, None, False)
        assert result.no_total is NoTotal.TOO_FEW_ANSWERS

    def test_gad_7_may_miss_one_but_not_two(self) -> None:
        assert scored(GAD7, 1, 1, 1, 1, 1, 1, None).total == 7
        assert scored(GAD7, 1, 1, 1, 1, 1, None, None).total is None

    def test_pcl_5_may_miss_four_which_is_exactly_the_share_but_not_five(self) -> None:
        assert scored(PCL5, *[2] * 16, *[None] * 4).total == 40
        assert scored(PCL5, *[2] * 15, *[None] * 5).total is None

    def test_a_half_is_rounded_up(self) -> None:
        result = scored(PCL5, *[2] * 2, *[0] * 14, *[None] * 4)  # 4 · 20 / 16 = 5
        assert result.total == 5
        assert scored(PCL5, 2, *[0] * 15, *[None] * 4).total == 3  # 2.5

    def test_an_unanswered_safety_item_is_never_made_up(self) -> None:
        result = scored(PHQ9, 3, 3, 3, 3, 3, 3, 3, 3, None)
        assert result.total is None
        assert result.no_total is NoTotal.SAFETY_ITEM_UNANSWERED
        assert result.safety_unanswered == ("q9",)
        assert not result.has_alert

    def test_a_prorated_total_never_feeds_the_diagnosis_pattern(self) -> None:
        result = scored(PHQ9, 3, 3, 3, 3, 3, 3, 3, None, 3)
        assert result.prorated
        assert (result.diagnosis.result, result.diagnosis.why) == (None, NoDiagnosis.UNANSWERED_ITEMS)


class TestDeclining:
    def test_declined_is_kept_apart_from_not_asked(self) -> None:
        result = scored(GAD7, 1, DECLINED, 1, 1, None, 1, 1)
        assert (result.declined, result.missing, result.answered) == (("q2",), ("q5",), 5)

    def test_an_item_left_out_of_the_mapping_is_not_asked(self) -> None:
        assert score(GAD7, {"q1": 3}).missing == ("q2", "q3", "q4", "q5", "q6", "q7")

    def test_declined_is_not_zero(self) -> None:
        assert scored(GAD7, 3, 3, 3, 3, 3, 3, DECLINED).total == 21

    def test_nobody_answered_gives_no_total(self) -> None:
        assert score(PHQ9, {}).no_total is NoTotal.TOO_FEW_ANSWERS


class TestSafetyAlert:
    @pytest.mark.parametrize("answer", [1, 2, 3])
    def test_item_9_above_zero_alerts(self, answer: int) -> None:
        result = scored(PHQ9, 0, 0, 0, 0, 0, 0, 0, 0, answer)
        assert [alert.id for alert in result.alerts] == ["suicide_risk"]

    def test_item_9_alerts_also_when_there_is_no_total(self) -> None:
        assert score(PHQ9, {"q9": 1}).has_alert

    def test_other_items_never_alert(self) -> None:
        assert not scored(PHQ9, 3, 3, 3, 3, 3, 3, 3, 3, 0).has_alert


class TestDiagnosisPattern:
    @pytest.mark.parametrize(
        ("answers", "result"),
        [
            ((2, 0, 2, 2, 2, 2, 0, 0, 0), "major"),  # five at 2, item 1 among them
            ((0, 2, 2, 2, 2, 2, 0, 0, 0), "major"),  # item 2 serves as well
            ((2, 0, 2, 2, 2, 0, 0, 0, 1), "major"),  # item 9 counts from 1
            ((2, 0, 2, 2, 2, 1, 0, 0, 0), "other"),  # another item does not
            ((2, 2, 0, 0, 0, 0, 0, 0, 0), "other"),
            ((2, 0, 0, 0, 0, 0, 0, 0, 0), "none"),
            ((1, 1, 2, 2, 2, 2, 2, 2, 0), "none"),  # six, but neither item 1 nor 2
            ((0, 0, 0, 0, 0, 0, 0, 0, 0), "none"),
        ],
    )
    def test_phq_9(self, answers: tuple[int, ...], result: str) -> None:
        assert scored(PHQ9, *answers).diagnosis.result == result

    @pytest.mark.parametrize(
        ("counting", "result"),
        [
            ((1, 6, 8, 9, 15, 16), "provisional_ptsd"),
            ((6, 8, 9, 15, 16), "none"),
            ((1, 8, 9, 15, 16), "none"),
            ((1, 6, 8, 15, 16), "none"),
            ((1, 6, 8, 9, 15), "none"),
        ],
        ids=["1 1 2 2", "no B", "no C", "one D", "one E"],
    )
    def test_pcl_5_needs_b1_c1_d2_e2(self, counting: tuple[int, ...], result: str) -> None:
        answers = [2 if number in counting else 1 for number in range(1, 21)]
        assert scored(PCL5, *answers).diagnosis.result == result

    def test_gad_7_has_none(self) -> None:
        assert scored(GAD7, 3, 3, 3, 3, 3, 3, 3).diagnosis.why is NoDiagnosis.NO_RULE


def test_pcl_5_clusters_add_up_to_20_8_28_24() -> None:
    assert dict(scored(PCL5, *[4] * 20).clusters) == {"B": 20, "C": 8, "D": 28, "E": 24}


def test_a_cluster_with_a_missing_item_has_no_sum() -> None:
    assert scored(PCL5, *[4] * 5, None, *[4] * 14).clusters == {"B": 20, "C": None, "D": 28, "E": 24}


class TestWrongAnswers:
    @pytest.mark.parametrize("answer", [-1, 4, 1_000_000, True])
    def test_a_value_that_the_measure_does_not_have_is_refused(self, answer: int) -> None:
        with pytest.raises(AnswerError, match="is no answer to q1") as caught:
            score(PHQ9, {"q1": answer})
        assert "0, 1, 2, 3" in caught.value.hint

    def test_an_unknown_item_is_refused(self) -> None:
        with pytest.raises(AnswerError, match="no item `q10`"):
            score(PHQ9, {"q10": 1})

    def test_a_wrong_number_of_answers_is_refused(self) -> None:
        with pytest.raises(AnswerError, match="9 items; 2 answers"):
            PHQ9.in_order([1, 2])

    @pytest.mark.parametrize("text", ["x", "1.5", "²", "9" * 400, "nein", "4"])
    def test_typed_nonsense_is_refused(self, text: str) -> None:
        with pytest.raises(AnswerError):
            read_answer(PHQ9, "q1", text)

    @pytest.mark.parametrize(("text", "answer"), [(" 2 ", 2), ("Declined", DECLINED), ("", None)])
    def test_typed_answers_are_read(self, text: str, answer: Answer) -> None:
        assert read_answer(PHQ9, "q1", text) == answer


replies = st.one_of(st.integers(0, 3), st.none(), st.just(DECLINED))


@given(st.lists(replies, min_size=9, max_size=9))
def test_a_total_exists_only_within_its_range_and_never_over_an_open_safety_item(answers: list[Answer]) -> None:
    result = scored(PHQ9, *answers)
    assert result.answered + len(result.missing) + len(result.declined) == 9
    assert (result.total is None) == (result.no_total is not None) == (result.band is None)
    if result.total is not None:
        assert 0 <= result.total <= 27
        assert isinstance(answers[8], int)


@given(st.lists(st.integers(0, 3), min_size=9, max_size=9), st.integers(0, 8))
def test_a_worse_answer_never_lowers_the_total(answers: list[int], position: int) -> None:
    worse = [*answers]
    worse[position] = min(3, worse[position] + 1)
    before, after = scored(PHQ9, *answers).total, scored(PHQ9, *worse).total
    assert before is not None
    assert after is not None
    assert before <= after
