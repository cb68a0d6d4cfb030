"""The whole protocol of one person: every step with its state in words, for the team only, and on the record."""

import re
from datetime import timedelta

from django.utils import timezone

from leeward.people import actions, pathway
from leeward.people.models import Client
from leeward.protect.models import AuditRecord
from leeward.rules.picture import Tone
from leeward.web.pathway_page import notes

from ..cast import Cast, page_of
from .test_people_pages import open_record


def box_of(page: str, step: str) -> str:
    """The words in a step's box, its full text aside."""
    found = re.search(rf'<g data-step="{step}">(.*?)</g>(?=<g data-step|</g>)', page, re.DOTALL)
    assert found, step
    inside = re.sub(r"<title>.*?</title>", "", found[1], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inside)).strip()


def test_the_record_leads_to_the_whole_protocol_and_back(world: Cast) -> None:
    browser = world.browser("screener")
    record = open_record(browser)
    assert f'href="{record}pathway/"' in browser.get(record).content.decode()
    page = page_of(browser.get(f"{record}pathway/"))
    assert f'href="{record}"' in page
    assert "Noor" not in page


def test_every_step_is_there_as_a_picture_and_as_a_list(world: Cast) -> None:
    browser = world.browser("screener")
    record = open_record(browser)
    page = browser.get(f"{record}pathway/").content.decode()
    client = Client.objects.get(code=record.strip("/").rpartition("/")[2])
    steps = pathway.protocol_of(client).steps
    assert page.count('data-step="') == len(steps)
    listed = page.partition('class="pathway"')[2]
    assert all(step.title.en in listed for step in steps)
    assert '<svg xmlns="http://www.w3.org/2000/svg" role="img"' in page
    assert re.search(r'<div class="scroll protocol-picture" tabindex="0" role="region" aria-label="[^"]+">', page)


def test_states_are_words(world: Cast) -> None:
    browser = world.browser("screener")
    record = open_record(browser)
    client = Client.objects.get(code=record.strip("/").rpartition("/")[2])
    by, now = world.act_as("screener"), timezone.now()
    actions.record(by=by, client=client, kind="education.declined", at=now, data={}, now=now)
    actions.record(by=by, client=client, kind="indicator.observed", at=now, data={"suspected": False}, now=now)
    page = browser.get(f"{record}pathway/").content.decode()
    assert "They said no" in box_of(page, "offer-information")
    assert re.search(r"To do until \w", box_of(page, "talk-alone"))
    assert "Not open yet" in box_of(page, "first-session")
    definition = pathway.protocol_of(client)
    later = notes(definition, pathway.plan_of(client, now + timedelta(days=2)))
    assert (later["talk-alone"].tone, later["talk-alone"].lines[0]) == (Tone.LATE, "Late")
    actions.record(
        by=by,
        client=client,
        kind="conversation.private",
        at=now,
        data={"interpreter": "none", "language": "en"},
        now=now,
    )
    assert re.search(r"Done \w", box_of(browser.get(f"{record}pathway/").content.decode(), "talk-alone"))


def test_it_can_be_read_in_spanish(world: Cast) -> None:
    browser = world.browser("screener")
    record = open_record(browser)
    browser.post("/language/", {"language": "es", "next": "/"})
    page = browser.get(f"{record}pathway/").content.decode()
    assert "Hablar a solas" in box_of(page, "talk-alone")
    assert "Talk alone" not in page


def test_reading_it_is_on_the_record(world: Cast) -> None:
    browser = world.browser("screener")
    record = open_record(browser)
    before = AuditRecord.objects.filter(action="read web.pathway").count()
    browser.get(f"{record}pathway/")
    assert AuditRecord.objects.filter(action="read web.pathway").count() == before + 1


def test_outside_the_team_there_is_no_such_page(world: Cast) -> None:
    record = open_record(world.browser("screener"))
    for who in ("other_screener", "program_director", "shelter"):
        assert world.browser(who).get(f"{record}pathway/").status_code == 404
