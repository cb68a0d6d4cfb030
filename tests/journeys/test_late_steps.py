"""A late step in a real browser: on the director's list, seen, put back; on the case manager's worklist."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from leeward.people import escalation
from leeward.people.models import Client

from ..cast import Cast
from ..people.committed import forget_clients, refer, register
from .conftest import DESKTOP, PHONE, Open
from .walking import arrived, look


@pytest.fixture
def client(cast: Cast) -> Iterator[Client]:
    """A referral that the shelter has owed an answer to for two days."""
    now = datetime.now(UTC)
    client = register(cast, now - timedelta(days=4), team=("therapist", "clinician"))
    refer(cast, client, now - timedelta(days=3))
    escalation.ring(now)
    yield client
    forget_clients()


@pytest.mark.journey
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_late_step_is_heard_seen_and_put_back(visit: Open, client: Client, size: dict[str, int]) -> None:
    page = visit("program_director", size=size)
    expect(page.get_by_role("heading", level=1)).to_have_text("Late steps")
    expect(page.get_by_text("Test Shelter owes an answer.")).to_be_visible()
    expect(page.get_by_text("Test case_manager, Case manager")).to_be_visible()
    look(page)
    page.get_by_role("button", name="I have seen this").click()
    expect(page.get_by_role("status")).to_contain_text("Noted.")
    expect(page.get_by_text("Nothing new is late")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Seen").click()
    expect(page.get_by_text("Seen by Test program_director")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Put it back").click()
    arrived(page)
    page.get_by_role("link", name="New").click()
    expect(page.get_by_text(client.code).first).to_be_visible()

    manager = visit("case_manager", size=size)
    expect(manager.get_by_role("heading", name="Late, and brought to you")).to_be_visible()
    look(manager)
    manager.goto("/late/")
    look(manager)
    manager.get_by_role("link", name="Answer an urgent referral").click()
    expect(manager.get_by_role("heading", level=1)).to_have_text("Referrals")
