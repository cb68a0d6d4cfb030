"""Coming in, going out, and what somebody else can learn from trying."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessLog
from django.test import Client as Browser
from django.test import override_settings

from leeward.protect.models import Account, Session
from leeward.protect.sessions import token_digest

from ..cast import PASSWORD, Cast, code_now, enter


@pytest.fixture(autouse=True)
def _no_earlier_tries(cast: Cast) -> Iterator[None]:
    yield
    AccessAttempt.objects.all().delete()
    AccessLog.objects.all().delete()


def browser(**given: bool) -> Browser:
    return Browser(SERVER_NAME="localhost", **given)  # type: ignore[arg-type]


def test_k01_password_and_code_open_a_session(cast: Cast) -> None:
    me = browser()
    answer = me.post("/sign-in/", {"username": " Therapist@Example.org ", "password": PASSWORD})
    assert answer["Location"] == "/sign-in/second/"
    assert me.get("/").status_code == 302, "the password alone opens nothing"
    assert Session.objects.get(token_digest=token_digest(me.cookies["session"].value)).staff_id is None
    assert me.post("/sign-in/second/", {"code": code_now("therapist@example.org")})["Location"] == "/"
    row = Session.objects.get(token_digest=token_digest(me.cookies["session"].value))
    assert row.staff_id == cast.staff["therapist"].pk


def test_k02_signing_in_makes_a_new_session(cast: Cast) -> None:
    me = browser()
    me.cookies["session"] = "planted-by-somebody-else"
    me.post("/sign-in/", {"username": "therapist@example.org", "password": PASSWORD})
    half = me.cookies["session"].value
    me.post("/sign-in/second/", {"code": code_now("therapist@example.org")})
    first = me.cookies["session"].value
    assert len({"planted-by-somebody-else", half, first}) == 3
    enter(me, "clinician")
    assert me.cookies["session"].value != first
    assert not Session.objects.filter(token_digest=token_digest(first)).exists()


def test_the_cookie_is_for_this_site_and_this_sitting_only(cast: Cast) -> None:
    me = browser()
    answer = enter(me, "therapist")
    cookie = answer.cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert not cookie["expires"]


def test_k03_a_wrong_password_and_an_unknown_account_get_the_same_answer() -> None:
    def text(email: str) -> str:
        answer = browser().post("/sign-in/", {"username": email, "password": "wrong"})
        assert answer.status_code == 422
        page = answer.content.decode().replace(email, "E")
        return "".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)

    assert text("clinician@example.org") == text("nobody@example.org")


def test_k03_many_wrong_tries_slow_down_that_account_from_that_place_alone() -> None:
    guesser = browser()
    for _n in range(5):
        answer = guesser.post("/sign-in/", {"username": "evaluator@example.org", "password": "wrong"})
    assert answer.status_code == 429
    assert "5 minutes" in answer.content.decode()
    assert answer["Retry-After"] == "300"
    still = guesser.post("/sign-in/", {"username": "evaluator@example.org", "password": PASSWORD})
    assert still.status_code == 429
    elsewhere = Browser(SERVER_NAME="localhost", REMOTE_ADDR="10.1.2.3")
    there = elsewhere.post("/sign-in/", {"username": "evaluator@example.org", "password": PASSWORD})
    assert there.status_code == 302
    other = guesser.post("/sign-in/", {"username": "therapist@example.org", "password": PASSWORD})
    assert other.status_code == 302


@override_settings(LEEWARD_BEHIND_PROXY=True)
def test_k03_behind_the_proxy_each_source_still_waits_for_itself() -> None:
    def tries(email: str, told: str) -> int:
        me = Browser(SERVER_NAME="localhost", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=told)
        return me.post("/sign-in/", {"username": email, "password": "wrong"}).status_code

    answers = [tries("evaluator@example.org", f"192.0.2.{n}, 198.51.100.7") for n in range(5)]
    assert answers[-1] == 429, "what a guesser writes into the header does not help"
    colleague = Browser(
        SERVER_NAME="localhost", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.9"
    )
    assert enter(colleague, "evaluator").status_code == 302


def test_k03_answering_an_unknown_account_costs_as_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    def hashed(email: str) -> int:
        count = []
        for name in ("encode", "verify"):
            real = getattr(Argon2PasswordHasher, name)

            def counted(*args: object, real: Callable[..., object] = real) -> object:
                count.append(1)
                return real(*args)

            monkeypatch.setattr(Argon2PasswordHasher, name, counted)
        browser().post("/sign-in/", {"username": email, "password": "wrong"})
        monkeypatch.undo()
        return len(count)

    account = Account.objects.get(email="social_services@example.org")
    assert hashed(account.email) == hashed("nobody-at-all@example.org") == 1
    Account.objects.filter(pk=account.pk).update(password="!no-password-yet")
    try:
        assert hashed(account.email) == 1, "also for whoever has not begun"
    finally:
        account.save()


def test_a_missing_field_says_which() -> None:
    answer = browser().post("/sign-in/", {"username": "", "password": ""})
    assert answer.status_code == 422
    assert "Write your e-mail address." in answer.content.decode()


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_after_signing_in_nobody_is_sent_elsewhere(elsewhere: str) -> None:
    answer = enter(browser(), "therapist", next=elsewhere)
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert "javascript" not in answer["Location"]


def test_after_signing_in_people_are_back_where_they_were() -> None:
    answer = enter(browser(), "therapist", next="/p/ABC/details/")
    assert answer["Location"] == "/p/ABC/details/"


def test_somebody_who_left_the_staff_stays_outside(cast: Cast) -> None:
    gone = cast.staff["program_director"]
    Account.objects.using("admin").filter(staff_id=gone.pk).update(is_active=False)
    try:
        answer = browser().post("/sign-in/", {"username": "program_director@example.org", "password": PASSWORD})
        assert answer.status_code == 422
    finally:
        Account.objects.using("admin").filter(staff_id=gone.pk).update(is_active=True)


def test_signing_out_ends_the_session_on_the_server() -> None:
    me = browser()
    enter(me, "therapist")
    token = me.cookies["session"].value
    answer = me.post("/sign-out/")
    assert answer.status_code == 302
    assert "cache" in answer["Clear-Site-Data"]
    assert not Session.objects.filter(token_digest=token_digest(token)).exists()


def test_signing_out_takes_a_form_of_our_own() -> None:
    assert browser().get("/sign-out/").status_code == 405
    assert browser(enforce_csrf_checks=True).post("/sign-out/").status_code == 403


@pytest.mark.parametrize(("asked", "key", "words"), [("Control", "Control", "Ctrl"), ("Q", "Shift", "Shift")])
def test_v01_every_page_names_the_key_that_the_site_chose(cast: Cast, asked: str, key: str, words: str) -> None:
    with override_settings(LEEWARD_LEAVE_KEY=asked):
        page = cast.browser("clinician").get("/").content.decode()
    assert f'data-leave-key="{key}"' in page
    assert f"press the key “{words}” three times" in page


def test_v01_leaving_ends_the_session_and_needs_no_token(cast: Cast) -> None:
    me = browser(enforce_csrf_checks=True)
    session = cast.sign_in("therapist")
    me.cookies["session"] = session
    assert Session.objects.filter(token_digest=token_digest(session)).exists()
    answer = me.post("/leave/")
    assert 'http-equiv="refresh"' in answer.content.decode()
    assert "cookies" in answer["Clear-Site-Data"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not Session.objects.filter(token_digest=token_digest(session)).exists()


def test_the_language_is_changed_by_a_form() -> None:
    me = browser()
    answer = me.post("/language/", {"language": "es", "next": "/sign-in/"})
    assert answer.status_code == 302
    assert 'lang="es"' in me.get("/sign-in/").content.decode()


def test_the_demonstration_signs_in_with_one_tap(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    account = {"role": "therapist", "label": "Therapist", "email": "therapist@example.org", "password": PASSWORD}
    file.write_text(json.dumps([account]))
    with override_settings(LEEWARD_DEMO_ACCOUNTS=file, DEMO=True):
        page = browser().get("/sign-in/").content.decode()
        assert "Therapist" in page
        assert PASSWORD not in page
        assert browser().post("/sign-in/", {"demo": "therapist@example.org"}).status_code == 302


def test_o04_there_are_no_demonstration_sign_ins_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    account = {"role": "therapist", "label": "Therapist", "email": "therapist@example.org", "password": PASSWORD}
    file.write_text(json.dumps([account]))
    with override_settings(LEEWARD_DEMO_ACCOUNTS=file, DEMO=False):
        assert "Therapist" not in browser().get("/sign-in/").content.decode()
        assert browser().post("/sign-in/", {"demo": "therapist@example.org"}).status_code == 422
