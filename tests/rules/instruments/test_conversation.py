"""The screening conversation: any question can be skipped, a skip is never a no, and the result has a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward import catalogue
from leeward.rules.instruments import (
    AnswerError,
    Audience,
    IndicatorKind,
    Reason,
    Reply,
    Result,
    conclude,
)

TALK = catalogue.conversation()
IDS = [question.id for question in TALK.questions]
CORE = [question.id for question in TALK.questions if Audience.ADULT in question.core]


def everything(reply: Reply) -> dict[str, Reply | None]:
    return dict.fromkeys(IDS, reply)


@pytest.mark.parametrize("core", CORE)
def test_one_yes_to_a_core_question_is_positive_whatever_else_was_skipped(core: str) -> None:
    found = conclude(TALK, everything(Reply.DECLINED) | {core: Reply.YES})
    assert (found.result, found.reason) == (Result.POSITIVE, Reason.CORE_YES)


def test_no_to_everything_is_negative_and_says_that_this_rules_nothing_out() -> None:
    found = conclude(TALK, everything(Reply.NO))
    assert found.result is Result.NEGATIVE
    assert "does not rule it out" in found.text.en


@pytest.mark.parametrize("reply", [Reply.DECLINED, Reply.UNSURE, None])
def test_enough_open_questions_are_inconclusive_never_negative(reply: Reply | None) -> None:
    opened = dict.fromkeys(IDS[: TALK.open_from], reply)
    assert conclude(TALK, everything(Reply.NO) | opened).result is Result.INCONCLUSIVE


def test_fewer_open_questions_are_negative() -> None:
    opened = dict.fromkeys(IDS[: TALK.open_from - 1], Reply.DECLINED)
    assert conclude(TALK, everything(Reply.NO) | opened).result is Result.NEGATIVE


def test_declined_unsure_and_not_asked_are_told_apart() -> None:
    found = conclude(TALK, {"pay": Reply.DECLINED, "debt": Reply.UNSURE, "papers": Reply.NO})
    assert (found.declined, found.unsure, found.answered) == (("pay",), ("debt",), 2)
    assert len(found.unasked) == len(IDS) - 3


def test_trading_sex_decides_for_a_young_person_but_not_by_itself_for_an_adult() -> None:
    said = everything(Reply.NO) | {"trade": Reply.YES}
    assert conclude(TALK, said, Audience.YOUTH).result is Result.POSITIVE
    assert conclude(TALK, said, Audience.ADULT).result is Result.NEGATIVE


@pytest.mark.parametrize("reply", [Reply.YES, Reply.UNSURE])
def test_fear_of_somebody_today_is_told_at_once(reply: Reply) -> None:
    assert conclude(TALK, everything(Reply.NO) | {"today": reply}).danger_now


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(AnswerError, match="no question `shoes`"):
        conclude(TALK, {"shoes": Reply.NO})


@given(st.fixed_dictionaries({name: st.sampled_from([*Reply, None]) for name in IDS}), st.sampled_from(IDS))
def test_turning_a_no_into_a_skip_never_makes_a_result_negative(replies: dict[str, Reply | None], skipped: str) -> None:
    before = conclude(TALK, replies).result
    after = conclude(TALK, replies | {skipped: Reply.DECLINED}).result
    if replies[skipped] is Reply.NO and after is Result.NEGATIVE:
        assert before is Result.NEGATIVE


def test_the_conversation_says_that_it_is_not_validated() -> None:
    assert not TALK.is_validated
    assert "not proof" in TALK.validation_note.en


def test_every_question_can_be_skipped_and_has_words_for_both_audiences_in_both_languages() -> None:
    assert set(TALK.replies) == set(Reply)
    assert 8 <= len(TALK.questions) <= 10
    for question in TALK.questions:
        for audience in Audience:
            text = question.text(audience)
            assert text.en
            assert text.es
            assert text.en != text.es


def test_indicators_cover_every_kind_and_category_once_each_code() -> None:
    listed = catalogue.indicators()
    assert {one.kind for one in listed.all} == set(IndicatorKind)
    assert all(listed.by_category().values())
    assert len({one.code for one in listed.all}) == len(listed.all) >= 20
