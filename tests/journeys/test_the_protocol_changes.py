"""A program director makes a clock shorter in a real browser; a second one publishes it; it can be read afterwards."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from leeward.learn.models import DraftDecision, DraftText, ProtocolDraft
from leeward.people.models import PublishedProtocol

from ..cast import Cast
from .conftest import DESKTOP, PHONE, Open
from .walking import go_to, look


@pytest.fixture
def no_versions(cast: Cast) -> Iterator[None]:
    """What this journey publishes is for nobody else's tests."""
    yield
    for model in (PublishedProtocol, DraftDecision, DraftText, ProtocolDraft):
        model.objects.using("admin").all().delete()


@pytest.mark.journey
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_two_directors_change_the_protocol(visit: Open, no_versions: None, size: dict[str, int]) -> None:
    page = visit("program_director", size=size)
    go_to(page, "Protocol")
    look(page)
    page.get_by_role("button", name="Start a draft").click()
    look(page)
    draft = page.url
    page.get_by_role("link", name="Ask about urgent needs").click()
    look(page)
    page.get_by_label("How long they have").fill("36")
    page.get_by_label("Counted in").first.select_option("hours")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("clock: 3 days → 1 day, 12 hours")).to_be_visible()

    page.get_by_role("link", name="Change the whole text").click()
    look(page)
    text = page.get_by_label("The definition")
    sound = text.input_value()
    text.fill(sound.replace("role: screener", "role: screner", 1))
    page.get_by_role("button", name="Save and check").click()
    expect(page.get_by_text("Did you mean `screener`?")).to_be_visible()
    look(page)
    page.get_by_label("The definition").fill(sound)
    page.get_by_role("button", name="Save and check").click()
    expect(page.get_by_text("The text is sound")).to_be_visible()
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("It waits for somebody else")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    look(page)

    second = visit("second_director", size=size)
    second.goto(draft)
    look(second)
    second.get_by_role("button", name="Publish").click()
    expect(second.get_by_text("Say it in a sentence.").first).to_be_visible()
    look(second)
    second.get_by_label("Why").fill("Urgent needs can't wait three days.")
    second.get_by_role("button", name="Publish").click()
    expect(second.get_by_text("Published").first).to_be_visible()
    second.get_by_role("link", name="Versions", exact=True).click()
    second.get_by_role("link", name="Version 1.1.0").click()
    expect(second.get_by_text("clock: 3 days → 1 day, 12 hours")).to_be_visible()
    look(second)
