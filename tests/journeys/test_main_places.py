"""The main places on a phone: behind one button, which needs no script and never covers the way out."""

import pytest
from playwright.sync_api import expect

from .conftest import DESKTOP, PHONE, Open
from .walking import go_to, look

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_one_button_opens_all_places_on_a_phone(visit: Open, script: bool) -> None:
    page = visit("program_director", size=PHONE, script=script)
    page.goto("/people/")
    places = page.get_by_role("navigation", name="Main").get_by_role("link")
    expect(places).to_have_count(0)
    button = page.get_by_role("button", name="Menu", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    assert places.count() > 6
    menu = page.locator("#main-places").bounding_box()
    leave = page.locator("form[data-leave] button").bounding_box()
    assert menu is not None
    assert leave is not None
    assert menu["y"] >= leave["y"] + leave["height"]
    assert menu["y"] + menu["height"] <= PHONE["height"]
    if script:
        look(page)
        expect(places.first).to_be_visible()
    page.keyboard.press("Tab")
    expect(places.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(places).to_have_count(0)
    expect(button).to_be_focused()
    if script:
        go_to(page, "Training")
        assert page.url.endswith("/training/")


def test_at_a_desk_all_places_are_in_sight(visit: Open) -> None:
    page = visit("program_director", size=DESKTOP)
    expect(page.get_by_role("button", name="Menu", exact=True)).to_have_count(0)
    go_to(page, "Training")
    expect(page.get_by_role("link", name="Training", exact=True)).to_have_attribute("aria-current", "page")


def test_who_has_two_places_needs_no_button(visit: Open) -> None:
    page = visit("shelter", size=PHONE)
    expect(page.get_by_role("button", name="Menu", exact=True)).to_have_count(0)
    go_to(page, "Inbox")
