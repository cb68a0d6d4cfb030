"""A program director tries a draft on made-up people in a real browser: asks, waits, and reads the answer."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leeward.learn import comparisons
from leeward.learn.models import Comparison, ComparisonAnswer, DraftText, ProtocolDraft

from ..cast import Cast
from .conftest import DESKTOP, PHONE, Open
from .walking import look


@pytest.fixture
def nothing_left(cast: Cast) -> Iterator[None]:
    yield
    for model in (ComparisonAnswer, Comparison, DraftText, ProtocolDraft):
        model.objects.using("admin").all().delete()


@pytest.mark.journey
@pytest.mark.parametrize(
    ("size", "language", "script"),
    [(PHONE, "en", True), (DESKTOP, "es", True), (DESKTOP, "en", False)],
    ids=["phone", "desktop-spanish", "no-script"],
)
def test_a_draft_is_tried(visit: Open, nothing_left: None, size: dict[str, int], language: str, script: bool) -> None:
    page = visit("program_director", size=size, script=script, language=language)
    page.goto("/protocol/")
    page.locator("form:has(button:has(svg)) button").last.click()
    page.locator("a[href*='/steps/offer-information/']").click()
    page.locator("input[name=within_amount]").fill("2")
    page.locator("select[name=within_unit]").select_option("hours")
    page.locator("main form:has(input[name=within_amount]) button[type=submit]").first.click()
    page.locator("a[href*='what-if']").first.click()
    if script:
        look(page)
    page.locator("input[value=made_up]").check()
    page.locator("main button[type=submit]").last.click()
    again = page.get_by_role("link", name={"en": "Look again", "es": "Mirar otra vez"}[language])
    expect(again).to_be_visible()
    if script:
        look(page)
    comparisons.answer_all(timezone.now())
    if not script:
        again.click()
    late = {"en": "would have been late or left undone", "es": "habría"}[language]
    expect(page.locator("#found ~ ul")).to_contain_text(late)
    for each in page.locator("summary").all():
        each.click()
    if script:
        look(page)
