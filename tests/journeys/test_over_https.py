"""A centre behind HTTPS: signing in, cookies that no other host can set, and forms that no other site can send."""

import re
from collections.abc import Iterator
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from leeward.protect.models import Draft

from ..cast import PASSWORD, Cast, code_now
from .behind_tls import HOST, Centre, served
from .conftest import PATIENCE
from .walking import mark_leaving, press

pytestmark = pytest.mark.journey
#: Another host under the centre's own domain: browsers send it our cookies, even strict ones. And a site far away.
NEIGHBOUR, STRANGER = "https://evil.test.localhost", "https://elsewhere.example"


@pytest.fixture(scope="module")
def centre(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with served(tmp_path_factory.mktemp("https")) as centre:
        yield centre


@pytest.fixture
def context(chromium: Browser, centre: Centre) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=centre.address, ignore_https_errors=True, locale="en-US")
    mark_leaving(context)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, centre: Centre) -> Page:
    """Signed in as people do: the password, then the code."""
    page = context.new_page()
    centre.heard.clear()
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill("therapist@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    page.locator("[name=code]").fill(code_now("therapist@example.org"))
    press(page, "Go on")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    return page


def test_k02_cookies_are_for_this_host_alone_over_https_alone_and_for_no_script(page: Page) -> None:
    cookies = {one["name"]: one for one in page.context.cookies()}
    assert set(cookies) == {"__Host-session", "__Host-form"}
    for cookie in cookies.values():
        assert cookie["secure"]
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert (cookie["domain"], cookie["path"], cookie["expires"]) == (HOST, "/", -1)
    assert page.evaluate("document.cookie") == ""


def test_f03_forms_work_though_no_page_tells_where_it_was(page: Page, centre: Centre) -> None:
    page.goto("/your-sign-in/")
    assert page.evaluate("document.referrer") == ""
    press(page, "Español")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    sent = [headers for method, _path, headers in centre.heard if method == "POST"]
    assert len(sent) >= 3, "the password, the code, the language"
    assert {headers["Origin"] for headers in sent} == {"null"}
    assert {headers["Sec-Fetch-Site"] for headers in sent} == {"same-origin"}
    assert [path for _method, path, headers in centre.heard if headers["Referer"]] == []


def test_what_is_typed_is_kept_by_the_script_of_the_page_too(page: Page, centre: Centre) -> None:
    """A script's own request tells where it comes from, also from a page that does not."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    told = page.evaluate(
        """token => fetch("/draft/", {method: "POST", body: new URLSearchParams(
            {csrfmiddlewaretoken: token, stands_on: "/kept/", words: "x"})}).then(a => a.status)""",
        token,
    )
    assert told == 204
    assert _posted(centre, "/draft/")["Origin"] == centre.address
    assert Draft.objects.using("admin").filter(place="/kept/").delete()[0] == 1


def test_a_form_that_the_browser_sends_again_is_still_ours(context: BrowserContext, centre: Centre) -> None:
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill("therapist@example.org")
    page.get_by_label("Password").fill("not the password")
    press(page, "Sign in")
    answer = page.reload()
    assert answer is not None
    assert (answer.request.method, answer.status) == ("POST", 422), "looked at, and said that the password was wrong"


@pytest.mark.parametrize("policy", ["no-referrer", "unsafe-url"])
@pytest.mark.parametrize("elsewhere", [NEIGHBOUR, STRANGER])
def test_f03_a_page_elsewhere_sends_no_form_of_ours_though_it_has_the_token(
    page: Page, centre: Centre, elsewhere: str, policy: str
) -> None:
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    form = f"""<meta name="referrer" content="{policy}">
      <form method="post" action="{centre.address}/language/"><input name="csrfmiddlewaretoken" value="{token}">
      <input name="language" value="es"><button>Win a prize</button></form>"""
    _stands_at(page.context, elsewhere, form)
    evil = page.context.new_page()
    evil.goto(f"{elsewhere}/")
    with evil.expect_response(f"{centre.address}/language/") as told:
        evil.get_by_role("button").click()
    assert told.value.status == 403
    headers = _posted(centre, "/language/")
    assert headers["Sec-Fetch-Site"] == ("same-site" if elsewhere == NEIGHBOUR else "cross-site")
    assert ("__Host-session" in (headers["Cookie"] or "")) == (elsewhere == NEIGHBOUR), "the token alone would not do"
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_k02_another_host_of_the_domain_plants_no_cookie_of_ours(page: Page) -> None:
    before = {one["name"]: one["value"] for one in page.context.cookies()}
    _stands_at(page.context, NEIGHBOUR, "<p>Nothing here</p>")
    evil = page.context.new_page()
    evil.goto(f"{NEIGHBOUR}/")
    for name in (*before, "form"):
        evil.evaluate(f"document.cookie = '{name}=planted; Domain=test.localhost; Path=/; Secure'")
    kept = {one["name"]: one["value"] for one in page.context.cookies()}
    assert kept == before | {"form": "planted"}, "only a name without a prefix can be planted"
    page.reload()
    assert "/sign-in/" not in page.url


def test_o01_who_comes_without_https_is_sent_to_it_and_told_to_stay(page: Page, centre: Centre) -> None:
    plain = HTTPConnection("127.0.0.1", centre.inner, timeout=10)
    plain.request("GET", "/sign-in/", headers={"Host": HOST})
    answer = plain.getresponse()
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{HOST}/sign-in/"
    assert answer.headers["Set-Cookie"] is None
    over = page.goto("/sign-in/")
    assert over is not None
    assert over.headers["strict-transport-security"].startswith("max-age=31536000")
    assert over.headers["referrer-policy"] == "no-referrer"


def test_t5_i01_a_crash_writes_no_memory_of_who_serves_to_the_disk(centre: Centre) -> None:
    serving = Path(f"/proc/{centre.process}/task/{centre.process}/children").read_text().split()
    limits = [Path(f"/proc/{one}/limits").read_text() for one in serving if _answers(one)]
    assert limits
    for one in limits:
        assert re.search(r"^Max core file size +0 +0 ", one, re.MULTILINE), one


def _answers(process: str) -> bool:
    """Is it a worker of the web server, not Python's own keeper of shared memory?"""
    return b"resource_tracker" not in Path(f"/proc/{process}/cmdline").read_bytes()


def _posted(centre: Centre, place: str) -> Message:
    """What the browser said along with the last form that was sent there."""
    return next(headers for method, path, headers in reversed(centre.heard) if (method, path) == ("POST", place))


def _stands_at(context: BrowserContext, address: str, text: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=text)

    context.route(f"{address}/**", answer)
