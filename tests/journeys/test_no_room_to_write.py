"""Somebody has written for an hour when the audit record's disk is full: the page says so, and their words go along."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ..cast import Cast
from ..faults.test_no_room_to_write import Full, told_so
from ..people.committed import forget_clients, read, refer, register
from .conftest import DESKTOP, PHONE, Open
from .walking import look

WORDS = "She would like a quiet room. Please call the advocate first, never the number at home."


@pytest.fixture
def full(cast: Cast) -> Iterator[Full]:
    forget_clients()
    with told_so(cast) as found:
        yield found
    forget_clients()


@pytest.mark.journey
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_u04_words_are_sent_again_when_there_is_room(cast: Cast, visit: Open, full: Full, size: dict[str, int]) -> None:
    now = datetime.now(UTC)
    client = register(cast, now - timedelta(days=1))
    refer(cast, client, now)
    page = visit("case_manager", size=size)
    page.goto(f"/p/{client.code}/referrals/to/{cast.agencies['shelter'].pk}/")
    page.get_by_label("Message, agreed with the person").fill(WORDS)
    full.fill()
    page.get_by_role("button", name="Send").last.click()
    page.get_by_role("heading", name="We can't open records right now").wait_for()
    page.get_by_text("Show what you typed").click()
    assert page.get_by_text(WORDS).is_visible()
    look(page)
    assert read("SELECT count(*) FROM coordinate_referral") == [(1,)]
    full.make_room()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(f"**/p/{client.code}/referrals/")
    assert read("SELECT count(*) FROM coordinate_referral") == [(2,)]
