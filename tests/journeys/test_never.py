"""A person says "never": an agency that gets nothing, and somebody who works here and must see nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from ..cast import Cast
from ..people.committed import forget_clients, register
from .conftest import DESKTOP, PHONE, Open
from .walking import look


@pytest.fixture
def record(cast: Cast) -> Iterator[str]:
    yield f"/p/{register(cast, datetime.now(UTC)).code}/"
    forget_clients()


@pytest.mark.journey
@pytest.mark.parametrize(("size", "language"), [(PHONE, "en"), (DESKTOP, "es")], ids=["phone", "desktop-spanish"])
def test_never_is_said_and_seen(visit: Open, record: str, size: dict[str, int], language: str) -> None:
    page = visit("case_manager", size=size, language=language)
    page.goto(f"{record}permissions/")
    page.locator("#asking ~ ul a").first.click()
    page.locator("input[name=able][value=yes]").check()
    page.locator("main form button.button:not(.secondary, .quiet)").click()
    look(page)
    page.locator("button[name=never]").click()
    expect(page.locator("#never")).to_be_visible()
    look(page)
    page.goto(f"{record}team/")
    page.locator("select[name=bar]").select_option(index=0)
    page.locator("form:has(select[name=bar]) button").click()
    expect(page.locator("button[name=unbar]")).to_be_visible()
    look(page)
    page.locator("button[name=unbar]").click()
    expect(page.locator("button[name=unbar]")).to_have_count(0)
