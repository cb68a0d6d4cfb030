"""Every address of the site, asked by those who may not: the same answer as for nothing, and no word of the person."""

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from leeward.people import actions as people
from leeward.people.models import Client

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL

VALUES: dict[str, object] = {
    "agency": uuid4(), "grant": uuid4(), "referral": uuid4(), "talk": uuid4(), "kind": "case.closed", "name": "phq-9",
    "notice": uuid4(),
    "restriction": uuid4(), "number": 1, "version": 1, "reference": "0000-00000-0", "instrument": "phq-9",
}  # fmt: skip
OUTSIDERS = ("other_screener", "program_director", "evaluator", "hospital", "law_enforcement", "shelter")


def patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns)
        else:
            yield one


def pages_of_a_client() -> list[URLPattern]:
    return [one for one in patterns(get_resolver().url_patterns) if "code" in one.pattern.converters]


def address(page: URLPattern, code: str) -> str:
    names = page.pattern.converters
    return reverse(str(page.name), kwargs={name: code if name == "code" else VALUES[name] for name in names})


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)


def test_there_are_pages_to_ask_for() -> None:
    assert len(pages_of_a_client()) > 25


@pytest.mark.parametrize("page", pages_of_a_client(), ids=lambda page: str(page.name))
def test_p01_a01_outsiders_get_nothing_by_reading_or_writing(world: Cast, client: Client, page: URLPattern) -> None:
    place = address(page, client.code)
    for who in OUTSIDERS:
        browser = world.browser(who)
        for answer in (browser.get(place), browser.post(place, {"decline": "1", "part": "explained", "no": "1"})):
            assert answer.status_code in {404, 405}, f"{who} {place} {answer.status_code}"
            assert "Canary" not in answer.content.decode()


@pytest.mark.parametrize("page", pages_of_a_client(), ids=lambda page: str(page.name))
def test_nobody_is_sent_to_sign_in(world: Cast, client: Client, page: URLPattern) -> None:
    from django.test import Client as Browser

    answer = Browser(SERVER_NAME="localhost").get(address(page, client.code))
    assert answer.status_code == 405 or str(answer["Location"]).startswith("/sign-in/")


def test_a_partner_can_not_use_the_staffs_pages(world: Cast) -> None:
    browser = world.browser("shelter")
    for name in (
        "find_person",
        "new_person",
        "results",
        "privacy",
        "record_training",
        "disclosures",
        "legal_hand_in",
        "legal_handed_in",
        "legal_requests",
    ):
        assert browser.get(reverse(name)).status_code in {404, 405}, name
