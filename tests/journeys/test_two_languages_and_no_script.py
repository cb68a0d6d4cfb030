"""The same pages in Spanish, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from .conftest import DESKTOP, PHONE, Open
from .walking import look, press

#: The words of those boxes that are wider than the box.
SPILLS = "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.innerText)"


@pytest.mark.journey
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_spanish_reader_finds_everything_in_spanish(visit: Open, size: dict[str, int]) -> None:
    page = visit("case_manager", size=size, language="es")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hoy")
    look(page)
    for place in ("/people/", "/training/"):
        page.goto(place)
        look(page)
    page.goto("/people/")
    page.get_by_label("Nombre, teléfono o código del caso").fill("Nadie Conocido")
    press(page, "Buscar")
    press(page, "Abrir un expediente nuevo")
    press(page, "Guardar")
    record = page.url
    for part in ("", "noticed/", "first-talk/", "check-in/", "plan/new/", "needs/", "referrals/", "permissions/"):
        page.goto(record + part)
        look(page)
        assert page.locator("html").get_attribute("lang") == "es"
        if part == "needs/":
            for need in page.locator("input[name=chosen]").all():
                need.check()
            look(page)
            assert page.locator(".choice").evaluate_all(SPILLS) == [], "words spill out of their box"


@pytest.mark.journey
def test_everything_works_without_script(visit: Open) -> None:
    page = visit("screener", size=PHONE, script=False)
    page.goto("/people/")
    page.get_by_label("Name, phone number or case code").fill("Quiet Walker")
    press(page, "Search")
    press(page, "Open a new record")
    press(page, "Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quiet Walker")
    page.get_by_role("link", name="First talk", exact=True).first.click()
    page.get_by_label("No, the person came alone").check()
    for name in ("We talk alone now", "I have said this"):
        with page.expect_navigation():
            press(page, name)
    page.get_by_role("link", name="Go on to the safety talk").click()
    press(page, "Finish the talk")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not clear yet")
    press(page, "Leave now")
    again = page.context.new_page()  # the one that left is on its way to another site
    again.goto("/")
    assert "/sign-in/" in again.url
