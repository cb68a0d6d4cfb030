"""Leaving in a hurry, and coming back to what was typed: in a real browser, with and without script."""

import time

import pytest
from playwright.sync_api import Page, Route

from leeward.protect.models import Draft, Session
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..web.test_people_pages import open_record
from .conftest import DESKTOP, PHONE, Open

pytestmark = pytest.mark.journey
ELSEWHERE = "https://www.weather.gov/"


@pytest.fixture
def form(cast: Cast) -> str:
    """Address of a form that keeps drafts: the details of a person."""
    return open_record(cast.browser("case_manager")) + "details/"


def weather(page: Page) -> None:
    """The page that people leave to, without the internet."""

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>Weather</title>Sunny")

    page.context.route(f"{ELSEWHERE}**", answer)


def ended(digest: bytes) -> bool:
    """The session is no more, or not within ten seconds."""
    for _n in range(100):
        if not Session.objects.filter(token_digest=digest).exists():
            return True
        time.sleep(0.1)
    return False


def session_of(page: Page) -> bytes:
    cookie = next(c for c in page.context.cookies() if c["name"] == "session")
    return token_digest(cookie["value"])


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_v01_the_first_key_and_enter_leave(visit: Open, size: dict[str, int], script: bool) -> None:
    page = visit("clinician", size=size, script=script)
    weather(page)
    digest = session_of(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(ELSEWHERE)
    assert page.title() == "Weather"
    assert ended(digest)


def test_v01_shift_three_times_leaves_from_anywhere(visit: Open) -> None:
    page = visit("clinician")
    weather(page)
    page.goto("/style-guide-that-is-not/")
    for _n in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url(ELSEWHERE)


@pytest.mark.parametrize("key", ["Escape", "Control"])
def test_v01_a_site_may_choose_another_key(visit: Open, key: str) -> None:
    page = visit("clinician")
    weather(page)
    page.evaluate("key => { document.querySelector('form[data-leave]').dataset.leaveKey = key }", key)
    for _n in range(3):
        page.keyboard.press("Shift")
    assert page.title() != "Weather"
    for _n in range(3):
        page.keyboard.press(key)
    page.wait_for_url(ELSEWHERE)


def test_v01_back_shows_nothing_when_the_line_broke_while_they_left(visit: Open, form: str) -> None:
    """The word that they left never reached the server; the next request brings it."""
    page = visit("case_manager")
    weather(page)
    digest = session_of(page)
    page.goto(form)
    page.goto("/training/")
    page.route("**/leave/", lambda route: route.abort("internetdisconnected"))
    for _n in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url(ELSEWHERE)
    assert Session.objects.filter(token_digest=digest).exists()
    page.go_back()
    page.wait_for_url("**/sign-in/**")
    assert "Canary" not in page.content()
    assert ended(digest)
    assert not [one["name"] for one in page.context.cookies() if "left" in one["name"]]


def test_v01_writing_capital_letters_does_not_leave(visit: Open) -> None:
    page = visit("clinician")
    weather(page)
    page.goto("/people/")
    page.locator("input[name=typed]").click()
    for letter in "ABCD":
        page.keyboard.press(f"Shift+{letter}")
    page.wait_for_timeout(300)
    assert page.url.endswith("/people/")


def test_v01_going_back_shows_nothing(visit: Open) -> None:
    page = visit("clinician")
    weather(page)
    digest = session_of(page)
    page.goto("/people/")
    page.locator("form[data-leave] button").click()
    page.wait_for_url(ELSEWHERE)
    assert ended(digest)
    page.go_back()
    page.wait_for_url("**/sign-in/**")
    again = (
        page.context.new_page()
    )  # a tab that is opened again, or a window that is restored, asks for the address anew
    again.goto("/people/")
    assert "/sign-in/" in again.url


def test_v01_other_tabs_leave_too(visit: Open) -> None:
    page = visit("clinician")
    weather(page)
    other = page.context.new_page()
    other.goto("/people/")
    page.locator("form[data-leave] button").click()
    other.wait_for_url(ELSEWHERE)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_v01_the_way_out_stays_in_sight(visit: Open, size: dict[str, int]) -> None:
    page = visit("clinician", size=size)
    page.goto("/people/")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    box = page.locator("form[data-leave] button").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < size["height"] - box["height"]
    assert box["height"] >= 44


def test_typing_is_kept_by_itself_and_is_there_in_the_next_sitting(visit: Open, form: str) -> None:
    page = visit("case_manager")
    page.goto(form)
    box = page.locator("form[data-draft] input[type=text]").first
    box.fill("Qwertz Canary")
    page.get_by_text("Kept. You can come back to this later.").wait_for()
    again = visit("case_manager")
    again.goto(form)
    assert again.get_by_text("We kept what you typed").is_visible()
    assert again.locator("form[data-draft] input[type=text]").first.input_value() == "Qwertz Canary"
    Draft.objects.using("admin").all().delete()


def test_the_page_says_when_the_line_is_down(visit: Open, form: str) -> None:
    page = visit("case_manager")
    page.goto(form)
    page.context.set_offline(True)
    page.locator("form[data-draft] input[type=text]").first.fill("Qwertz Canary")
    page.get_by_text("Not kept: the line is down.").wait_for()
    assert page.locator("form[data-draft] input[type=text]").first.input_value() == "Qwertz Canary"


def test_the_browser_holds_nothing_of_ours(visit: Open) -> None:
    page = visit("clinician")
    page.goto("/people/")
    devtools = page.context.new_cdp_session(page)
    devtools.send("DOMStorage.enable")
    origin = page.evaluate("location.origin")
    for local in (True, False):
        store = {"storageId": {"securityOrigin": origin, "isLocalStorage": local}}
        assert devtools.send("DOMStorage.getDOMStorageItems", store)["entries"] == []
    assert devtools.send("IndexedDB.requestDatabaseNames", {"securityOrigin": origin})["databaseNames"] == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    assert page.evaluate("localStorage === null && sessionStorage === null"), "no script can put anything there"
    assert all(cookie["expires"] == -1 for cookie in page.context.cookies()), "cookies end with the browser"


def test_k02_a_page_that_nobody_reads_asks_and_then_closes(visit: Open) -> None:
    page = visit("clinician")
    page.clock.install()
    page.goto("/people/")
    digest = session_of(page)
    page.clock.fast_forward("08:45")
    page.clock.run_for(6_000)
    page.get_by_text("Are you still there?").wait_for()
    page.clock.fast_forward("01:00")
    page.clock.run_for(6_000)
    page.wait_for_url("**/sign-in/?next=/people/&away")
    assert page.get_by_text("You were away for a while").is_visible()
    assert not Session.objects.filter(token_digest=digest).exists()


def test_k02_whoever_is_there_may_stay(visit: Open) -> None:
    page = visit("clinician")
    page.clock.install()
    page.goto("/people/")
    page.clock.fast_forward("08:45")
    page.clock.run_for(6_000)
    with page.expect_response("**/stay/") as answer:
        page.get_by_role("button", name="I am here").click()
    assert answer.value.status == 204
    page.clock.fast_forward("02:00")
    page.clock.run_for(6_000)
    assert page.url.endswith("/people/")
    assert not page.get_by_text("Are you still there?").is_visible()


def test_k02_whoever_types_is_there(visit: Open) -> None:
    page = visit("clinician")
    page.clock.install()
    page.goto("/people/")
    page.locator("input[name=typed]").press_sequentially("Maya")
    with page.expect_response("**/stay/"):
        page.clock.fast_forward("05:30")
        page.clock.run_for(6_000)
    assert page.url.endswith("/people/")
