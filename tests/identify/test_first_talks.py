"""Notice, speak alone, explain, inform, ask without harm: in this order, and every question may be skipped."""

from datetime import UTC, datetime
from html import unescape

import pytest
from django.test import Client as Browser

from leeward import catalogue
from leeward.identify import queries
from leeward.identify.models import Observation, Screening
from leeward.people import actions as people
from leeward.people import queries as tasks
from leeward.people.actions import Arrival
from leeward.people.models import Client, Event
from leeward.protect import drafts
from leeward.rules.instruments.conversation import Audience

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL

FIRST_QUESTION = "promised"


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("screener"), arrival=ARRIVAL, now=now)


@pytest.fixture
def young(world: Cast, now: datetime) -> Client:
    arrival = Arrival(
        identity={"given_name": "Young"}, birth_year=now.year - 15, language="en", county="Lamar", source="self"
    )
    return people.register(by=world.act_as("screener"), arrival=arrival, now=now)


def talk_first(browser: Browser, client: Client) -> None:
    """The first talk, all three parts, through the page."""
    place = f"/p/{client.code}/first-talk/"
    alone = {"part": "alone", "companion": "yes", "interpreter": "phone", "language": "es"}
    for said in (alone, {"part": "explained"}, {"part": "informed"}):
        assert browser.post(place, said).status_code == 302


def kinds(client: Client) -> list[str]:
    return list(Event.objects.filter(client=client).values_list("kind", flat=True))


def test_r1_no_question_is_on_the_page_before_privacy_and_confidentiality(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    place = f"/p/{client.code}/talk/"
    closed = browser.get(place).content.decode()
    assert "Something comes first" in closed
    assert FIRST_QUESTION not in closed
    browser.post(
        f"/p/{client.code}/first-talk/", {"part": "alone", "companion": "no", "interpreter": "none", "language": "en"}
    )
    assert FIRST_QUESTION not in browser.get(place).content.decode()
    refused = browser.post(place, {"mode": "spoken", "language": "en", "q_promises": "yes"})
    assert refused.status_code == 403
    assert not Screening.objects.exists()
    browser.post(f"/p/{client.code}/first-talk/", {"part": "explained"})
    assert FIRST_QUESTION in browser.get(place).content.decode()


def test_r15_a_screener_whose_training_lapsed_is_told_so_and_can_not_start(
    world: Cast, client: Client, now: datetime
) -> None:
    people.join_team(by=world.staff["screener"], client=client, colleague=world.staff["other_screener"], now=now)
    talk_first(world.browser("screener"), client)
    browser = world.browser("other_screener")
    page = browser.get(f"/p/{client.code}/talk/").content.decode()
    assert "Your training does not open this talk today" in page
    assert "Private conversation and screening" in page
    assert FIRST_QUESTION not in page
    assert (
        browser.post(f"/p/{client.code}/talk/", {"mode": "spoken", "language": "en", "q_promises": "yes"}).status_code
        == 403
    )
    world.act_as("screener")
    assert not Screening.objects.exists()


def test_a_declined_question_is_not_a_no_and_a_blank_one_is_neither(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    talk_first(browser, client)
    browser.post(
        f"/p/{client.code}/talk/", {"mode": "spoken", "language": "en", "q_promises": "declined", "q_pay": "no"}
    )
    world.act_as("screener")
    held = Screening.objects.get(client=client)
    assert queries.answers_of(held) == {"promises": "declined", "pay": "no"}
    assert (held.answered, held.declined) == (1, 1)
    assert held.result == "inconclusive"


def test_every_question_may_be_skipped(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    talk_first(browser, client)
    assert browser.post(f"/p/{client.code}/talk/", {"mode": "spoken", "language": "en"}).status_code == 302


def test_r2_a_talk_keeps_tool_version_language_mode_and_training(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    talk_first(browser, client)
    browser.post(f"/p/{client.code}/talk/", {"mode": "screen", "language": "en"})
    world.act_as("screener")
    held = Screening.objects.get(client=client)
    assert (held.tool, held.version, held.language, held.mode) == ("safety-conversation", "1", "en", "screen")
    assert held.training_until is not None


def test_the_worth_of_a_positive_talk_is_said_beside_it(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    talk_first(browser, client)
    conversation = queries_positive_question()
    answer = browser.post(f"/p/{client.code}/talk/", {"mode": "spoken", "language": "en", f"q_{conversation}": "yes"})
    page = browser.get(answer["Location"]).content.decode()
    assert "There is reason to offer help" in page
    assert "about 4 are" in page
    assert "prevalence 0.011" in page


def queries_positive_question() -> str:
    return next(q.id for q in catalogue.conversation().questions if Audience.ADULT in q.core)


def test_r3_a_declined_talk_still_ends_with_an_offer_of_information(world: Cast, client: Client, now: datetime) -> None:
    browser = world.browser("screener")
    talk_first(browser, client)
    answer = browser.post(f"/p/{client.code}/talk/", {"decline": "1"})
    assert answer["Location"].endswith("/first-talk/")
    world.act_as("screener")
    assert "screening.declined" in kinds(client)
    steps = set(tasks.worklist(now=datetime.now(UTC)).values_list("step", flat=True))
    assert "offer-information-after-screening" in steps


def test_g05_family_can_not_interpret(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    for kin in ("family", "companion", "child"):
        said = {"part": "alone", "companion": "yes", "interpreter": kin, "language": "es"}
        assert browser.post(f"/p/{client.code}/first-talk/", said).status_code == 422
    world.act_as("screener")
    assert "conversation.private" not in kinds(client)


def test_r4_a_minor_with_suspicion_has_a_report_due_at_once(world: Cast, young: Client) -> None:
    browser = world.browser("screener")
    said = {"signs_control": ["speaks_for"], "suspected": "yes", "danger_now": "no", "note": "Canary-note"}
    answer = browser.post(f"/p/{young.code}/noticed/", said)
    assert answer["Location"].endswith("/notice/")
    page = browser.get(answer["Location"]).content.decode()
    assert "1-800-222-8000" in page
    assert "A report is due at once" in page
    browser.post(f"/p/{young.code}/notice/", {"to": "MDCPS", "reference": "A-17"})
    assert "No report is waiting" in browser.get(f"/p/{young.code}/notice/").content.decode()


def test_no_report_needs_a_signed_reason(world: Cast, young: Client) -> None:
    browser = world.browser("screener")
    browser.post(f"/p/{young.code}/noticed/", {"signs_control": ["speaks_for"], "suspected": "yes", "danger_now": "no"})
    place = f"/p/{young.code}/notice/"
    assert browser.post(place, {"part": "none", "reason": "not_a_minor"}).status_code == 422
    assert browser.post(place, {"part": "none", "reason": "not_a_minor", "sign": "on"}).status_code == 302


def test_a_note_is_sealed(world: Cast, client: Client) -> None:
    said = {"signs_work": ["long_hours"], "suspected": "no", "danger_now": "no", "note": "Canary-note"}
    world.browser("screener").post(f"/p/{client.code}/noticed/", said)
    world.act_as("screener")
    assert b"Canary" not in bytes(Observation.objects.get(client=client).note or b"")


def test_nothing_ticked_gets_a_sentence(world: Cast, client: Client) -> None:
    answer = world.browser("screener").post(f"/p/{client.code}/noticed/", {"suspected": "no", "danger_now": "no"})
    assert answer.status_code == 422
    assert "Tick at least one sign" in answer.content.decode()


def test_danger_noticed_leads_to_the_check_for_danger(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    said = {"signs_work": ["long_hours"], "suspected": "yes", "danger_now": "yes"}
    answer = browser.post(f"/p/{client.code}/noticed/", said)
    assert answer["Location"].endswith("/safe-now/")
    browser.post(answer["Location"], {"danger": "possible"})
    world.act_as("screener")
    assert "safety.assessed" in kinds(client)


def test_a_screener_may_not_judge_suicide_risk(world: Cast, client: Client) -> None:
    answer = world.browser("screener").post(f"/p/{client.code}/risk/", {"level": "none"})
    assert answer.status_code == 422
    world.act_as("screener")
    assert "suicide_risk.assessed" not in kinds(client)


def test_r2_a_talk_in_another_language_is_recorded_in_that_language(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    place = f"/p/{client.code}/first-talk/"
    browser.post(place, {"part": "alone", "companion": "no", "interpreter": "phone", "language": "vi"})
    browser.post(place, {"part": "explained"})
    browser.post(place, {"part": "informed"})
    assert '<option value="vi" selected>' in browser.get(f"/p/{client.code}/talk/").content.decode()
    browser.post(f"/p/{client.code}/talk/", {"mode": "spoken", "language": "vi"})
    world.act_as("screener")
    for kind in ("confidentiality.explained", "education.offered", "screening.completed"):
        assert Event.objects.get(client=client, kind=kind).data["language"] == "vi", kind
    assert Screening.objects.get(client=client).language == "vi"


def test_a_minor_is_asked_in_words_for_young_people(world: Cast, young: Client) -> None:
    browser = world.browser("screener")
    talk_first(browser, young)
    conversation = catalogue.conversation()
    question = next(one for one in conversation.questions if one.adult_text != one.youth_text)
    page = unescape(browser.get(f"/p/{young.code}/talk/").content.decode())
    assert question.text(Audience.YOUTH).in_("en") in page
    assert question.text(Audience.ADULT).in_("en") not in page


@pytest.mark.parametrize(
    ("page", "typed", "seen"),
    [
        ("notice", {"to": "MDCPS", "reference": "A-17"}, 'value="A-17"'),
        ("safe-now", {"danger": "possible"}, "checked"),
        ("risk", {"level": "moderate"}, "checked"),
    ],
)
def test_what_was_typed_and_not_saved_is_still_there(
    world: Cast, client: Client, now: datetime, page: str, typed: dict[str, str], seen: str
) -> None:
    people.join_team(by=world.staff["screener"], client=client, colleague=world.staff["clinician"], now=now)
    place = f"/p/{client.code}/{page}/"
    clinician = world.act_as("clinician")
    drafts.keep(by=clinician, place=place, data={name: [value] for name, value in typed.items()})
    shown = world.browser("clinician").get(place).content.decode()
    assert seen in shown
    assert "We kept what you typed" in shown


def test_a_screener_is_not_shown_the_choice_of_a_suicide_risk(world: Cast, client: Client) -> None:
    page = world.browser("screener").get(f"/p/{client.code}/risk/").content.decode()
    assert 'name="level"' not in page
    assert "988" in page


def test_a_clinician_records_a_suicide_risk(world: Cast, client: Client, now: datetime) -> None:
    people.join_team(by=world.staff["screener"], client=client, colleague=world.staff["clinician"], now=now)
    browser = world.browser("clinician")
    assert 'name="level"' in browser.get(f"/p/{client.code}/risk/").content.decode()
    assert browser.post(f"/p/{client.code}/risk/", {"level": "high"}).status_code == 302
    world.act_as("clinician")
    assert Event.objects.get(client=client, kind="suicide_risk.assessed").data["level"] == "high"


def test_a_minor_in_danger_needs_the_report_and_the_check_for_danger(world: Cast, young: Client) -> None:
    browser = world.browser("screener")
    said = {"signs_control": ["speaks_for"], "suspected": "yes", "danger_now": "yes"}
    place = browser.post(f"/p/{young.code}/noticed/", said)["Location"]
    assert place.endswith("/notice/")
    assert f'href="/p/{young.code}/safe-now/"' in browser.get(place).content.decode()
    answer = browser.post(place, {"to": "MDCPS", "reference": "A-17"})
    assert answer["Location"].endswith("/safe-now/")


def test_a_person_who_does_not_want_to_talk_alone_is_asked_nothing(world: Cast, client: Client) -> None:
    browser = world.browser("screener")
    browser.post(f"/p/{client.code}/first-talk/", {"part": "not_alone"})
    assert FIRST_QUESTION not in browser.get(f"/p/{client.code}/talk/").content.decode()
    assert browser.post(f"/p/{client.code}/talk/", {"mode": "spoken", "language": "en"}).status_code == 403
    assert browser.post(f"/p/{client.code}/first-talk/", {"part": "informed"}).status_code == 302
    world.act_as("screener")
    assert {"conversation.declined", "education.offered"} <= set(kinds(client))
