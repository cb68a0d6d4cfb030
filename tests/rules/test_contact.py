"""How somebody may be reached: every part of what they said is asked at the moment of sending (V-05)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward.protect.outbox.kinds import KINDS, TO_SURVIVORS
from leeward.rules.contact import AnsweredBy, Channel, ContactRule, Verdict, Why, is_neutral, may_reach

ZONE = ZoneInfo("America/Chicago")
TUESDAY_TEN = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
ALL = frozenset(Channel)
CALL = ContactRule(
    channel=Channel.CALL, answered_by=AnsweredBy.ONLY_THEM, days=frozenset({2, 4}), opens=time(9), closes=time(11)
)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (None, Why.NO_RULE),
        (replace(CALL, channel=Channel.NOBODY), Why.DO_NOT_CONTACT),
        (replace(CALL, answered_by=AnsweredBy.OTHERS), Why.OTHERS_ANSWER),
        (replace(CALL, asks_code_word=True), Why.CODE_WORD),
        (replace(CALL, days=frozenset()), Why.NO_HOURS),
        (replace(CALL, opens=None), Why.NO_HOURS),
        (replace(CALL, opens=time(11), closes=time(9)), Why.NO_HOURS),
        (replace(CALL, last_day=date(2026, 11, 23)), Why.RULE_ENDED),
    ],
)
def test_v05_without_a_rule_that_lets_it_nothing_is_sent(rule: ContactRule | None, why: Why) -> None:
    assert may_reach(rule, TUESDAY_TEN, ALL) == Verdict(why=why)


def test_v05_within_the_hours_it_goes_on_the_channel_they_chose() -> None:
    assert may_reach(replace(CALL, last_day=date(2026, 11, 24)), TUESDAY_TEN, ALL) == Verdict(channel=Channel.CALL)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (datetime(2026, 11, 24, 8, 59, 59, tzinfo=ZONE), datetime(2026, 11, 24, 9, tzinfo=ZONE)),
        (datetime(2026, 11, 24, 11, tzinfo=ZONE), datetime(2026, 11, 26, 9, tzinfo=ZONE)),
        (datetime(2026, 11, 26, 23, tzinfo=ZONE), datetime(2026, 12, 1, 9, tzinfo=ZONE)),
    ],
)
def test_v05_outside_the_hours_it_waits_for_the_next_safe_one(at: datetime, opens: datetime) -> None:
    assert may_reach(CALL, at, ALL) == Verdict(why=Why.OUTSIDE_HOURS, again_at=opens)


def test_v05_hours_are_the_sites_also_when_clocks_change() -> None:
    sunday = replace(CALL, days=frozenset({7}))
    before = datetime(2026, 10, 31, 20, tzinfo=ZONE)
    again = may_reach(sunday, before, ALL).again_at
    assert again is not None
    assert again.astimezone(UTC) == datetime(2026, 11, 1, 15, tzinfo=UTC)


def test_v06_calls_and_texts_need_a_way_that_the_site_has() -> None:
    assert may_reach(CALL, TUESDAY_TEN, {Channel.ADVOCATE}) == Verdict(why=Why.NO_TRANSPORT)
    through = replace(CALL, channel=Channel.ADVOCATE, answered_by=AnsweredBy.OTHERS, asks_code_word=True)
    assert may_reach(through, TUESDAY_TEN, {Channel.ADVOCATE}) == Verdict(channel=Channel.ADVOCATE)


@given(
    st.builds(
        ContactRule,
        channel=st.sampled_from(Channel),
        answered_by=st.sampled_from(AnsweredBy),
        asks_code_word=st.booleans(),
        days=st.frozensets(st.integers(1, 7)),
        opens=st.none() | st.times(),
        closes=st.none() | st.times(),
        last_day=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    ),
    st.builds(lambda hours: TUESDAY_TEN + timedelta(hours=hours), st.floats(-5_000, 5_000)),
)
def test_v05_a_machine_calls_only_where_all_that_was_said_lets_it(rule: ContactRule, at: datetime) -> None:
    verdict = may_reach(rule, at, ALL)
    assert (verdict.channel is None) == (verdict.why is not None)
    if verdict.channel in {Channel.CALL, Channel.TEXT}:
        assert rule.answered_by is AnsweredBy.ONLY_THEM
        assert not rule.asks_code_word
        assert at.isoweekday() in rule.days
        assert rule.opens is not None
        assert rule.closes is not None
        assert rule.opens <= at.time() < rule.closes
        assert rule.last_day is None or at.date() <= rule.last_day
    if verdict.again_at is not None:
        assert verdict.again_at > at
        assert verdict.again_at - at <= timedelta(days=8)
        later = may_reach(rule, verdict.again_at, ALL)
        assert later.channel == rule.channel or later.why is Why.RULE_ENDED


@pytest.mark.parametrize("language", ["en", "es"])
def test_t7_v05_every_message_to_a_survivor_is_neutral(language: str) -> None:
    from django.utils import translation

    with translation.override(language):
        for kind in TO_SURVIVORS:
            assert is_neutral(f"{kind.title} {kind.words}"), kind
    assert not is_neutral("The shelter has a place for you")
    assert not is_neutral("Su cita de terapia es mañana")
    assert len(KINDS) > len(TO_SURVIVORS)
