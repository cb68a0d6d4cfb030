"""A form that is sent twice acts once: pressed twice at once, or sent again; what must act each time, does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone

from leeward.people.models import Client
from leeward.protect import once
from leeward.protect.once import Submission

from ..access.page_forms import TOKEN, read_page
from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, register


@pytest.fixture
def client(cast: Cast) -> Iterator[Client]:
    forget_clients()
    yield register(cast, datetime.now(UTC) - timedelta(days=1))
    forget_clients()
    Submission.objects.using("admin").all().delete()


def signed_in(cast: Cast) -> Browser:
    browser = Browser(enforce_csrf_checks=True, SERVER_NAME="localhost")
    browser.cookies["session"] = cast.tokens["case_manager"]
    return browser


def token_of(browser: Browser, place: str) -> str:
    _links, forms = read_page("", place, browser.get(place).content.decode())
    return next(one.token for one in forms if one.name == "safety_check")


def checks() -> int:
    ((number,),) = read("SELECT count(*) FROM people_event WHERE kind = 'safety.assessed'")
    return int(number)


def test_f03_pressed_twice_at_once_it_acts_once_and_both_are_led_the_same_way(cast: Cast, client: Client) -> None:
    place = f"/p/{client.code}/safe-now/"
    first = signed_in(cast)
    sent = {TOKEN: token_of(first, place), "danger": "none"}
    form_cookie = first.cookies["form"].value

    def press(_time: int) -> str:
        browser = signed_in(cast)
        browser.cookies["form"] = form_cookie
        try:
            return str(browser.post(place, sent)["Location"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as at_once:
        assert set(at_once.map(press, range(4))) == {f"/p/{client.code}/"}
    assert checks() == 1


def test_the_same_said_again_on_a_page_drawn_anew_is_said_again(cast: Cast, client: Client) -> None:
    browser, place = signed_in(cast), f"/p/{client.code}/safe-now/"
    for _ in range(2):
        browser.post(place, {TOKEN: token_of(browser, place), "danger": "none"})
    assert checks() == 2


def test_what_was_refused_may_be_sent_again(cast: Cast, client: Client) -> None:
    browser, place = signed_in(cast), f"/p/{client.code}/safe-now/"
    token = token_of(browser, place)
    assert browser.post(place, {TOKEN: token, "danger": "perhaps"}).status_code == 422
    assert browser.post(place, {TOKEN: token, "danger": "none"}).status_code == 302
    assert checks() == 1
    assert read("SELECT count(*) FROM protect_submission") == [(1,)]


def test_nobody_reads_what_another_has_sent_and_it_is_forgotten(cast: Cast, client: Client) -> None:
    browser, place = signed_in(cast), f"/p/{client.code}/safe-now/"
    browser.post(place, {TOKEN: token_of(browser, place), "danger": "none"})
    with asked_by(cast, "therapist"):
        assert not Submission.objects.exists()
    with asked_by(cast, "case_manager") as staff:
        once.drop_old(by=staff, now=timezone.now())
        assert Submission.objects.count() == 1
        once.drop_old(by=staff, now=timezone.now() + once.KEPT_FOR + timedelta(minutes=1))
        assert not Submission.objects.exists()
