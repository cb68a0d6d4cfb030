"""Somebody opens a record in an emergency, the privacy officer looks at it, the person reads of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leeward.protect.models import Session

from ..cast import Cast
from ..people.committed import register
from .conftest import DESKTOP, PHONE, Open
from .walking import fits, look


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a02_a_record_opens_in_an_emergency_and_somebody_else_looks_at_it(
    visit: Open, cast: Cast, size: dict[str, int]
) -> None:
    client = register(cast, datetime.now(UTC))
    me = visit("other_screener", size=size, script=size is DESKTOP)
    me.goto("/people/")
    me.get_by_role("link", name="Somebody may come to harm").click()
    expect(me.get_by_role("heading", name="Open one record in an emergency")).to_have_count(0)
    sessions = Session.objects.filter(staff_id=cast.staff["other_screener"].pk)
    sessions.update(proved_until=timezone.now() + timedelta(minutes=5))  # passkeys have a journey of their own
    me.goto("/people/")
    me.get_by_role("link", name="Somebody may come to harm").click()
    me.get_by_label("Case code, or the whole name").fill(client.code)
    me.get_by_label("Why it can’t wait").fill("She called and said goodbye.")
    if size is PHONE:  # axe needs a script
        fits(me)
    else:
        look(me)
    me.get_by_role("button", name="Open this record").click()
    expect(me.get_by_role("heading", name="Zoë Canary-Lantern")).to_be_visible()
    expect(me.get_by_role("complementary", name="Open in an emergency")).to_contain_text(client.code)

    team = visit("case_manager", size=size)
    team.goto(f"/p/{client.code}/who-saw/")
    expect(team.get_by_text("was not on your team")).to_be_visible()
    look(team)
    team.goto(f"/p/{client.code}/hidden/")
    look(team)
    team.get_by_label("They work here or with us").check()
    team.get_by_role("button", name="Hide this record").click()
    expect(team.get_by_text("This record is hidden")).to_be_visible()

    me.reload()  # hidden meanwhile: what was open is not there any more
    expect(me.get_by_role("heading", name="Zoë Canary-Lantern")).to_have_count(0)

    officer = visit("privacy_officer", size=size)
    officer.get_by_role("link", name="Look at it").click()
    look(officer)
    officer.get_by_role("link", name=f"Review {client.code}").click()
    look(officer)
    officer.get_by_label("It was needed").check()
    officer.get_by_role("button", name="Save the review").click()
    expect(officer.get_by_text("Nothing waits for a review.")).to_be_visible()
    sessions.update(proved_until=timezone.now())
