"""A program director changes the protocol in the browser without seeing a line of YAML, and another publishes it."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from leeward.learn import versions
from leeward.people import pathway
from leeward.people.actions import register
from leeward.rules.protocol import Rung

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL

NAME = "human-trafficking-response"
STEP = {
    "title_en": "Ask about urgent needs", "title_es": "Preguntar por necesidades urgentes", "role": "case_manager",
    "within_amount": "36", "within_unit": "hours", "clock": "always", "grace_amount": "0", "grace_unit": "hours",
    "repeat_amount": "", "repeat_unit": "days", "choice_en": "You say what comes first.",
    "choice_es": "Usted dice qué va primero.", "rung_1_role": "program_director", "rung_1_amount": "1",
    "rung_1_unit": "days", "rung_2_role": "privacy_officer", "rung_2_amount": "2", "rung_2_unit": "days",
    "rung_3_role": "", "rung_3_amount": "", "rung_3_unit": "days",
}  # fmt: skip


def started(browser: Browser) -> str:
    answer = browser.post(reverse("protocol_versions"))
    assert answer.status_code == 302
    return str(answer["Location"])


def step_page(draft: str, step: str = "urgent-needs") -> str:
    return f"{draft}steps/{step}/"


def over(page: str) -> str:
    found = re.search(r'name="over" value="(\d+)"', page)
    assert found
    return found[1]


def test_the_form_changes_a_step_and_nothing_else(world: Cast) -> None:
    browser = world.browser("program_director")
    draft = started(browser)
    page = browser.get(step_page(draft)).content.decode()
    assert 'value="3"' in page  # three days
    assert browser.post(step_page(draft), STEP | {"over": over(page)}).status_code == 302
    found = versions.drafts(world.act_as("program_director"))[0]
    new, old = versions.checked(found).protocol, pathway.shipped(NAME)
    step = new.step("urgent-needs")
    assert step.within == timedelta(hours=36)
    assert step.escalate == (
        Rung(timedelta(days=1), "program_director"),
        Rung(timedelta(days=2), "privacy_officer"),
    )
    assert [one for one in new.steps if one.id != "urgent-needs"] == [
        one for one in old.steps if one.id != "urgent-needs"
    ]
    before = versions.text_of(world.centre.pk, NAME, "1.0.0").splitlines()
    comments = [line for line in before if line.lstrip().startswith("#")]
    assert [line for line in found.newest.text.splitlines() if line.lstrip().startswith("#")] == comments
    said = browser.get(draft).content.decode()
    assert "3 days → 1 day, 12 hours" in said
    assert "The text is sound" in said
    assert "Ask about urgent needs</a>" in said
    assert "Preguntar" not in said


def test_saving_an_unchanged_form_changes_no_letter(world: Cast) -> None:
    browser = world.browser("program_director")
    draft = started(browser)
    found = versions.drafts(world.act_as("program_director"))[0]
    for step in versions.checked(found).protocol.steps:
        page = browser.get(step_page(draft, step.id)).content.decode()
        fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
        fields |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?([^<]*)</textarea>', page))
        for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', options)
            fields[name] = chosen[1] if chosen else ""
        import html

        sent = {name: html.unescape(value) for name, value in fields.items() if name != "csrfmiddlewaretoken"}
        answer = browser.post(step_page(draft, step.id), sent)
        assert answer.status_code == 302, (step.id, answer.content.decode()[:2000])
    assert versions.drafts(world.act_as("program_director"))[0].newest.number == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"within_amount": "99999", "within_unit": "days"}, "longer than ten years"),
        ({"choice_es": ""}, "both languages"),
        ({"rung_1_amount": ""}, "how long after it is due"),
        ({"title_en": ""}, "required"),
        ({"clock": "office_hours"}, "no `office`"),
    ],
)
def test_what_can_not_be_is_told_and_what_was_typed_stays(world: Cast, change: dict[str, str], says: str) -> None:
    browser = world.browser("program_director")
    draft = started(browser)
    answer = browser.post(step_page(draft), STEP | {"over": "1"} | change, follow=True)
    page = answer.content.decode()
    assert says in page
    if answer.status_code == 422:
        assert "Usted dice" in page or change == {"choice_es": ""}


def test_a_broken_text_is_kept_and_its_mistakes_are_told_by_line(world: Cast) -> None:
    browser = world.browser("program_director")
    draft = started(browser)
    text = versions.drafts(world.act_as("program_director"))[0].newest.text
    broken = text.replace("role: screener", "role: screner", 1)
    line = broken.splitlines().index("    role: screner") + 1
    answer = browser.post(f"{draft}text/", {"text": broken, "over": "1"})
    assert answer["Location"] == f"{draft}text/"
    page = browser.get(f"{draft}text/").content.decode()
    assert f"Line {line}: " in page
    assert "Did you mean `screener`?" in page
    assert "role: screner" in page
    assert "screner" in versions.drafts(world.act_as("program_director"))[0].newest.text
    assert browser.get(step_page(draft)).status_code == 302  # to where the lines can be mended
    assert "mistakes" in browser.get(draft).content.decode()


def test_two_editors_see_each_others_text(world: Cast) -> None:
    first, second = world.browser("program_director"), world.browser("second_director")
    draft = started(first)
    text = versions.drafts(world.act_as("program_director"))[0].newest.text
    assert second.post(f"{draft}text/", {"text": text + "\n# theirs\n", "over": "1"}).status_code == 302
    answer = first.post(f"{draft}text/", {"text": text + "\n# mine\n", "over": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "changed this draft meanwhile" in page
    assert "# theirs" in page
    assert "# mine" in page
    assert first.post(f"{draft}text/", {"text": text + "\n# both\n", "over": over(page)}).status_code == 302


def test_publishing_takes_a_second_director_and_the_history_stays(world: Cast, now: datetime) -> None:
    first, second = world.browser("program_director"), world.browser("second_director")
    record = register(by=world.act_as("clinician"), arrival=ARRIVAL, now=now)
    draft = started(first)
    first.post(step_page(draft), STEP | {"over": "1"})
    assert first.post(draft, {"decide": "send"}).status_code == 302
    page = first.get(draft).content.decode()
    assert "can&#x27;t publish it alone" in page or "can't publish it alone" in page
    assert 'value="publish"' not in page
    refused = first.post(draft, {"decide": "publish", "reason": "Because."})
    assert refused.status_code == 422
    assert 'value="publish"' in second.get(draft).content.decode()
    assert second.post(draft, {"decide": "publish", "reason": ""}).status_code == 422
    assert second.post(draft, {"decide": "publish", "reason": "Needs can't wait."}).status_code == 302
    listed = second.get(reverse("protocol_versions")).content.decode()
    assert "Version 1.1.0" in listed
    assert "Needs can&#x27;t wait." in listed
    shown = second.get(reverse("protocol_version", args=["1.1.0"])).content.decode()
    assert "3 days → 1 day, 12 hours" in shown
    assert second.get(reverse("protocol_version", args=["1.0.0"])).status_code == 200
    assert second.get(reverse("protocol_version", args=["9.9.9"])).status_code == 404
    care = world.browser("clinician")
    client_page = care.get(reverse("client", args=[record.code])).content.decode()
    assert "A newer version of the protocol is in force" in client_page
    move = reverse("move_version", args=[record.code])
    assert "Version 1.1.0 is in force" in care.get(move).content.decode()
    assert care.post(move, {"to": "1.1.0"}).status_code == 302
    assert "A newer version" not in care.get(reverse("client", args=[record.code])).content.decode()
    assert "in force" in care.get(move).content.decode()


@pytest.mark.parametrize("who", ["evaluator", "privacy_officer"])
def test_other_leaders_read_and_change_nothing(world: Cast, who: str) -> None:
    draft = started(world.browser("program_director"))
    browser = world.browser(who)
    assert browser.get(draft).status_code == 200
    assert browser.get(reverse("protocol_versions")).status_code == 200
    for place in (f"{draft}text/", step_page(draft)):
        assert browser.get(place).status_code == 404
        assert browser.post(place, {"over": "1", "text": "x"}).status_code == 404
    assert browser.post(draft, {"decide": "drop"}).status_code == 422


@pytest.mark.parametrize("who", ["screener", "clinician", "case_manager", "shelter", "law_enforcement"])
def test_nobody_else_has_these_pages(world: Cast, who: str) -> None:
    draft = started(world.browser("program_director"))
    browser = world.browser(who)
    for place in (draft, f"{draft}text/", step_page(draft), reverse("protocol_versions")):
        assert browser.get(place).status_code == 404
