"""The closed vocabulary of events."""

from typing import Any

import pytest

from leeward.rules.protocol import KINDS, DataClass, departures


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("screening.completed", {"tool": "own", "result": "positive", "answered": 5, "declined": 2}),
        ("indicator.observed", {"indicators": ["fear"], "count": 1, "suspected": True, "danger_now": None}),
        ("consent.granted", {"recipient": "shelter", "classes": ["case"], "until": "2026-12-31"}),
        ("case.reopened", {}),
    ],
)
def test_an_event_in_the_vocabulary_is_accepted(kind: str, data: dict[str, Any]) -> None:
    assert departures(kind, data) == ()


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        ("screening.finished", {}, "There is no kind of event"),
        ("screening.completed", {"outcome": "positive"}, "has no field `outcome`"),
        ("screening.completed", {"result": "pos"}, "should be one of positive, negative, inconclusive"),
        ("screening.completed", {"answered": True}, "should be integer"),
        ("screening.completed", {"answered": "5"}, "should be integer"),
        ("client.registered", {"is_minor": 1}, "should be boolean"),
        ("consent.granted", {"until": "2026-02-31"}, "should be date"),
        ("consent.granted", {"classes": "case"}, "should be list"),
        ("aftercare.contacted", {"day": 31}, "should be one of 30, 90, 180, 365"),
    ],
)
def test_a_departure_is_told_in_a_sentence(kind: str, data: dict[str, Any], sentence: str) -> None:
    (told,) = departures(kind, data)
    assert sentence in told


def test_that_somebody_is_a_client_at_all_is_a_class_of_its_own() -> None:
    assert {name for name, kind in KINDS.items() if kind.data_class is DataClass.EXISTENCE} == {
        "client.registered",
        "consent.discussed",
        "consent.granted",
        "consent.declined",
        "consent.withdrawn",
        "research.declined",
        "case.closed",
        "case.reopened",
    }


def test_only_referrals_are_about_a_subject() -> None:
    assert {name.split(".")[0] for name, kind in KINDS.items() if kind.has_subject} == {"referral"}
