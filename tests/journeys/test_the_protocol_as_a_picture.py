"""The picture of the protocol in a real browser: it fits, it can be scrolled with the keyboard, and no word leaves its
box, in the reader's own font."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from ..cast import Cast
from ..web.test_people_pages import open_record
from .conftest import DESKTOP, PHONE, Open, fits, nothing_for_axe

pytestmark = pytest.mark.journey

_OUTSIDE = """() => [...document.querySelectorAll('g[data-step]')].flatMap(step => {
  const box = step.querySelector('rect').getBoundingClientRect();
  return [...step.querySelectorAll('text')]
    .filter(text => {
      const place = text.getBoundingClientRect();
      return place.right > box.right || place.bottom > box.bottom;
    })
    .map(text => `${step.dataset.step}: ${text.textContent}`);
})"""


@pytest.fixture(scope="module")
def whole(cast: Cast) -> str:
    """Address of the whole protocol of a person whom the clinician knows."""
    return open_record(cast.browser("clinician")) + "pathway/"


def shot(page: Page, name: str) -> None:
    folder = os.environ.get("SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("size", [PHONE, {"width": 768, "height": 1024}, DESKTOP], ids=["phone", "tablet", "desktop"])
def test_the_picture_fits_and_its_words_stay_in_their_boxes(
    visit: Open, whole: str, size: dict[str, int], language: str
) -> None:
    page = visit("clinician", size=size, language=language)
    page.goto(whole)
    fits(page)
    nothing_for_axe(page)
    assert page.locator("g[data-step]").count() > 30
    assert page.evaluate(_OUTSIDE) == []
    shot(page, f"pathway-{size['width']}-{language}")


def test_a_phone_shows_the_list_first(visit: Open, whole: str) -> None:
    page = visit("clinician", size=PHONE)
    page.goto(whole)
    listed, drawn = (page.locator(name).bounding_box() for name in (".pathway", ".protocol-picture"))
    assert listed
    assert drawn
    assert listed["y"] < drawn["y"]


def test_the_keyboard_scrolls_the_picture(visit: Open, whole: str) -> None:
    page = visit("clinician", size=PHONE)
    page.goto(whole)
    region = page.get_by_role("region", name="Picture of the protocol")
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert region.evaluate("region => region.scrollLeft") > 0
