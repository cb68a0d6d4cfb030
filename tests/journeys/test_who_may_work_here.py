"""Two leaders let somebody in, in a real browser, and each hands over half of the invitation."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leeward.people.models import Staff
from leeward.protect.models import Account, AccountDecision, AccountRequest, Session

from ..cast import Cast
from .conftest import DESKTOP, PHONE, Open
from .walking import look, press

pytestmark = pytest.mark.journey
NAME, EMAIL = "Test Rosa Marsh", "rosa.marsh@example.org"


@pytest.fixture
def nobody_stays(cast: Cast) -> Iterator[None]:
    yield
    AccountDecision.objects.using("admin").all().delete()
    AccountRequest.objects.using("admin").all().delete()
    Account.objects.filter(email=EMAIL).delete()
    Staff.objects.using("admin").filter(display_name=NAME).delete()


def leader(visit: Open, cast: Cast, who: str, size: dict[str, int]) -> Page:
    page = visit(who, size=size)
    until = timezone.now() + timedelta(minutes=5)
    Session.objects.filter(staff_id=cast.staff[who].pk).update(proved_until=until)
    page.goto("/staff/")
    return page


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_p04_two_leaders_let_a_partners_worker_in(
    visit: Open, cast: Cast, nobody_stays: None, size: dict[str, int]
) -> None:
    one = leader(visit, cast, "program_director", size)
    look(one)
    one.get_by_role("link", name="Somebody new").click()
    look(one)
    one.get_by_label("Name", exact=True).fill(NAME)
    one.get_by_label("Work e-mail").fill(EMAIL)
    one.get_by_label("Where they work").select_option(label="Test Shelter")
    press(one, "Ask for it")
    one.get_by_text("Call them at 601-555-0100 first.").first.wait_for()
    one.get_by_label("For a partner: whom did you reach there?").fill("Their front desk")
    press(one, "Ask for it")
    one.get_by_text("This waits for a second person. It can not be you.").wait_for()
    look(one)

    other = leader(visit, cast, "privacy_officer", size)
    other.get_by_role("link", name="Somebody new: Test Rosa Marsh").first.click()
    look(other)
    press(other, "I agree")
    press(other, "Show my half of the invitation")
    expect(other.locator(".notice .code")).to_be_visible()
    look(other)
    one.reload()
    press(one, "Show my half of the invitation")
    assert one.locator(".notice .code").text_content() != other.locator(".notice .code").text_content()
    one.goto("/leaving/")
    look(one)
