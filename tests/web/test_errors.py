"""When something goes wrong: plain words, a way out, nothing typed is lost, nothing about it in the log."""

import logging
import re
from collections.abc import Iterator

import pytest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import override_settings
from django.urls import include, path

from leeward.people.errors import NotYet

from ..cast import Cast

CANARY = "Qwertz-Canary"


def broken(request: HttpRequest) -> HttpResponse:
    typed = request.POST.get("words", "")
    raise ValueError(f"could not read {typed}")


def not_yet(request: HttpRequest) -> HttpResponse:
    raise NotYet("First talk in private.", "Find a quiet room.")


def only_forms(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=405)


urlpatterns = [
    path("", include("leeward.web.urls")),
    path("broken/", broken),
    path("not-yet/", not_yet),
    path("only-forms/", only_forms),
]
handler400 = "leeward.web.errors.bad_request"
handler403 = "leeward.web.errors.not_found"
handler404 = "leeward.web.errors.not_found"
handler500 = "leeward.web.errors.server_error"

here = pytest.mark.usefixtures("empty_database")
pytestmark = [here]


@pytest.fixture(autouse=True)
def _addresses() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def no_database() -> Iterator[None]:
    """The server went away: nothing listens where it was."""
    before = {}
    for alias in ("default", "signin"):
        connections[alias].close()
        before[alias] = connections[alias].settings_dict["PORT"], connections[alias].settings_dict["HOST"]
        connections[alias].settings_dict.update(PORT="1", HOST="127.0.0.1")
    yield
    for alias, (port, host) in before.items():
        connections[alias].close()
        connections[alias].settings_dict.update(PORT=port, HOST=host)


def browser(**given: bool) -> Browser:
    return Browser(raise_request_exception=False, SERVER_NAME="localhost", **given)  # type: ignore[arg-type]


def test_a_fault_is_a_calm_page_with_a_code_and_no_trace() -> None:
    answer = browser().post("/broken/", {"words": CANARY})
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "not your fault" in text
    assert re.search(r"[0-9A-Z]{3}-[0-9A-Z]{3}", text)
    assert "Traceback" not in text
    assert "ValueError" not in text


def test_a_fault_gives_back_what_was_typed() -> None:
    text = browser().post("/broken/", {"words": f"{CANARY} <b>\nsecond line", "many": ["a", "b"]}).content.decode()
    assert f'name="words" value="{CANARY} &lt;b&gt;\nsecond line"' in text
    assert text.count('name="many"') == 2
    assert "Try again" in text


def test_a_password_and_a_form_token_are_not_given_back() -> None:
    text = browser().post("/broken/", {"password": CANARY, "csrfmiddlewaretoken": "x" * 32}).content.decode()
    assert CANARY not in text
    assert "x" * 32 not in text


def test_u02_the_log_says_where_and_never_what(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="leeward"):
        browser().post("/broken/", {"words": CANARY})
    assert "ValueError" in caplog.text
    assert CANARY not in caplog.text
    assert "could not read" not in caplog.text


@pytest.mark.usefixtures("no_database")
def test_a_database_that_is_gone_is_one_plain_sentence() -> None:
    answer = browser().get("/sign-in/")
    assert answer.status_code == 503
    assert "reach our records" in answer.content.decode()
    assert answer["Retry-After"] == "30"


@pytest.mark.usefixtures("no_database")
def test_nothing_typed_is_lost_when_the_database_is_gone() -> None:
    answer = browser().post("/people/new/", {"given_name": CANARY})
    assert answer.status_code == 503
    assert f'value="{CANARY}"' in answer.content.decode()
    assert 'action="/people/new/"' in answer.content.decode()


def test_somebody_signed_in_gets_the_same_when_the_database_goes(cast: Cast, no_database: None) -> None:
    signed_in = cast.browser("screener")
    signed_in.raise_request_exception = False
    answer = signed_in.post("/broken/", {"words": CANARY})
    assert answer.status_code == 503
    assert CANARY in answer.content.decode()


@pytest.mark.usefixtures("no_database")
def test_leaving_works_when_the_database_is_gone(cast: Cast) -> None:
    leaving = cast.browser("screener")
    leaving.raise_request_exception = False
    answer = leaving.post("/leave/")
    assert answer.status_code == 200
    assert "https://www.weather.gov/" in answer.content.decode()
    assert answer.cookies["session"].value == ""


def test_a_refusal_speaks_the_domains_own_words() -> None:
    answer = browser().post("/not-yet/", {"words": CANARY})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "First talk in private." in text
    assert "Find a quiet room." in text
    assert CANARY in text


def test_an_address_that_takes_only_forms_leads_back() -> None:
    answer = browser().get("/only-forms/")
    assert answer.status_code == 405
    assert "Start page" in answer.content.decode()


def test_a_form_that_was_open_too_long_is_kept_with_a_fresh_token() -> None:
    strict = browser(enforce_csrf_checks=True)
    answer = strict.post("/broken/", {"words": CANARY}, HTTP_SEC_FETCH_SITE="same-origin")
    assert answer.status_code == 403
    assert CANARY in answer.content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())
    assert token is not None
    again = strict.post("/broken/", {"words": CANARY, "csrfmiddlewaretoken": token[1]})
    assert again.status_code == 500  # it reached the page


@pytest.mark.parametrize(
    "sender", [{"HTTP_SEC_FETCH_SITE": "cross-site"}, {"HTTP_ORIGIN": "https://elsewhere.example"}, {}]
)
def test_f03_a_form_from_elsewhere_is_not_offered_for_sending(sender: dict[str, str]) -> None:
    answer = browser(enforce_csrf_checks=True).post("/broken/", {"words": CANARY}, **sender)  # type: ignore[arg-type]
    assert answer.status_code == 403
    assert CANARY not in answer.content.decode()


def test_a_request_that_is_too_large_is_refused_in_words() -> None:
    answer = browser().post("/broken/", {"words": "x" * 1_100_000})
    assert answer.status_code == 400
    assert "Traceback" not in answer.content.decode()


def test_p01_missing_and_forbidden_look_the_same(cast: Cast) -> None:
    missing = cast.browser("screener").get("/nothing-at-all/")
    assert missing.status_code == 404
    assert "There is nothing here" in missing.content.decode()


def test_part_of_a_page_gets_the_message_as_its_whole_content() -> None:
    answer = browser().get("/broken/", HTTP_HX_REQUEST="true")
    assert answer["HX-Retarget"] == "#main"


@pytest.mark.parametrize("address", ["/broken/", "/not-yet/", "/only-forms/", "/nothing/", "/sign-in/"])
def test_every_page_can_be_left(address: str) -> None:
    text = browser().get(address).content.decode()
    body = text.partition("<body>")[2]
    first = re.search(r"<(a|button|input|select|textarea)\b[^>]*>", body)
    assert first is not None
    assert "leave" in first[0], "the first thing that takes the focus is the way out (V-01)"


def test_v02_every_answer_forbids_keeping() -> None:
    for address in ("/broken/", "/sign-in/", "/nothing/", "/leave/"):
        answer = browser().get(address)
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
