"""The picture of the protocol in a real browser: it fits, it can be scrolled with the keyboard, and no word leaves its
box, in the reader's own font."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from leeward.learn.models import ResultsSnapshot

from ..cast import Cast
from ..rules.protocol.written import shipped
from ..web.test_people_pages import open_record
from .conftest import DESKTOP, PHONE, Open
from .walking import look

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


@pytest.fixture
def published(cast: Cast) -> Iterator[None]:
    """Results of the centre that give every step its figures, as wide as they come."""
    share = {"count": 1234, "of": 1301, "share": {"estimate": 0.9485, "interval": [0.93, 0.96]}}
    figures: dict[str, object] = {"opened": 1345, "met": share}
    for name in ("median_days", "ninety_percent_days"):
        figures[name] = {"estimate": 128.25, "interval": [121.5, None]}
    snapshot = ResultsSnapshot(
        agency=cast.centre,
        computed_at=timezone.now(),
        data_cut=timezone.now(),
        protocol_version="1.0.0",
        document={
            "about": {"threshold": 11, "protocol_version": "1.0.0"},
            "steps": [{"step": step.id} | figures for step in shipped().steps],
        },
    )
    snapshot.save(using="admin")
    yield
    snapshot.delete(using="admin")


SIZES = pytest.mark.parametrize(
    "size", [PHONE, {"width": 768, "height": 1024}, DESKTOP], ids=["phone", "tablet", "desktop"]
)


def looked_at(page: Page) -> None:
    """It fits the window, axe finds nothing, and every word is inside its box."""
    look(page)
    assert page.locator("g[data-step]").count() > 30
    assert page.evaluate(_OUTSIDE) == []


@SIZES
@pytest.mark.parametrize("language", ["en", "es"])
def test_one_persons_picture_fits_and_its_words_stay_in_their_boxes(
    visit: Open, whole: str, size: dict[str, int], language: str
) -> None:
    page = visit("clinician", size=size, language=language)
    page.goto(whole)
    looked_at(page)


@SIZES
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_centres_picture_fits_and_its_words_stay_in_their_boxes(
    visit: Open, published: None, size: dict[str, int], language: str
) -> None:
    page = visit("program_director", size=size, language=language)
    page.goto("/protocol/picture/")
    looked_at(page)


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
    page.wait_for_function("region => region.scrollLeft > 0", arg=region.element_handle())
