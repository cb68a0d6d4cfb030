"""How a journey walks from page to page: no step before the browser has arrived where the last one leads."""

import itertools
import os
import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

AXE = Axe()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: A tablet held upright, and what WCAG 1.4.10 (2018) asks: 320 px without a second way to scroll.
NARROWER = (768, 320)
COUNTER = itertools.count(1)

#: A click returns before the browser has left for where it leads. This marks the old page while it is being left.
LEAVING = """
  addEventListener("click", event => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    const [here, there] = [location, link].map(each => each.href.split("#")[0]);
    window.leaving = here !== there || !link.hash;
  });
  addEventListener("submit", event => { window.leaving = !event.defaultPrevented && !event.target.target; });
"""


def mark_leaving(context: BrowserContext) -> None:
    """Let pages of this context say when they are being left; without script they can't."""
    context.add_init_script(LEAVING)


def arrived(page: Page) -> Page:
    """The page, once the browser is where the last link or form leads. Not for what is downloaded."""
    page.wait_for_function("() => !window.leaving")
    page.wait_for_load_state()
    return page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    arrived(page)


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    arrived(page)


def go_to(page: Page, place: str) -> None:
    """To one of the main places, which stand behind one button where there is no room for all side by side."""
    if (menu := page.get_by_role("button", name="Menu", exact=True)).count():
        menu.click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name=place, exact=True).click()
    arrived(page)


def tick(page: Page, name: str) -> None:
    page.get_by_label(name, exact=True).check()


def nothing_for_axe(page: Page) -> None:
    """axe finds no violation of WCAG 2.2 A and AA on this page."""
    found = AXE.run(page, options={"runOnly": RULES})
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def fits(page: Page) -> None:
    """Nothing is wider than the window; on a page as wide as a desk, nor than a tablet or the narrowest phone."""
    seen = page.viewport_size
    assert seen is not None
    for width in {seen["width"], *(NARROWER if seen["width"] > max(NARROWER) else ())}:
        page.set_viewport_size({"width": width, "height": seen["height"]})
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{page.url} is {wide} px too wide for {width}"
    page.set_viewport_size(seen)


def look(page: Page) -> None:
    """Any page of ours: accessible, no wider than the window, and silent about what the site is for.

    With LEEWARD_SHOTS=DIR each page is also kept as a picture, to be looked at.
    """
    arrived(page).evaluate("window.scrollTo(0, 0)")  # the header stays in sight, and would hide what is below it
    if folder := os.environ.get("LEEWARD_SHOTS"):
        place = re.sub(r"[^a-z]+", "-", re.sub(r"/p/[^/]+|/r/[^/]+", "", page.url).lower())[-60:]
        width = (page.viewport_size or {"width": 0})["width"]
        page.screenshot(path=f"{folder}/{width}-{next(COUNTER):02}{place}.png", full_page=True)
    nothing_for_axe(page)
    fits(page)
    title = page.title().lower()
    assert not re.search(r"traffick|victim|survivor|abuse|exploit", f"{title} {page.url.lower()}")
