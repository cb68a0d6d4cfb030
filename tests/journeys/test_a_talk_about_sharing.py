"""Two people and one tablet: what would be seen is looked at together, understood and answered, in their language."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leeward.people import actions as people
from leeward.people.models import Client

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, register
from ..protect.test_representatives import arrival
from .conftest import DESKTOP, PHONE, Open
from .walking import arrived, look

TABLET = {"width": 820, "height": 1180}


@pytest.fixture
def record(cast: Cast) -> Iterator[str]:
    yield f"/p/{register(cast, datetime.now(UTC)).code}/"
    forget_clients()


def go_on(page: Page) -> None:
    """The one primary button of the page."""
    page.locator("main form button.button:not(.secondary, .quiet, .danger)").first.click()


def see(page: Page, *, script: bool) -> None:
    if script:
        look(page)


@pytest.mark.journey
@pytest.mark.parametrize(
    ("size", "language", "script"),
    [(PHONE, "es", True), (TABLET, "en", True), (DESKTOP, "es", False)],
    ids=["phone-spanish", "tablet", "desktop-no-script"],
)
def test_a_talk_about_sharing(
    cast: Cast, visit: Open, record: str, size: dict[str, int], language: str, script: bool
) -> None:
    shelter = cast.agencies["shelter"].pk
    page = visit("case_manager", size=size, language="en", script=script)
    page.goto(f"{record}permissions/{shelter}/")
    page.locator("select[name=language]").select_option(language)
    page.locator("input[name=interpreter][value=phone]").check()
    page.locator("input[name=able][value=yes]").check()
    see(page, script=script)
    go_on(page)
    expect(page.locator("html")).to_have_attribute("lang", language)  # the staff's page was English
    expect(page.locator("nav.nav")).to_have_count(0)  # nobody taps their way to somebody else's record
    expect(page.locator("header.topbar")).to_be_visible()
    other = "en" if language == "es" else "es"
    page.locator(f"button[name=switch][value={other}]").click()
    expect(page.locator("html")).to_have_attribute("lang", other)
    page.locator("input[name=share_identity][value=yes]").check()
    page.locator(f"button[name=switch][value={language}]").click()
    expect(page.locator("input[name=share_identity][value=yes]")).to_be_checked()
    expect(page.locator(".wrong")).to_have_count(0)
    for name in ("identity", "referral"):
        page.locator(f"input[name=share_{name}][value=yes]").check()
    for name in ("contact", "case", "clinical", "location"):
        page.locator(f"input[name=share_{name}][value=no]").check()
    see(page, script=script)
    go_on(page)
    expect(page.locator(".preview")).to_contain_text("Canary-Lantern")
    see(page, script=script)
    page.locator("input[name=who_sees][value=everybody]").check()
    go_on(page)
    see(page, script=script)
    page.locator("input[name=who_sees][value=recipient]").check()
    go_on(page)
    see(page, script=script)
    go_on(page)
    expect(page.locator("#holding ~ .card, #holding ~ section")).to_have_count(1)
    see(page, script=script)
    page.locator("input[name=on]").fill(timezone.localdate().isoformat())
    page.locator("form:has(input[name=on]) button").click()
    expect(page.locator("section:has(#on)")).to_contain_text("Test Shelter")


@pytest.mark.journey
def test_who_may_sign_with_a_minor(cast: Cast, visit: Open) -> None:
    try:
        with asked_by(cast, "case_manager") as staff:
            minor: Client = people.register(by=staff, arrival=arrival(16), now=datetime.now(UTC))
        page = visit("case_manager", size=PHONE)
        page.goto(f"/p/{minor.code}/around/")
        page.get_by_label("Name", exact=True).fill("Robin Careworker")
        page.locator("select[name=relation]").select_option("care_worker")
        look(page)
        go_on(page)
        page.get_by_text("Ask whether they may sign with a minor").click()
        page.locator("select[name=proof]").select_option("agency_letter")
        page.locator("input[name=last_day]").fill(timezone.localdate().replace(month=12, day=31).isoformat())
        look(page)
        page.get_by_role("button", name="Ask the privacy officer").click()
        expect(page.get_by_text("Waits for the privacy officer")).to_be_visible()
        officer = visit("privacy_officer", size=DESKTOP)
        officer.goto("/privacy/")
        look(officer)
        officer.get_by_role("button", name=f"Allow {minor.code}", exact=True).click()
        arrived(officer)
        page.reload()
        expect(page.get_by_text("May sign with them").first).to_be_visible()
        look(page)
        page.goto(f"/p/{minor.code}/permissions/{cast.agencies['shelter'].pk}/")
        expect(page.get_by_label("Robin Careworker")).to_be_visible()
        look(page)
        page.goto(f"/p/{minor.code}/around/")
        page.get_by_text("This person may be behind it").click()
        page.get_by_role("button", name="Yes, note this").click()
        expect(page.get_by_text("May be the one behind it")).to_be_visible()
        look(page)
    finally:
        forget_clients()
