"""A safety plan is the survivor's: their words, every version, and a copy only where a copy is safe."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from leeward.people.models import Client, Event
from leeward.protect.models import AuditRecord
from leeward.support import actions, queries
from leeward.support.errors import ChangedMeanwhile, NothingWritten
from leeward.support.models import Copy, SafetyPlan

from ..cast import Cast

WORDS = "Knock three times at Auntie's back door 🌿"


@pytest.fixture
def browser(world: Cast) -> Browser:
    return world.browser("therapist")


def save(client: Client, world: Cast, now: datetime, words: str = WORDS, copy: Copy = Copy.PRINTED) -> SafetyPlan:
    return actions.save_safety_plan(
        by=world.staff["therapist"], client=client, sections={"places": words}, copy=copy, now=now
    )


def page(browser: Browser, client: Client, name: str = "safety_plan", *more: object) -> str:
    return browser.get(reverse(name, args=[client.code, *more])).content.decode()


def test_all_versions_are_kept_and_older_ones_stay_readable(
    client: Client, world: Cast, now: datetime, browser: Browser
) -> None:
    save(client, world, now - timedelta(hours=1))
    save(client, world, now, "At the library until six", Copy.SYSTEM_ONLY)
    assert list(SafetyPlan.objects.values_list("version", flat=True)) == [2, 1]
    assert "At the library" in page(browser, client)
    assert "Auntie" in page(browser, client, "safety_plan_version", 1)
    assert [event.data for event in Event.objects.filter(kind="safety_plan.saved")] == [
        {"version": 1, "copy": "printed"},
        {"version": 2, "copy": "system_only"},
    ]


def test_the_words_are_not_in_the_database_in_clear(client: Client, world: Cast, now: datetime) -> None:
    save(client, world, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sections, to_jsonb(p)::text FROM support_safetyplan p")
        sealed, row = cursor.fetchone()
        cursor.execute("SELECT string_agg(to_jsonb(e)::text, ' ') FROM people_event e")
        (events,) = cursor.fetchone()
        cursor.execute("SELECT string_agg(to_jsonb(a)::text, ' ') FROM protect_auditrecord a")
        (audited,) = cursor.fetchone()
    assert b"Auntie" not in bytes(sealed)
    for text in (row, events, audited):
        assert "Auntie" not in text


def test_sealed_words_do_not_open_in_another_row(client: Client, world: Cast, now: datetime) -> None:
    from leeward.people.errors import SealBroken

    first, second = save(client, world, now - timedelta(hours=1)), save(client, world, now, "other")
    second.sections = first.sections
    with pytest.raises(SealBroken):
        queries.sections_of(client, second)


def test_a_colleague_outside_the_team_finds_no_page_and_no_row(client: Client, world: Cast, now: datetime) -> None:
    save(client, world, now)
    outside = world.browser("other_screener")
    for name, more in [
        ("safety_plan", ()),
        ("safety_plan_form", ()),
        ("safety_plan_print", ()),
        ("safety_plan_version", (1,)),
        ("needs", ()),
    ]:
        assert outside.get(reverse(name, args=[client.code, *more])).status_code == 404
    world.act_as("other_screener")
    assert not SafetyPlan.objects.exists()


@pytest.mark.parametrize("who", ["privacy_officer", "program_director", "evaluator", "hospital", "law_enforcement"])
def test_the_plan_is_for_the_care_team_only(client: Client, world: Cast, now: datetime, who: str) -> None:
    save(client, world, now)
    assert world.browser(who).get(reverse("safety_plan", args=[client.code])).status_code == 404
    world.act_as(who)
    assert not SafetyPlan.objects.exists()


def test_there_is_no_print_when_a_copy_is_dangerous(
    client: Client, world: Cast, now: datetime, browser: Browser
) -> None:
    save(client, world, now, copy=Copy.SYSTEM_ONLY)
    assert browser.get(reverse("safety_plan_print", args=[client.code])).status_code == 404
    shown = page(browser, client)
    assert "There is no copy on paper" in shown
    assert "/print/" not in shown


def test_a_copy_that_became_dangerous_can_not_be_printed_from_an_older_version(
    client: Client, world: Cast, now: datetime, browser: Browser
) -> None:
    save(client, world, now - timedelta(hours=1))
    assert browser.get(reverse("safety_plan_print", args=[client.code])).status_code == 200
    save(client, world, now, copy=Copy.SYSTEM_ONLY)
    assert browser.get(reverse("safety_plan_print", args=[client.code])).status_code == 404
    assert "/print/" not in page(browser, client, "safety_plan_version", 1)


def test_the_printed_cover_tells_nothing(client: Client, world: Cast, now: datetime, browser: Browser) -> None:
    save(client, world, now)
    printed = page(browser, client, "safety_plan_print")
    assert "<title>Notes</title>" in printed
    assert WORDS.replace("'", "&#x27;") in printed
    told = re.sub(r"<[^>]*>", " ", printed).lower()
    for word in (
        "canary",
        client.code.lower(),
        "safety plan",
        "traffick",
        "survivor",
        "center",
        "leeward",
        "danger to",
    ):
        assert word not in told


def test_printing_leaves_an_audit_row(client: Client, world: Cast, now: datetime, browser: Browser) -> None:
    save(client, world, now)
    page(browser, client, "safety_plan_print")
    assert AuditRecord.objects.filter(client_id=client.pk, action="printed support.safety_plan").exists()


def test_an_empty_plan_is_refused_with_a_way_out(client: Client, world: Cast, now: datetime) -> None:
    with pytest.raises(NothingWritten) as refused:
        actions.save_safety_plan(
            by=world.staff["therapist"], client=client, sections={"now": ""}, copy=Copy.PRINTED, now=now
        )
    assert "do not want a plan" in refused.value.hint


def test_a_colleagues_newer_version_is_not_covered_up(client: Client, world: Cast, now: datetime) -> None:
    save(client, world, now)
    with pytest.raises(ChangedMeanwhile):
        actions.save_safety_plan(
            by=world.staff["screener"],
            client=client,
            sections={"now": "typed meanwhile"},
            copy=Copy.PRINTED,
            now=now,
            written_after=0,
        )


def test_the_form_keeps_what_was_typed_and_offers_the_newer_version(
    client: Client, world: Cast, now: datetime, browser: Browser
) -> None:
    save(client, world, now)
    typed = {"written_after": "0", "now": "typed meanwhile", "copy": "printed"}
    answer = world.browser("screener").post(reverse("safety_plan_form", args=[client.code]), typed)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "typed meanwhile" in shown
    assert "A colleague saved version 1 while you were writing." in shown
    again = re.search(r'name="written_after" value="(\d+)"', shown)
    assert again is not None
    saved = world.browser("screener").post(
        reverse("safety_plan_form", args=[client.code]), typed | {"written_after": again[1]}
    )
    assert saved.status_code == 302


def test_the_same_form_sent_twice_makes_one_version(client: Client, browser: Browser) -> None:
    typed = {"written_after": "0", "now": "Go to the neighbour", "copy": "system_only"}
    for _press in range(2):
        assert browser.post(reverse("safety_plan_form", args=[client.code]), typed).status_code == 302
    assert SafetyPlan.objects.count() == 1


@pytest.mark.parametrize(
    "typed",
    [{"now": "words without a choice about copies"}, {"copy": "printed"}, {"copy": "printed", "now": "x" * 10_000}],
)
def test_what_can_not_be_saved_stays_on_the_page(client: Client, browser: Browser, typed: dict[str, str]) -> None:
    answer = browser.post(reverse("safety_plan_form", args=[client.code]), {"written_after": "0", **typed})
    assert answer.status_code == 422
    assert typed.get("now", "") in answer.content.decode()
    assert not SafetyPlan.objects.exists()


@pytest.mark.parametrize("words", ["مكان آمن عند خالتي", "🌿" * 500, "<script>alert(1)</script>", "a\nb\r\nc"])
def test_any_words_are_kept_as_they_are(client: Client, world: Cast, now: datetime, words: str) -> None:
    plan = save(client, world, now, words)
    assert queries.sections_of(client, plan) == {"places": words}


def test_no_words_run_as_script(client: Client, world: Cast, now: datetime, browser: Browser) -> None:
    save(client, world, now, "<script>alert(1)</script>")
    for name in ("safety_plan", "safety_plan_form", "safety_plan_print"):
        assert "<script>alert" not in page(browser, client, name)


def test_declining_is_recorded_and_what_was_written_stays(
    client: Client, world: Cast, now: datetime, browser: Browser
) -> None:
    save(client, world, now)
    browser.post(reverse("safety_plan", args=[client.code]), {"decline": "yes"})
    assert Event.objects.filter(kind="safety_plan.declined").exists()
    assert "Auntie" in page(browser, client)


@pytest.mark.parametrize("version", [0, 2, 10**30])
def test_a_version_that_was_not_does_not_exist(
    client: Client, world: Cast, now: datetime, browser: Browser, version: int
) -> None:
    save(client, world, now)
    assert browser.get(reverse("safety_plan_version", args=[client.code, version])).status_code == 404


def test_it_shows_how_to_reach_them_safely(client: Client, browser: Browser) -> None:
    from leeward.people.actions import correct_identity

    correct_identity(client=client, changes={"contact_method": "text", "contact_notes": "Never leave a voice message"})
    assert "Never leave a voice message" in page(browser, client)
