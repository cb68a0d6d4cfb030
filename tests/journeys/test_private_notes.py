"""A therapist makes their key, writes a note, closes it; a privacy officer meets the page of what was left behind."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leeward.protect.models import PersonalKey, Session

from ..cast import Cast
from ..people.committed import register
from .conftest import DESKTOP, PHONE, Open
from .walking import look

WORDS = "four words that stay here"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a04_a_note_is_written_closed_and_opened_again(visit: Open, cast: Cast, size: dict[str, int]) -> None:
    PersonalKey.objects.using("admin").all().delete()
    client = register(cast, datetime.now(UTC), team=("therapist",))
    me = visit("therapist", size=size)
    me.goto(f"/p/{client.code}/")
    me.get_by_role("link", name="My private notes").click()
    look(me)
    me.get_by_label("New passphrase").fill(WORDS)
    me.get_by_label("The same again").fill(WORDS)
    me.get_by_role("button", name="Make my key").click()
    expect(me.get_by_text("You have a key")).to_be_visible()
    me.goto(f"/p/{client.code}/my-notes/")
    me.get_by_label("New note").fill("I was tired today, and she saw it.")
    me.get_by_role("button", name="Keep this note").click()
    expect(me.get_by_role("article")).to_contain_text("she saw it")
    look(me)
    me.get_by_role("button", name="Close them now").click()
    expect(me.get_by_role("article")).to_have_count(0)
    look(me)
    me.get_by_label("Your passphrase").fill(WORDS)
    me.get_by_role("button", name="Open my notes").click()
    expect(me.get_by_role("article")).to_contain_text("she saw it")

    officer = visit("privacy_officer", size=size)
    sessions = Session.objects.filter(staff_id=cast.staff["privacy_officer"].pk)
    sessions.update(proved_until=timezone.now() + timedelta(minutes=5))
    officer.goto("/privacy/")
    officer.get_by_role("link", name="Notes left behind").click()
    look(officer)
    sessions.update(proved_until=timezone.now())
