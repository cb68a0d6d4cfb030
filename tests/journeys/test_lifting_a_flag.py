"""Somebody was noted as maybe behind it by mistake: the team asks, the privacy officer agrees, and the page says what
did not come back."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from ..cast import Cast
from ..people.committed import register
from .conftest import DESKTOP, PHONE, Open
from .walking import look


@pytest.mark.parametrize(("size", "language"), [(PHONE, "es"), (DESKTOP, "en")], ids=["phone", "desktop"])
def test_g02_two_people_lift_a_flag_that_was_a_mistake(
    visit: Open, cast: Cast, size: dict[str, int], language: str
) -> None:
    client = register(cast, datetime.now(UTC))
    me = visit("case_manager", size=size, language=language)
    me.goto(f"/p/{client.code}/around/")
    me.locator("#id_name").fill("Tía Rosa")
    me.locator("#id_relation").select_option("relative")
    me.locator("#id_name").press("Enter")
    me.get_by_text("This person may be behind it" if language == "en" else "Esta persona puede estar detrás").click()
    me.locator("button[name=flag]").click()
    mistake = me.get_by_text("This was a mistake" if language == "en" else "Fue un error")
    mistake.click()
    look(me)
    me.locator("select[name=reason]").select_option("somebody_else")
    me.locator("form:has(select[name=reason]) button[type=submit]").click()
    expect(mistake).to_have_count(0)
    look(me)

    officer = visit("privacy_officer", size=size, language=language)
    officer.goto("/privacy/")
    card = officer.locator("#lift ~ *").filter(has_text=client.code).first
    expect(card).to_be_visible()
    look(officer)
    card.locator("button[name=lift]").click()
    expect(officer.locator("#lift ~ *").filter(has_text=client.code)).to_have_count(0)

    me.goto(f"/p/{client.code}/around/")
    expect(
        me.get_by_text("Nothing came back by itself" if language == "en" else "Nada volvió por sí solo")
    ).to_be_visible()
    look(me)
