"""The pages of check-ins, goals and sessions, as staff use them."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from leeward.people import timeline
from leeward.people.models import Client, Event
from leeward.treat.models import Measure

from ..cast import Cast
from .test_measures import fill


@pytest.fixture
def browser(world: Cast) -> Browser:
    return world.browser("therapist")


def typed(**answers: str) -> dict[str, str]:
    return {"day": timezone.localdate().isoformat(), "mode": "read_aloud", "form_language": "en"} | answers


def address(name: str, client: Client, *more: object) -> str:
    return reverse(name, args=[client.code, *more])


PAGES = [
    ("measures", ()),
    ("measure_series", ("phq-9",)),
    ("measure_form", ("phq-9",)),
    ("measure_series", ("ties-8",)),
    ("measure_form", ("ties-8",)),
    ("service_plan", ()),
    ("sessions", ()),
]


@pytest.mark.parametrize(("name", "more"), PAGES)
def test_every_page_opens_for_the_team(client: Client, browser: Browser, name: str, more: tuple[str, ...]) -> None:
    assert browser.get(address(name, client, *more)).status_code == 200


@pytest.mark.parametrize(("name", "more"), PAGES)
@pytest.mark.parametrize("who", ["other_screener", "privacy_officer", "program_director", "evaluator", "hospital"])
def test_for_anybody_else_the_page_does_not_exist(
    client: Client, world: Cast, who: str, name: str, more: tuple[str, ...]
) -> None:
    assert world.browser(who).get(address(name, client, *more)).status_code == 404


def test_an_unknown_measure_does_not_exist(client: Client, browser: Browser) -> None:
    assert browser.get(address("measure_form", client, "phq-99")).status_code == 404
    assert browser.get(address("measure_form", client, "safety-conversation")).status_code == 404


def test_titles_and_addresses_tell_nothing(client: Client, browser: Browser) -> None:
    for name, more in PAGES:
        place = address(name, client, *more)
        title = re.search(r"<title>(.*?)</title>", browser.get(place).content.decode(), re.S)
        assert title is not None
        for word in ("Canary", "traffick", "suicid", "abuse"):
            assert word.lower() not in (title[1] + place).lower()


def test_every_question_can_be_declined_or_left_blank(client: Client, browser: Browser) -> None:
    page = browser.get(address("measure_form", client, "phq-9")).content.decode()
    assert page.count("Prefer not to answer") == 9
    assert page.count("Leave blank") == 9
    assert "own wording" in page


def test_the_questions_can_be_in_another_language_than_the_page(client: Client, browser: Browser) -> None:
    page = browser.get(address("measure_form", client, "phq-9") + "?in=es").content.decode()
    assert 'lang="es"' in page
    assert "Todos los días o casi" in page
    browser.post(address("measure_form", client, "phq-9"), typed(q1="1", form_language="es"))
    assert Measure.objects.get().language == "es"


def test_a_filled_form_leads_to_its_result(client: Client, browser: Browser) -> None:
    answers = {f"q{n}": "2" for n in range(1, 8)} | {"q8": "declined", "q9": "0"}
    answer = browser.post(address("measure_form", client, "phq-9"), typed(**answers), follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == address("measure_result", client, "phq-9", 1)
    assert "Moderately severe" in page
    assert "Estimated" in page
    assert "8 of 9" in page


def test_a_day_to_come_is_refused_and_nothing_typed_is_lost(client: Client, browser: Browser) -> None:
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    answer = browser.post(address("measure_form", client, "phq-9"), typed(q1="3", day=tomorrow))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This day is in the future" in page
    assert re.search(r'name="q1" value="3"[^>]*checked', page)
    assert not Measure.objects.exists()


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "99999-01-01", "١٢"])
def test_a_day_that_is_none_is_refused_in_plain_words(client: Client, browser: Browser, day: str) -> None:
    answer = browser.post(address("measure_form", client, "phq-9"), typed(q1="3", day=day))
    assert answer.status_code == 422
    assert "Enter" in answer.content.decode()


def test_an_answer_that_does_not_exist_is_refused(client: Client, browser: Browser) -> None:
    assert browser.post(address("measure_form", client, "phq-9"), typed(q1="7")).status_code == 422
    assert not Measure.objects.exists()


def test_an_empty_form_says_what_to_do(client: Client, browser: Browser) -> None:
    answer = browser.post(address("measure_form", client, "phq-9"), typed())
    assert answer.status_code == 422
    assert "No question was answered" in answer.content.decode()


def test_declining_is_one_press_and_counts_against_nobody(client: Client, browser: Browser) -> None:
    answer = browser.post(address("measure_form", client, "gad-7"), {"decline": "yes"}, follow=True)
    assert "It counts against nobody" in answer.content.decode()
    assert Event.objects.filter(kind="measure.declined", data__instrument="gad-7").exists()


def test_the_chart_has_the_same_numbers_in_a_table_and_in_words(
    client: Client, browser: Browser, world: Cast, now: datetime
) -> None:
    fill(client, world, now, *[2] * 8, 0, days_ago=40)
    fill(client, world, now, *[1] * 8, 0)
    page = browser.get(address("measure_series", client, "phq-9")).content.decode()
    svg = page[page.index("<svg role") : page.index("</svg>", page.index("<svg role"))]
    words = re.search(r'aria-label="([^"]*)"', svg)
    assert words is not None
    for total in ("16", "8"):
        assert f">{total}<" in svg
        assert f": {total}" in words[1]
        assert f"{total} of 27" in page
    assert "2 scores." in page
    assert "Better: the score fell by 8 points." in page
    assert "Rule for change:" in page


def test_the_chart_takes_its_colours_from_the_page_and_needs_no_inline_style(
    client: Client, browser: Browser, world: Cast, now: datetime
) -> None:
    fill(client, world, now, *[1] * 8, 0)
    page = browser.get(address("measure_series", client, "phq-9")).content.decode()
    svg = page[page.index("<svg role") : page.index("</svg>", page.index("<svg role"))]
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg))
    assert {c for c in colours if not c.startswith("var(--")} <= {"none", "transparent"}
    assert "style" not in svg


def test_change_is_said_in_the_readers_language(client: Client, browser: Browser, world: Cast, now: datetime) -> None:
    fill(client, world, now, *[2] * 8, 0, days_ago=40)
    fill(client, world, now, *[1] * 8, 0)
    page = browser.get(address("measure_series", client, "phq-9"), headers={"accept-language": "es"}).content.decode()
    assert "Mejor: el puntaje bajó 8 puntos." in page
    assert ">Moderadamente grave<" in page


def test_a_correction_begins_with_what_was_entered(client: Client, browser: Browser) -> None:
    browser.post(
        address("measure_form", client, "gad-7"),
        typed(q1="3", q2="declined", **{f"q{n}": "1" for n in (3, 4, 5, 6, 7)}),
    )
    page = browser.get(address("measure_correct", client, "gad-7", 1)).content.decode()
    assert re.search(r'name="q1" value="3"[^>]*checked', page)
    assert re.search(r'name="q2" value="declined"[^>]*checked', page)
    browser.post(address("measure_correct", client, "gad-7", 1), typed(**{f"q{n}": "0" for n in range(1, 8)}))
    assert [m.total for m in Measure.objects.filter(correction__isnull=True)] == [0]
    assert Measure.objects.count() == 2


def test_an_alert_page_refuses_the_correction_and_says_what_to_do(client: Client, browser: Browser) -> None:
    answers = {f"q{n}": "0" for n in range(1, 9)}
    browser.post(address("measure_form", client, "phq-9"), typed(**answers, q9="2"))
    answer = browser.post(address("measure_correct", client, "phq-9", 1), typed(**answers, q9="0"))
    assert answer.status_code == 422
    assert "Talk about safety and record it first." in answer.content.decode()


def test_the_overview_puts_a_waiting_safety_talk_first(client: Client, browser: Browser) -> None:
    browser.post(address("measure_form", client, "phq-9"), typed(q9="1"))
    page = browser.get(address("measures", client)).content.decode()
    assert page.index("First: talk about safety, now") < page.index("Depression measure")


@pytest.mark.parametrize("number", [0, 2, 10**30])
def test_an_occasion_that_was_not_does_not_exist(client: Client, browser: Browser, number: int) -> None:
    browser.post(address("measure_form", client, "gad-7"), typed(q1="1"))
    assert browser.get(address("measure_result", client, "gad-7", number)).status_code == 404
    assert browser.get(address("service_plan_version", client, number)).status_code == 404


def test_without_a_measure_the_page_says_what_to_do(client: Client, browser: Browser) -> None:
    page = browser.get(address("measure_series", client, "phq-9")).content.decode()
    assert "Not filled in yet" in page
    assert "Fill in PHQ-9" in page


def test_a_reading_leaves_an_audit_row(client: Client, browser: Browser, world: Cast) -> None:
    from leeward.protect.models import AuditRecord

    browser.get(address("measures", client))
    assert AuditRecord.objects.filter(client_id=client.pk, action="read treat.measures").exists()


def test_goals_are_agreed_then_reviewed_in_the_survivors_words(client: Client, browser: Browser) -> None:
    goals = {"written_after": "0", "words_1": "Sleep with the light off 🌙", "next_1": "Talk about it, me"}
    answer = browser.post(address("service_plan", client), goals, follow=True)
    assert "Saved as version 1." in answer.content.decode()
    assert "Sleep with the light off 🌙" in answer.content.decode()
    assert Event.objects.get(kind="plan.agreed").data == {"goals": 1}
    again = goals | {"written_after": "1", "progress_1": "reached", "words_2": "A place of my own"}
    assert "Saved as version 2." in browser.post(address("service_plan", client), again, follow=True).content.decode()
    assert Event.objects.filter(kind="plan.reviewed").count() == 1
    assert "Sleep with" in browser.get(address("service_plan_version", client, 1)).content.decode()


def test_goals_are_sealed(client: Client, browser: Browser) -> None:
    from django.db import connection

    browser.post(address("service_plan", client), {"written_after": "0", "words_1": "Sleepwithoutfear"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT goals FROM treat_serviceplan")
        assert b"Sleepwithoutfear" not in bytes(cursor.fetchone()[0])


def test_a_colleagues_newer_goals_are_not_overwritten(client: Client, browser: Browser, world: Cast) -> None:
    browser.post(address("service_plan", client), {"written_after": "0", "words_1": "First"})
    mine = {"written_after": "0", "words_1": "Typed by the screener meanwhile"}
    answer = world.browser("screener").post(address("service_plan", client), mine)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A colleague saved version 1 while you were writing." in page
    assert "Typed by the screener meanwhile" in page
    assert 'name="written_after" value="1"' in page


@pytest.mark.parametrize("said", [{}, {"next_1": "a step without a goal"}, {"words_1": "x" * 10_000}])
def test_goals_that_can_not_be_saved_are_kept_on_the_page(
    client: Client, browser: Browser, said: dict[str, str]
) -> None:
    answer = browser.post(address("service_plan", client), {"written_after": "0", **said})
    assert answer.status_code == 422
    assert all(value in answer.content.decode() for value in said.values())
    assert not Event.objects.filter(kind__startswith="plan.").exists()


def test_a_plan_can_be_declined(client: Client, browser: Browser) -> None:
    browser.post(address("service_plan", client), {"decline": "yes"})
    assert Event.objects.filter(kind="plan.declined").exists()


def test_a_session_is_recorded_once_and_the_next_number_is_offered(client: Client, browser: Browser) -> None:
    held = {"number": "1", "day": timezone.localdate().isoformat(), "phase": "stabilise"}
    browser.post(address("sessions", client), held)
    page = browser.post(address("sessions", client), held, follow=True).content.decode()
    assert Event.objects.filter(kind="session.attended").count() == 1
    assert re.search(r'name="number" value="2"', page)
    assert "Stabilise" in page


def test_a_missed_session_is_recorded(client: Client, browser: Browser) -> None:
    missed = {"missed": "yes", "missed_day": timezone.localdate().isoformat()}
    assert "missed" in browser.post(address("sessions", client), missed, follow=True).content.decode()
    assert Event.objects.filter(kind="session.missed").count() == 1


@pytest.mark.parametrize("wrong", [{"number": "0"}, {"number": "many"}, {"phase": "sideways"}, {"day": "2999-01-01"}])
def test_a_session_that_can_not_be_is_refused(client: Client, browser: Browser, wrong: dict[str, str]) -> None:
    held = {"number": "1", "day": timezone.localdate().isoformat(), "phase": "stabilise"} | wrong
    assert browser.post(address("sessions", client), held).status_code == 422
    assert not Event.objects.filter(kind="session.attended").exists()


def test_every_page_speaks_only_of_what_the_reader_may_see(client: Client, world: Cast, now: datetime) -> None:
    fill(client, world, now, *[1] * 8, 0)
    world.act_as("other_screener")
    assert timeline.events_of(client) == []
