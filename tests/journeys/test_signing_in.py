"""Signing in with a real passkey: Chromium's own virtual authenticator holds the key, and our pages ask for it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import CDPSession, Page, expect

from leeward.people.models import Role, Staff
from leeward.protect import factors
from leeward.protect.models import Account, Passkey, Session
from leeward.protect.sessions import token_digest

from ..cast import Cast
from .conftest import DESKTOP, PHONE, Open
from .walking import fits, look, press

pytestmark = pytest.mark.journey
NEW = "four quiet herons waiting"


@pytest.fixture
def newcomer(cast: Cast) -> Iterator[Account]:
    """A privacy officer whose account was made a moment ago: no password, no second factor."""
    staff = Staff.objects.using("admin").create(
        agency=cast.centre, display_name="Test newcomer", role=Role.PRIVACY_OFFICER, languages=["en"]
    )
    account = Account(email="newcomer@example.org", staff_id=staff.pk)
    account.set_unusable_password()
    account.save(using="admin")
    yield account
    Session.objects.filter(staff_id=staff.pk).delete()
    account.delete(using="signin")


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A security key with a PIN, plugged into this page's browser; `isUserVerified` says that its PIN was right."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made: dict[str, Any] = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def begin(page: Page, newcomer: Account) -> None:
    """The first day: two codes from two people, and a password. (In a demonstration too, whoever has a second factor
    needs it.)"""
    codes = [factors.invite(newcomer, given_by=uuid4(), now=timezone.now()) for _n in range(2)]
    page.get_by_role("link", name="I have an invitation code").click()
    page.get_by_label("The first code").fill(codes[0].upper())
    page.get_by_label("The second code").fill(codes[1])
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("The same again").fill(NEW)
    press(page, "Go on")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_k01_from_the_invitation_to_a_passkey_and_back_in_with_it(
    visit: Open, newcomer: Account, size: dict[str, int]
) -> None:
    page = visit(None, size=size)
    devtools, _key = authenticator(page)
    look(page)
    begin(page, newcomer)
    look(page)
    page.get_by_label("A name for it").fill("key of the test")
    press(page, "Make a passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    assert page.locator(".recovery-codes li").count() == 8
    look(page)
    press(page, "I have them on paper")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    assert Passkey.objects.get(account=newcomer).name == "key of the test"

    press(page, "Sign out")
    page.get_by_label("E-mail").fill(newcomer.email)
    page.get_by_label("Password").fill(NEW)
    press(page, "Sign in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Now show that it is you")
    look(page)
    press(page, "Use my passkey")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    digest = token_digest(next(c["value"] for c in page.context.cookies() if c["name"] == "session"))
    row = Session.objects.get(token_digest=digest)
    assert row.staff_id == newcomer.staff_id
    assert row.proved_until is not None
    assert Passkey.objects.get(account=newcomer).uses > 0
    page.goto("/your-sign-in/")
    look(page)

    # the proof is five minutes old: a step that opens much asks again, and gives the session a new token
    Session.objects.filter(pk=digest).update(proved_until=timezone.now())
    page.goto("/prove/?next=/your-sign-in/")
    look(page)
    press(page, "Use my passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your sign-in")
    assert not Session.objects.filter(pk=digest).exists()
    assert Session.objects.filter(staff_id=newcomer.staff_id, proved_until__gt=timezone.now()).count() == 1
    devtools.send("WebAuthn.disable")


def test_k01_a_key_whose_pin_is_wrong_opens_nothing(visit: Open, newcomer: Account) -> None:
    page = visit(None)
    devtools, key = authenticator(page)
    begin(page, newcomer)
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.get_by_label("A name for it").fill("key of the test")
    press(page, "Make a passkey")
    page.get_by_text("The device did not answer, or you stopped it.").wait_for()
    assert not Passkey.objects.filter(account=newcomer).exists()
    look(page)


def test_an_app_that_shows_codes_works_without_script(visit: Open, newcomer: Account) -> None:
    page = visit(None, size=PHONE, script=False)
    begin(page, newcomer)
    assert page.get_by_text("A passkey needs JavaScript").is_visible()
    import base64

    secret = base64.b32decode((page.locator("li .code").text_content() or "").replace(" ", ""))
    page.get_by_label("The 6 digits").fill(factors.code_at(secret, factors.step_of(timezone.now())))
    press(page, "Use this app")
    press(page, "I have them on paper")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    page.goto("/your-sign-in/app/")
    fits(page)
