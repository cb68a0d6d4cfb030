"""Needs are told in the survivor's order; what can't wait comes before the rest."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from leeward.people.models import Client, Event
from leeward.people.services import CODES, WORDS, in_order
from leeward.support import queries
from leeward.support.models import NeedsAssessment

from ..cast import Cast


@pytest.fixture
def browser(world: Cast) -> Browser:
    return world.browser("therapist")


def test_the_survivors_own_order_comes_first_then_what_can_not_wait() -> None:
    assert in_order({"job", "shelter", "dental", "medical"}, {"medical"}, ["job"]) == (
        "job",
        "medical",
        "shelter",
        "dental",
    )


@given(
    chosen=st.sets(st.sampled_from(CODES)),
    urgent=st.sets(st.sampled_from(CODES)),
    first=st.lists(st.sampled_from(CODES)),
)
def test_ordering_neither_loses_nor_invents_a_need(chosen: set[str], urgent: set[str], first: list[str]) -> None:
    ordered = in_order(chosen, urgent, first)
    assert len(ordered) == len(set(ordered))
    assert set(ordered) == chosen | set(first)
    assert list(ordered[: len(set(first))]) == list(dict.fromkeys(first))


def test_naming_something_first_is_needing_it() -> None:
    assert in_order(set(), set(), ["spiritual", "job", "spiritual"]) == ("spiritual", "job")


def test_every_code_is_named_once() -> None:
    assert len(CODES) == len(set(CODES)) == len(WORDS)


def test_needs_are_saved_and_shown_in_that_order(client: Client, browser: Browser) -> None:
    said = {
        "scope": "full",
        "chosen": ["shelter", "immigration_legal", "job"],
        "urgent": ["shelter"],
        "first": "immigration_legal",
        "words": "I want my papers back",
    }
    answer = browser.post(reverse("needs", args=[client.code]), said, follow=True)
    page = answer.content.decode()
    assert "Saved." in page
    assert page.index("Help with immigration") < page.index("A safe bed now") < page.index("Work</li>")
    assert "I want my papers back" in page
    event = Event.objects.get(kind="needs.assessed")
    assert event.data == {"scope": "full", "needs": ["immigration_legal", "shelter", "job"]}


def test_what_they_add_is_sealed(client: Client, browser: Browser) -> None:
    browser.post(reverse("needs", args=[client.code]), {"scope": "urgent", "chosen": "job", "words": "Papersinthesafe"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT words, to_jsonb(n)::text FROM support_needsassessment n")
        sealed, row = cursor.fetchone()
    assert b"Papersinthesafe" not in bytes(sealed)
    assert "Papersinthesafe" not in row


def test_no_need_marked_says_what_to_do_and_keeps_what_was_typed(client: Client, browser: Browser) -> None:
    answer = browser.post(reverse("needs", args=[client.code]), {"scope": "urgent", "words": "typed words"})
    assert answer.status_code == 422
    assert "No need is marked" in answer.content.decode()
    assert "typed words" in answer.content.decode()


@pytest.mark.parametrize("said", [{"chosen": "yacht"}, {"scope": "later"}, {"first": "yacht"}, {"words": "x" * 10_000}])
def test_what_is_not_on_the_list_is_refused(client: Client, browser: Browser, said: dict[str, str]) -> None:
    answer = browser.post(reverse("needs", args=[client.code]), {"scope": "full", "chosen": "job", **said})
    assert answer.status_code == 422
    assert not NeedsAssessment.objects.exists()


def test_the_same_form_sent_twice_is_one_talk(client: Client, browser: Browser) -> None:
    for _press in range(2):
        browser.post(reverse("needs", args=[client.code]), {"scope": "full", "chosen": "job"})
    assert NeedsAssessment.objects.count() == 1


def test_the_next_talk_starts_from_the_last(client: Client, browser: Browser) -> None:
    browser.post(reverse("needs", args=[client.code]), {"scope": "urgent", "chosen": "job", "urgent": "job"})
    page = browser.get(reverse("needs", args=[client.code])).content.decode()
    assert 'id="need_job" autocomplete="off" checked' in page
    assert 'id="urgent_job" autocomplete="off" checked' in page


def test_not_wanting_to_talk_is_an_answer(client: Client, browser: Browser) -> None:
    browser.post(reverse("needs", args=[client.code]), {"decline": "yes"})
    assert Event.objects.filter(kind="needs.declined").exists()


def test_a_colleague_outside_the_team_sees_no_need(client: Client, browser: Browser, world: Cast) -> None:
    browser.post(reverse("needs", args=[client.code]), {"scope": "full", "chosen": "job"})
    world.act_as("other_screener")
    assert queries.latest_needs(client) is None


def test_help_to_claim_says_when_each_fact_was_checked(client: Client, browser: Browser) -> None:
    page = browser.get(reverse("benefits", args=[client.code])).content.decode()
    assert "Last checked" in page
    assert "Not checked yet: ask counsel." in page
    assert "opens the medical records" in page


def test_the_page_opens_before_anything_was_said(client: Client, browser: Browser, now: datetime) -> None:
    assert "As they put it last" not in browser.get(reverse("needs", args=[client.code])).content.decode()
