"""A form is taken from our own pages only, though no page tells where it was (F-03)."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client as Browser
from django.test import override_settings
from django.urls import include, path

UNTOLD = {"HTTP_ORIGIN": "null"}
OURS = "https://centre.example"
Sent = dict[str, str]


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("taken" if request.method == "POST" else get_token(request))


urlpatterns = [path("form/", page), path("", include("leeward.web.urls"))]
handler404 = "leeward.web.errors.not_found"
pytestmark = pytest.mark.usefixtures("cast")


def answer(sent: Sent, *, secure: bool = True, cookie: str = "__Host-form", token: str = "") -> int:
    """Status of a form that comes with these headers, and with the right token if no other is given."""
    with override_settings(
        ROOT_URLCONF=__name__, ALLOWED_HOSTS=["centre.example"], CSRF_COOKIE_NAME=cookie, CSRF_COOKIE_SECURE=secure,
    ):  # fmt: skip
        me = Browser(enforce_csrf_checks=True, SERVER_NAME="centre.example")
        right = me.get("/form/", secure=secure).content.decode()
        given = {"csrfmiddlewaretoken": token or right}
        return me.post("/form/", given, secure=secure, **sent).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sent",
    [
        UNTOLD | {"HTTP_SEC_FETCH_SITE": "same-origin"},
        UNTOLD | {"HTTP_SEC_FETCH_SITE": "none"},  # sent again by a person, not by a page
        UNTOLD,  # Safari before 16.4
        {"HTTP_SEC_FETCH_SITE": "same-origin"},
        {},  # Firefox before 70 sends neither
        {"HTTP_ORIGIN": OURS, "HTTP_SEC_FETCH_SITE": "same-origin"},
        {"HTTP_ORIGIN": OURS},
        {"HTTP_REFERER": f"{OURS}/form/"},
    ],
)
def test_f03_a_form_of_our_own_page_is_taken(sent: Sent) -> None:
    assert answer(sent) == 200
    assert answer(sent, secure=False, cookie="form") == (403 if OURS in sent.get("HTTP_ORIGIN", "") else 200)


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize(
    "sent",
    [
        {"HTTP_ORIGIN": "https://elsewhere.example"},
        {"HTTP_ORIGIN": "https://elsewhere.example", "HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_ORIGIN": "https://other.centre.example", "HTTP_SEC_FETCH_SITE": "same-site"},
        UNTOLD | {"HTTP_SEC_FETCH_SITE": "cross-site"},
        UNTOLD | {"HTTP_SEC_FETCH_SITE": "same-site"},
        UNTOLD | {"HTTP_SEC_FETCH_SITE": ""},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_ORIGIN": OURS, "HTTP_SEC_FETCH_SITE": "cross-site"},
    ],
)
def test_f03_a_form_of_another_site_is_refused_with_the_right_token_too(sent: Sent, secure: bool) -> None:
    assert answer(sent, secure=secure) == 403


@pytest.mark.parametrize(
    "sent", [{"HTTP_REFERER": "https://elsewhere.example/"}, {"HTTP_REFERER": "http://centre.example/"}]
)
def test_f03_a_page_that_tells_it_is_another_is_refused(sent: Sent) -> None:
    assert answer(sent) == 403


@pytest.mark.parametrize("sent", [UNTOLD | {"HTTP_SEC_FETCH_SITE": "same-origin"}, UNTOLD, {}])
def test_f03_where_nothing_is_told_the_token_must_be_right(sent: Sent) -> None:
    assert answer(sent, token="x" * 64) == 403
    assert answer(sent, token="x" * 64, secure=False, cookie="form") == 403


@pytest.mark.parametrize("sent", [UNTOLD, {}])
def test_f03_over_https_a_token_alone_counts_only_in_a_cookie_that_nobody_can_plant(sent: Sent) -> None:
    assert answer(sent, cookie="form") == 403
    assert answer(sent | {"HTTP_SEC_FETCH_SITE": "same-origin"}, cookie="form") == 200
