"""A legal request comes to the desk, is answered with the least, and the person's team is asked to tell them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from leeward.people.models import Client
from leeward.protect.models import Session

from ..cast import Cast
from ..people.committed import forget_clients, register
from .conftest import DESKTOP, PHONE, Open
from .walking import arrived, look


@pytest.fixture
def person(cast: Cast) -> Iterator[Client]:
    yield register(cast, datetime.now(UTC))
    forget_clients()
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM coordinate_legalstep")
        cursor.execute("DELETE FROM coordinate_legalrequest")


def send(page: Page, step: str) -> None:
    page.locator(f"form:has(input[name=step][value={step}]) button[type=submit]").click()
    arrived(page)


@pytest.mark.journey
@pytest.mark.parametrize(("size", "language"), [(PHONE, "en"), (DESKTOP, "es")], ids=["phone", "desktop-spanish"])
def test_l01_from_the_desk_to_the_letter_and_to_the_person(
    visit: Open, cast: Cast, person: Client, size: dict[str, int], language: str
) -> None:
    desk = visit("screener", size=size, language=language)
    desk.goto("/asked/")
    look(desk)
    desk.locator("input[name=kind][value=court_order]").check()
    desk.locator("input[name=asker]").fill("Officer One, badge 12")
    desk.locator("input[name=about]").fill("Zoë Canary-Lantern")
    desk.locator("form[data-draft] button[type=submit]").click()
    expect(desk.locator(".notice.ok")).to_be_visible()
    look(desk)

    page = visit("privacy_officer", size=size, language=language)
    officer = Session.objects.filter(staff_id=cast.staff["privacy_officer"].pk)
    officer.update(proved_until=timezone.now() + timedelta(minutes=5))
    page.goto("/requests/")
    look(page)
    page.locator("tbody a").first.click()
    look(page)
    page.locator("input[name=name]").fill("Zoë Canary-Lantern")
    page.locator("input[name=birth_year]").fill("1990")
    send(page, "look")
    page.locator("section[aria-labelledby=call] summary").click()
    page.locator("select[name=agency]").select_option(index=1)
    page.locator("input[name=spoke_with]").fill("The clerk")
    page.locator("input[name=is_theirs][value=yes]").check()
    send(page, "call_back")
    page.locator("section[aria-labelledby=counsel] summary").last.click()
    look(page)
    for paper in ("signed_by_judge", "names_person", "names_records", "in_force"):
        page.locator(f"input[name=papers][value={paper}]").check()
    page.locator("input[name=classes][value=identity]").check()
    page.locator("input[name=counsel]").fill("A. Lawyer")
    page.locator("textarea[name=words]").fill("The order names the name.")
    send(page, "counsel")
    look(page)
    page.locator("section[aria-labelledby=answer] a").click()
    page.locator("input[name=items][value=given_name]").check()
    page.locator("button[name=preview]").click()
    look(page)
    page.locator("button[name=give]").click()
    expect(page.locator("main")).to_contain_text("Zoë")
    look(page)
    page.goto("/privacy/shared/")
    look(page)
    page.goto(f"/p/{person.code}/hold/")
    look(page)

    team = visit("case_manager", size=size, language=language)
    team.locator("section[aria-labelledby=to-tell] a").click()
    look(team)
    team.locator("input[name=how][value=told]").check()
    team.locator("main form button[type=submit]").click()
    expect(team.locator("#done")).to_be_visible()
    team.goto(f"/p/{person.code}/shared/")
    look(team)
