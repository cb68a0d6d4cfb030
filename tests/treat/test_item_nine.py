"""PHQ-9 item 9 above zero: safety comes first, and nothing closes past it (R14)."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leeward.people import actions as people
from leeward.people import pathway
from leeward.people.errors import NotYet
from leeward.people.models import Client, Event
from leeward.treat import queries

from ..cast import Cast
from .test_measures import PHQ9, fill


def waiting(client: Client, now: datetime) -> set[str]:
    return {instance.step for instance in pathway.plan_of(client, now).open}


def test_it_opens_the_safety_step_at_once(client: Client, world: Cast, now: datetime) -> None:
    assert "suicide-risk" not in waiting(client, now)
    measure = fill(client, world, now, *[0] * 8, 1)
    assert measure.alert
    step = pathway.plan_of(client, now).of("suicide-risk")[0]
    assert (step.opened_at, step.due_at) == (measure.taken_at, measure.taken_at)


def test_it_opens_even_when_too_few_answers_make_a_total(client: Client, world: Cast, now: datetime) -> None:
    measure = fill(client, world, now, *[None] * 8, 2)
    assert measure.total is None
    assert "suicide-risk" in waiting(client, now)


def test_a_zero_opens_nothing(client: Client, world: Cast, now: datetime) -> None:
    fill(client, world, now, *[3] * 8, 0)
    assert "suicide-risk" not in waiting(client, now)


def test_the_case_cannot_be_closed_past_it(client: Client, world: Cast, now: datetime) -> None:
    fill(client, world, now, *[0] * 8, 1)
    later = now + timedelta(minutes=5)
    with pytest.raises(NotYet, match="safety step"):
        people.record(
            by=world.staff["therapist"], client=client, kind="case.closed", now=later, data={"reason": "moved"}
        )
    assert not Event.objects.filter(kind="case.closed").exists()


def test_after_the_talk_the_case_can_be_closed(client: Client, world: Cast, now: datetime) -> None:
    later = now + timedelta(minutes=1)
    fill(client, world, now, *[0] * 8, 1)
    therapist = world.staff["therapist"]
    people.record(by=therapist, client=client, kind="suicide_risk.assessed", now=later, data={"level": "low"})
    assert not queries.talk_is_due(client, later)
    people.record(by=therapist, client=client, kind="case.closed", now=later, data={"reason": "moved"})


def test_the_result_page_puts_it_first(client: Client, world: Cast) -> None:
    typed = {f"q{n}": "0" for n in range(1, 9)} | {"q9": "1", "mode": "self", "day": "", "form_language": "en"}
    browser = world.browser("therapist")
    typed["day"] = timezone.localdate().isoformat()
    answer = browser.post(reverse("measure_form", args=[client.code, PHQ9.name]), typed, follow=True)
    page = answer.content.decode()
    assert page.index("First: talk about safety, now") < page.index("Depression measure")
    assert "call 911" in page
    assert "Start the safety talk" in page
    assert "The case stays open until this talk is recorded." in page
