"""One new person's way through the protocol: noticed, spoken to, asked, measured, kept safe, referred, and in charge.

Six people of five agencies' roles walk it in a real browser, at phone and at desktop width; axe looks at every page.
"""

import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leeward.learn import asking

from .conftest import DESKTOP, PHONE, Open
from .walking import follow, go_to, look, press


@pytest.mark.journey
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_one_persons_way(visit: Open, size: dict[str, int]) -> None:
    name = f"Amaya {'P' if size is PHONE else 'D'}{datetime.now(UTC):%H%M%S%f}"
    record = _the_screener_opens_a_record(visit, size, name)
    _the_screener_notices_and_talks(visit, size, record)
    _the_therapist_measures(visit, size, record)
    _the_clinician_looks_after_safety(visit, size, record)
    _the_case_manager_asks_for_permission_and_refers(visit, size, record)
    reference = _the_shelter_answers(visit, size, name)
    _taking_the_permission_back_empties_the_shelters_page(visit, size, record, reference)
    _who_saw_it_is_on_the_list(visit, size, record)
    _the_director_learns(visit, size)


def _the_screener_opens_a_record(visit: Open, size: dict[str, int], name: str) -> str:
    page = visit("screener", size=size)
    look(page)
    go_to(page, "People")
    page.get_by_label("Name, phone number or case code").fill(f"{name} Rivera")
    press(page, "Search")
    expect(page.get_by_text("Nobody on your teams matches.")).to_be_visible()
    look(page)
    press(page, "Open a new record")
    given, _space, rest = f"{name} Rivera".partition(" ")
    expect(page.get_by_label("First name, or what they want to be called")).to_have_value(given)
    expect(page.get_by_label("Last name")).to_have_value(rest)
    page.get_by_role("spinbutton", name=re.compile("^Year of birth")).fill("1999")
    page.get_by_label("County").select_option("Forrest")
    page.get_by_label("Safest way to reach them").select_option("call")
    look(page)
    press(page, "Save")
    expect(page.get_by_text("Write the number, or choose another way").first).to_be_visible()
    look(page)
    page.get_by_role("textbox", name=re.compile("^Phone number")).fill("601-555-0119")
    page.get_by_role("textbox", name=re.compile("^Safe hours")).fill("weekdays 9 to 11")
    page.get_by_role("textbox", name=re.compile("^Code word")).fill("marmalade")
    press(page, "Save")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Amaya")
    expect(page.get_by_text("marmalade")).to_be_visible()
    look(page)
    record = page.url
    for colleague in ("Test therapist", "Test clinician", "Test case_manager"):
        page.goto(f"{record}team/")
        field = page.get_by_label("Colleague")
        field.select_option(field.locator("option", has_text=colleague).first.get_attribute("value"))
        press(page, "Add to the team")
    look(page)
    return record


def _the_screener_notices_and_talks(visit: Open, size: dict[str, int], record: str) -> None:
    page = visit("screener", size=size)
    page.goto(record)
    follow(page, "Signs noticed")
    page.get_by_label(re.compile("^A companion answers every question")).check()
    page.get_by_role("group", name="Do you have reason to worry").get_by_label("Yes").check()
    page.get_by_role("group", name="Is there danger right now?").get_by_label("No", exact=True).check()
    look(page)
    press(page, "Save")
    follow(page, "Safety talk")
    expect(page.get_by_text("Something comes first")).to_be_visible()
    look(page)
    follow(page, "Go to the first talk")
    page.get_by_label("Yes, and that person now waits somewhere else").check()
    page.get_by_label("A professional interpreter by phone").check()
    look(page)
    press(page, "We talk alone now")
    press(page, "I have said this")
    press(page, "I offered this")
    look(page)
    follow(page, "Go on to the safety talk")
    groups = page.get_by_role("group")
    groups.filter(has_text=re.compile(r"^\s*1\.")).get_by_label("Skip this one").check()
    for number in range(2, 11):
        groups.filter(has_text=re.compile(rf"^\s*{number}\.")).get_by_label("Yes", exact=True).check()
    look(page)
    press(page, "Finish the talk")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is reason to offer help")
    expect(page.get_by_text("Of 100 people with this result, about 4 are")).to_be_visible()
    look(page)
    follow(page, "Check for danger now")
    page.get_by_label(re.compile("^Possible")).check()
    look(page)
    press(page, "Save")
    expect(page.get_by_role("heading", name="What is next")).to_be_visible()


def _the_therapist_measures(visit: Open, size: dict[str, int], record: str) -> None:
    page = visit("therapist", size=size)
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    page.goto(record)
    follow(page, "Sessions")
    look(page)
    page.goto(record)
    follow(page, "Check-ins and scores")
    look(page)
    _measures_ties(page)
    follow(page, "Fill in PHQ-9")
    for item in range(1, 10):
        page.locator(f"#id_q{item}_{2 if item < 9 else 1}").check()
    look(page)
    press(page, "Save check-in")
    expect(page.get_by_text("First: talk about safety, now")).to_be_visible()
    look(page)
    page.goto(record)
    expect(page.get_by_role("link", name="Check suicide risk").first).to_be_visible()
    page.goto(f"{record}record/case.closed/")
    press(page, "Save")
    expect(page.get_by_text("Not yet", exact=True)).to_be_visible()
    look(page)


def _measures_ties(page: Page) -> None:
    """Twice: the second time says what changed, and does not call it reliable."""
    check_ins = page.url
    for answer in (2, 1):
        follow(page, "Fill in TIES-8")
        for item in range(1, 9):
            page.locator(f"#id_q{item}_{answer if item < 8 else 1}").check()
        look(page)
        press(page, "Save check-in")
        expect(page.get_by_role("heading", level=1)).to_have_text("Result of TIES-8")
        look(page)
        page.goto(check_ins)
    expect(page.get_by_text("We can not say if that is more than chance.")).to_be_visible()
    follow(page, "TIES-8 over time")
    look(page)
    page.goto(check_ins)


def _the_clinician_looks_after_safety(visit: Open, size: dict[str, int], record: str) -> None:
    page = visit("clinician", size=size)
    page.goto(record)
    page.get_by_role("link", name="Check suicide risk").first.click()
    page.get_by_label(re.compile("^Low")).check()
    look(page)
    press(page, "Save")
    page.goto(record)
    follow(page, "Safety plan")
    look(page)
    follow(page, "Write the plan")
    page.get_by_label("People I trust").fill("My aunt. The nurse on Tuesdays.")
    page.get_by_label("No copy: keep it here only").check()
    look(page)
    press(page, "Save plan")
    expect(page.get_by_text("My aunt.")).to_be_visible()
    look(page)


def _the_case_manager_asks_for_permission_and_refers(visit: Open, size: dict[str, int], record: str) -> None:
    page = visit("case_manager", size=size)
    page.goto(record)
    follow(page, "Referrals")
    look(page)
    follow(page, "Refer to Test Shelter")
    expect(page.get_by_text("Permission is needed first")).to_be_visible()
    look(page)
    follow(page, "Ask for permission")
    look(page)
    page.get_by_label(re.compile("^Yes: awake")).check()
    press(page, "Turn the tablet and go on")
    expect(page.get_by_text("They see your name and year of birth.")).to_be_visible()
    for group in page.locator("fieldset:has(input[name^=share_])").all():
        said = "Yes" if re.search("Your name|A safe way|What you need", group.inner_text()) else "No"
        group.get_by_label(said, exact=True).check()
    look(page)
    press(page, "Show me what they would see")
    expect(page.get_by_text("Nothing is shared yet.")).to_be_visible()
    expect(page.locator(".preview").get_by_text("Rivera")).to_be_visible()
    look(page)
    page.get_by_label(re.compile("^Only the staff of Test Shelter")).check()
    press(page, "Go on")
    look(page)
    press(page, "Yes, share this")
    follow(page, "Refer to Test Shelter")
    expect(page.get_by_text("Permission is there")).to_be_visible()
    page.get_by_label("Message, agreed with the person").fill("Needs a quiet room from Friday.")
    look(page)
    press(page, "Send the referral")
    expect(page.get_by_text("Sent, waiting for an answer")).to_be_visible()
    page.goto(f"{record}permissions/")
    expect(page.get_by_role("link", name="Take it back")).to_be_visible()
    look(page)


def _the_shelter_answers(visit: Open, size: dict[str, int], name: str) -> str:
    page = visit("shelter", size=size)
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    look(page)
    page.get_by_role("link", name=re.compile("A safe bed now")).first.click()
    expect(page.get_by_text("Needs a quiet room from Friday.")).to_be_visible()
    expect(page.get_by_text(name.split()[1]).first).to_be_visible()
    assert "marmalade" not in page.content()
    assert "My aunt" not in page.content()
    look(page)
    page.get_by_label("We accept").check()
    press(page, "Send the answer")
    expect(page.get_by_text("How did it end?")).to_be_visible()
    return page.url


def _taking_the_permission_back_empties_the_shelters_page(
    visit: Open, size: dict[str, int], record: str, reference: str
) -> None:
    shelter = visit("shelter", size=size)
    shelter.goto(reference)
    expect(shelter.get_by_text("Needs a quiet room from Friday.")).to_be_visible()
    page = visit("case_manager", size=size)
    page.goto(f"{record}permissions/")
    follow(page, "Take it back")
    look(page)
    press(page, "Take it back")
    expect(page.get_by_text("They see nothing more.")).to_be_visible()
    look(page)
    page.goto(f"{record}permissions/")
    expect(page.get_by_text("Nothing. Nobody outside sees anything.")).to_be_visible()
    expect(shelter.get_by_role("heading", level=1)).to_have_text("There is nothing here")  # by itself, untouched
    answer = shelter.goto(reference)
    assert answer is not None
    assert answer.status == 404
    assert "quiet room" not in shelter.content()
    look(shelter)


def _who_saw_it_is_on_the_list(visit: Open, size: dict[str, int], record: str) -> None:
    page = visit("case_manager", size=size)
    page.goto(f"{record}who-saw/")
    expect(page.get_by_text("Test shelter").first).to_be_visible()
    look(page)
    officer = visit("privacy_officer", size=size)
    expect(officer.get_by_role("heading", level=1)).to_have_text("Privacy")
    look(officer)


def _the_director_learns(visit: Open, size: dict[str, int]) -> None:
    page = visit("program_director", size=size)
    expect(page.get_by_role("heading", level=1)).to_have_text("Preliminary results")
    look(page)
    if (waiting := page.get_by_text(re.compile("^Next results"))).count():  # an earlier journey's are four weeks young
        waiting.click()
        look(page)
    page.get_by_role("button", name=re.compile("^Compute")).first.click()
    expect(page.get_by_text("New results are being computed")).to_be_visible()
    look(page)
    assert asking.answer_all(timezone.now()) == 1
    expect(page.get_by_text("New results are being computed")).to_have_count(0)  # the page has looked again by itself
    expect(page.get_by_role("heading", name="The way of the people who came")).to_be_visible()
    expect(page.get_by_role("cell", name="hidden").first).to_be_visible()
    look(page)
    go_to(page, "Training")
    expect(page.get_by_text("Test other_screener")).to_be_visible()
    look(page)
    lapsed = visit("other_screener", size=size)
    go_to(lapsed, "Training")
    expect(lapsed.get_by_text("Closed", exact=True).first).to_be_visible()
    look(lapsed)
