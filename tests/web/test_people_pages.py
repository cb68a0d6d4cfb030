"""Finding, registering and caring for a person, through the pages, as the web role."""

import re
from datetime import datetime

from django.http import HttpResponse
from django.test import Client as Browser

from leeward.people.models import Client, Event
from leeward.protect.models import AuditRecord

from ..cast import Cast, page_of

PERSON = {
    "given_name": "Noor",
    "family_name": "Quiet-Canary",
    "birth_year": "1996",
    "language": "en",
    "county": "Forrest",
    "contact_method": "call",
    "phone": "601-555-0177",
    "contact_hours": "weekdays 9 to 11",
    "contact_notes": "",
    "code_word": "marmalade",
    "source": "self",
}


def open_record(browser: Browser, **changes: str) -> str:
    """Register a person through the page; returns the address of the record."""
    answer = browser.post("/people/new/", {**PERSON, **changes})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return str(answer["Location"])


def bare(answer: HttpResponse, address: str) -> str:
    """The answer without what every answer has of its own: the asked address and the form's token."""
    return page_of(answer).replace(address, "")


def test_a_new_person_gets_a_record_and_first_tasks(world: Cast) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    page = browser.get(address).content.decode()
    assert "Noor" in page
    assert "marmalade" in page
    assert "Offer information" in page
    assert "Noor" in browser.get("/?for=everyone").content.decode()


def test_nobody_stands_in_a_title_or_an_address(world: Cast) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    page = browser.get(address).content.decode()
    title = page.partition("<title>")[2].partition("</title>")[0].lower()
    assert "noor" not in title + address.lower()
    assert "traffick" not in title


def test_search_finds_the_own_person_and_hides_other_teams(world: Cast) -> None:
    browser = world.browser("screener")
    open_record(browser)
    assert "601-555-0177" not in browser.post("/people/", {"typed": "noor quiet-canary"}).content.decode()
    assert "Noor" in browser.post("/people/", {"typed": "NOOR  Quiet-Cañary".replace("ñ", "n")}).content.decode()
    other = world.browser("other_screener")
    assert "matches" in other.post("/people/", {"typed": "Noor Quiet-Canary"}).content.decode()
    known = other.post("/people/", {"typed": "Noor Quiet-Canary", "birth_year": "1996"}).content.decode()
    assert "already be known" in known


def test_outside_the_team_a_record_looks_like_none(world: Cast) -> None:
    address = open_record(world.browser("screener"))
    other = world.browser("other_screener")
    forbidden, unknown = other.get(address), other.get("/p/0000-00000-0/")
    assert forbidden.status_code == unknown.status_code == 404
    assert bare(forbidden, address) == bare(unknown, "/p/0000-00000-0/")


def test_impossible_years_and_long_names_get_a_sentence_and_keep_what_was_typed(world: Cast) -> None:
    browser = world.browser("screener")
    for changes, sentence in (
        ({"birth_year": "1880"}, "older than"),
        ({"birth_year": "2190"}, "in the future"),
        ({"given_name": "x" * 10_000}, "120"),
        ({"phone": ""}, "Write the number"),
    ):
        answer = browser.post("/people/new/", {**PERSON, **changes})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert "Quiet-Canary" in answer.content.decode()
    assert not Client.objects.exists()


def test_names_in_other_scripts_and_emoji_come_back_as_typed(world: Cast) -> None:
    browser = world.browser("screener")
    address = open_record(browser, given_name="نور 🌿")
    assert "نور 🌿" in browser.get(address).content.decode()


def test_a_future_event_is_refused_with_a_way_out(world: Cast, now: datetime) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    answer = browser.post(
        f"{address}record/rating.given/", {"happened_at": "2199-01-01T10:00", "data_score": "4", "data_about": "help"}
    )
    assert "in the future" in answer.content.decode()
    world.act_as("screener")
    assert not Event.objects.filter(kind="rating.given").exists()


def test_a_colleague_on_the_team_opens_the_record(world: Cast) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    therapist = world.browser("therapist")
    assert therapist.get(address).status_code == 404
    browser.post(f"{address}team/", {"colleague": str(world.staff["therapist"].pk)})
    assert therapist.get(address).status_code == 200


def test_a03_a_colleague_is_barred_and_let_in_again_on_the_team_page(world: Cast) -> None:
    browser = world.browser("case_manager")
    record = open_record(browser)
    team, person = f"{record}team/", str(world.staff["clinician"].pk)
    browser.post(team, {"colleague": person})
    assert world.browser("clinician").get(record).status_code == 200
    assert browser.post(team, {"bar": person}).status_code == 302
    assert world.browser("clinician").get(record).status_code == 404
    page = browser.get(team).content.decode()
    assert "They changed their mind" in page
    assert f'<option value="{person}"' not in page, "who is barred can be added by nobody"
    assert browser.post(team, {"colleague": person}).status_code == 422
    assert browser.post(team, {"bar": "nobody"}).status_code == 422
    lift = re.search(r'name="unbar" value="([^"]+)"', page)
    assert lift
    assert browser.post(team, {"unbar": lift[1]}).status_code == 302
    assert world.browser("clinician").get(record).status_code == 404, "they are on the team no more"
    browser.post(team, {"colleague": person})
    assert world.browser("clinician").get(record).status_code == 200


def test_a_closed_case_needs_the_open_safety_step_first(world: Cast) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    browser.post(f"{address}record/incident.reported/", {"happened_at": "2026-01-05T10:00", "data_kind": "attempt"})
    answer = browser.post(
        f"{address}record/case.closed/", {"happened_at": "2026-01-06T10:00", "data_reason": "goals_met"}
    )
    assert answer.status_code == 422
    assert "Not yet" in answer.content.decode()


def test_r14_entering_an_earlier_time_does_not_close_a_case_past_a_safety_step(world: Cast) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    browser.post(f"{address}record/incident.reported/", {"happened_at": "2026-01-05T10:00", "data_kind": "attempt"})
    early = {"happened_at": "2026-01-04T10:00", "data_reason": "goals_met"}
    assert browser.post(f"{address}record/case.closed/", early).status_code == 422


def test_a_late_step_is_shown_late_not_done(world: Cast, now: datetime) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    old = {"happened_at": "2026-01-05T10:00", "data_kind": "attempt"}
    browser.post(f"{address}record/incident.reported/", old)
    page = browser.get(address).content.decode()
    assert "Check suicide risk" in page
    assert "Done late" not in page
    assert "So late that it now also goes to: Program director" in page


def test_standing_on_a_list_is_on_the_record_too(world: Cast) -> None:
    browser = world.browser("screener")
    open_record(browser)
    browser.get("/?for=everyone")
    world.act_as("screener")
    client = Client.objects.get()
    assert AuditRecord.objects.filter(client_id=client.pk, action="read web.worklist").exists()
