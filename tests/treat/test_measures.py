"""A measure is kept as it was answered: no answer is ever made into a zero."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from leeward import catalogue
from leeward.people.models import Client, Event
from leeward.rules.instruments import DECLINED, Answer
from leeward.treat import actions, queries
from leeward.treat.actions import Filling
from leeward.treat.errors import AlreadyCorrected, NothingAnswered, SafetyFirst, WrongDay
from leeward.treat.models import Measure, Mode

from ..cast import Cast

PHQ9 = catalogue.instrument("phq-9")
GAD7 = catalogue.instrument("gad-7")


def fill(client: Client, world: Cast, now: datetime, *answers: Answer, days_ago: int = 0, **more: object) -> Measure:
    """One PHQ-9 (nine answers) or GAD-7 (seven)."""
    asked = PHQ9 if len(answers) == 9 else GAD7
    filling = Filling(
        instrument=asked,
        answers=asked.in_order(answers),
        mode=Mode.SELF,
        language="en",
        day=timezone.localdate(now) - timedelta(days=days_ago),
    )
    return actions.complete_measure(by=world.staff["therapist"], client=client, filling=filling, now=now, **more)  # type: ignore[arg-type]


def event_of(measure: Measure) -> Event:
    return Event.objects.get(subject=measure.pk)


def test_the_total_and_its_band_are_kept_and_told_to_the_timeline(client: Client, world: Cast, now: datetime) -> None:
    measure = fill(client, world, now, 2, 2, 1, 1, 1, 1, 1, 1, 0)
    assert (measure.total, measure.band, measure.alert) == (10, "moderate", False)
    assert event_of(measure).data == {
        "instrument": "phq-9",
        "version": PHQ9.version,
        "total": 10,
        "band": "moderate",
        "alert": False,
        "prorated": False,
    }


def test_a_declined_item_is_not_a_zero(client: Client, world: Cast, now: datetime) -> None:
    measure = fill(client, world, now, 3, 3, 3, 3, 3, 3, 3, DECLINED, 0)
    assert measure.total == 24  # 21 of eight answers, scaled up to nine; with a zero it would be 21
    assert (measure.prorated, measure.answered, measure.declined) == (True, 8, 1)
    assert queries.answers_of(client, measure)["q8"] is DECLINED


def test_a_blank_item_is_neither_declined_nor_a_zero(client: Client, world: Cast, now: datetime) -> None:
    measure = fill(client, world, now, 3, 3, 3, 3, 3, 3, 3, None, 0)
    assert (measure.answered, measure.declined) == (8, 0)
    assert "q8" not in queries.answers_of(client, measure)


def test_without_the_safety_item_there_is_no_total(client: Client, world: Cast, now: datetime) -> None:
    measure = fill(client, world, now, 1, 1, 1, 1, 1, 1, 1, 1, DECLINED)
    assert (measure.total, measure.band, measure.alert) == (None, "", False)
    assert event_of(measure).data["total"] is None


def test_an_empty_form_is_refused_with_a_way_out(client: Client, world: Cast, now: datetime) -> None:
    with pytest.raises(NothingAnswered) as refused:
        fill(client, world, now, *[DECLINED] * 9)
    assert "rather not" in refused.value.hint
    assert not Measure.objects.exists()


def test_a_day_to_come_is_refused(client: Client, world: Cast, now: datetime) -> None:
    with pytest.raises(WrongDay, match="future"):
        fill(client, world, now, *[0] * 9, days_ago=-1)


def test_a_wrong_year_is_refused(client: Client, world: Cast, now: datetime) -> None:
    with pytest.raises(WrongDay, match="year"):
        fill(client, world, now, *[0] * 9, days_ago=3650)


def test_declining_the_whole_measure_is_an_answer(client: Client, world: Cast, now: datetime) -> None:
    event = actions.decline_measure(by=world.staff["therapist"], client=client, instrument=PHQ9, now=now)
    assert (event.kind, event.data) == ("measure.declined", {"instrument": "phq-9"})
    assert not Measure.objects.exists()


def test_answers_are_not_in_the_database_in_clear(client: Client, world: Cast, now: datetime) -> None:
    measure = fill(client, world, now, 2, 2, 1, 1, 1, 1, 1, DECLINED, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers, to_jsonb(m)::text FROM treat_measure m WHERE id = %s", [measure.pk])
        sealed, row = cursor.fetchone()
    assert b'"q8"' not in bytes(sealed)
    assert b"declined" not in bytes(sealed)
    assert '"q8"' not in row


def test_a_colleague_outside_the_team_sees_no_measure(client: Client, world: Cast, now: datetime) -> None:
    fill(client, world, now, *[1] * 9)
    world.act_as("other_screener")
    assert not Measure.objects.exists()


def test_the_same_form_sent_twice_is_kept_once(client: Client, world: Cast, now: datetime) -> None:
    first = fill(client, world, now, *[1] * 9)
    assert fill(client, world, now, *[1] * 9) == first
    assert Measure.objects.count() == 1


def test_change_is_said_from_the_first_and_from_the_last(client: Client, world: Cast, now: datetime) -> None:
    for days_ago, each in ((60, 2), (30, 1), (0, 1)):
        fill(client, world, now, *[each] * 8, 0, days_ago=days_ago)
    latest = queries.series(client, PHQ9).latest
    assert latest is not None
    assert latest.from_first is not None
    assert latest.from_last is not None
    assert latest.from_first.text.en == ("Better: the score fell by 8 points. A fall of 5 or more is more than chance.")
    assert latest.from_last.word.value == "no_reliable_change"


def test_a_measure_without_total_is_compared_with_nothing(client: Client, world: Cast, now: datetime) -> None:
    fill(client, world, now, *[2] * 8, 0, days_ago=30)
    fill(client, world, now, *[1] * 8, DECLINED)
    latest = queries.series(client, PHQ9).latest
    assert latest is not None
    assert latest.from_first is not None
    assert latest.from_first.word.value == "not_evaluable"


def test_a_correction_takes_the_place_of_what_was_entered_wrongly(client: Client, world: Cast, now: datetime) -> None:
    wrong = fill(client, world, now, *[3] * 7)
    right = fill(client, world, now + timedelta(minutes=1), *[1] * 7, corrects=wrong)
    assert [o.measure for o in queries.series(client, GAD7).occasions] == [right]
    assert event_of(right).supersedes == event_of(wrong)
    assert Measure.objects.filter(pk=wrong.pk).exists()
    with pytest.raises(AlreadyCorrected):
        fill(client, world, now + timedelta(minutes=2), *[0] * 7, corrects=wrong)


def test_an_alert_is_not_corrected_away_before_the_talk(client: Client, world: Cast, now: datetime) -> None:
    alarming = fill(client, world, now, *[1] * 9)
    with pytest.raises(SafetyFirst):
        fill(client, world, now + timedelta(minutes=1), *[1] * 8, 0, corrects=alarming)
    assert Measure.objects.count() == 1


def test_two_measures_of_one_day_stand_in_the_order_they_were_taken(client: Client, world: Cast, now: datetime) -> None:
    fill(client, world, now - timedelta(hours=1), *[1] * 7)
    fill(client, world, now, *[2] * 7)
    assert [o.measure.total for o in queries.series(client, GAD7).occasions] == [7, 14]


def test_every_occasion_is_a_row_and_counted(client: Client, world: Cast, now: datetime) -> None:
    fill(client, world, now, *[1] * 7)
    by_name = {series.instrument.name: len(series.occasions) for series in queries.all_series(client)}
    assert by_name == {"phq-9": 0, "pcl-5": 0, "gad-7": 1, "ties-8": 0}
