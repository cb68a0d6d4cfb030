"""Every page that anybody can reach leaves nothing behind in the browser and has its way out in the first place."""

from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import Resolver404, URLPattern, get_resolver, resolve, reverse
from django.utils import timezone

from leeward.protect.models import Session
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..web.test_people_pages import open_record
from ..web.test_templates import GIVING_AWAY
from .test_every_page import patterns

#: Fields that a password manager may fill in: staff's own sign-in, and nothing about anybody else.
KNOWN_TO_MANAGERS = {"username", "current-password", "new-password", "one-time-code"}
FOCUSABLE = {"a", "button", "input", "select", "textarea", "summary", "area", "iframe"}
LEADERS = ("privacy_officer", "program_director")
ROLES = ("case_manager", "therapist", "privacy_officer", "program_director", "evaluator", "shelter", None)
#: What stands in an address that means nothing, by kind of its part.
SAMPLES: dict[str, object] = {"UUIDConverter": uuid4(), "IntConverter": 1}
#: Pages that are forms' targets only, or that need something which a walk along links does not make.
NOT_WALKED = {
    "leave", "sign_out", "stay", "set_language", "keep_draft", "codes_kept", "end_session", "style_guide",
    "inbox_now", "referral_now",
}  # fmt: skip


class Page(HTMLParser):
    """A page as the tests ask of it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.title = ""
        self._in_title = self._in_script = False
        self.inline = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._in_title = tag == "title" and not self.title
        self._in_script = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        if self._in_script:
            self.inline += data.strip()


def check_headers(answer: HttpResponse, place: str) -> None:
    """What every answer carries, whatever its status (V-02)."""
    assert answer["Cache-Control"] == "no-store, private", place
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'", place
    assert policy["script-src"] == policy["style-src"] == "'self'", place
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'", place
    assert policy["form-action"] == "'self'", place
    assert answer["Referrer-Policy"] == "no-referrer", place
    assert answer["X-Content-Type-Options"] == "nosniff", place
    assert answer["X-Frame-Options"] == "DENY", place
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin", place
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin", place
    assert "noindex" in answer["X-Robots-Tag"], place
    for power in ("camera", "geolocation", "microphone", "display-capture", "payment", "usb", "bluetooth", "midi"):
        assert f"{power}=()" in answer["Permissions-Policy"], f"{place} {power}"
    for cookie in answer.cookies.values():
        assert not cookie["expires"] or cookie["max-age"] == 0, f"{place}: a cookie outlives the browser"
        assert cookie["httponly"], place
        assert cookie["samesite"] == "Strict", place
    assert not GIVING_AWAY.search(answer.get("Content-Disposition", "")), place


def check_page(page: Page, place: str) -> None:
    """What every page is (V-01, V-02)."""
    assert page.title, place
    assert not GIVING_AWAY.search(page.title), f"{place}: {page.title}"
    assert not page.inline, f"{place}: inline script or style"
    first = next((tag, attrs) for tag, attrs in page.tags if tag in FOCUSABLE and attrs.get("type") != "hidden")
    assert first[0] == "button", f"{place}: {first}"
    assert "leave" in first[1]["class"], f"{place}: the way out comes first"
    leave = next(attrs for tag, attrs in page.tags if tag == "form")
    assert (leave["action"], leave["method"]) == ("/leave/", "post"), place
    for tag, attrs in page.tags:
        assert attrs.get("tabindex", "0") in {"0", "-1"}, f"{place}: nothing jumps the queue"
        assert not any(name.startswith("on") or name == "style" for name in attrs), f"{place}: {attrs}"
        assert tag not in {"iframe", "embed", "object"}, place
        for source in (attrs.get("src", ""), attrs.get("href", "") if tag == "link" else ""):
            assert not source or source.startswith(("/static/", "data:image/", "#")), f"{place}: {source}"
        if tag == "input" and attrs.get("type", "text") in {
            "text",
            "email",
            "tel",
            "password",
            "search",
            "number",
            "date",
        }:
            told = attrs.get("autocomplete", "")
            assert told in {"off", *KNOWN_TO_MANAGERS}, f"{place}: {attrs.get('name')} {told!r}"
            if told in KNOWN_TO_MANAGERS:
                assert place.startswith(("/sign-in/", "/prove/", "/your-sign-in/")), f"{place}: {attrs.get('name')}"
        if tag == "textarea":
            assert attrs.get("autocomplete") == "off", f"{place}: {attrs.get('name')}"
        if tag == "link":
            assert attrs.get("rel") in {"icon", "stylesheet"}, "no manifest, no hint to load ahead"


def links(page: Page) -> Iterator[str]:
    for tag, attrs in page.tags:
        if tag == "a" and attrs.get("href", "").startswith("/"):
            yield attrs["href"].partition("#")[0]


@pytest.fixture
def proved(cast: Cast) -> Iterator[None]:
    """The leaders have just shown a passkey, so that the pages which ask for one open."""
    rows = Session.objects.filter(token_digest__in=[token_digest(cast.tokens[who]) for who in LEADERS])
    rows.update(proved_until=timezone.now() + timedelta(minutes=5))
    yield
    rows.update(proved_until=None)


@pytest.fixture
def starts(world: Cast) -> dict[str | None, list[str]]:
    record = open_record(world.browser("case_manager"), language="en", contact_hours="9 to 11")
    public = ["/sign-in/", "/sign-in/?ended", "/sign-in/invitation/", "/leaving/", "/nothing-here/", "/sign-in/second/"]
    return {"case_manager": ["/", record], None: public}


def test_t7_v01_v02_every_page_that_can_be_reached_leaves_no_trace(
    world: Cast, starts: dict[str | None, list[str]], proved: None
) -> None:
    reached: set[str] = set()
    pages = 0
    for who in ROLES:
        browser = world.browser(who) if who else Browser(SERVER_NAME="localhost")
        left, seen = list(starts.get(who, ["/"])), set(starts.get(who, ["/"]))
        while left:
            place = left.pop()
            answer = browser.get(place)
            check_headers(answer, place)
            path = urlsplit(place).path
            if answer.status_code in {301, 302, 303}:
                new = [answer["Location"]]
            elif answer["Content-Type"].startswith("text/html") and answer.content:
                page = Page(answer.content.decode())
                check_page(page, path)
                pages += 1
                new = list(links(page))
                if answer.status_code == 200:
                    reached.add(name_of(path))
            else:
                new = []
            left += sorted(set(new) - seen)
            seen |= set(new)
    assert pages > 80
    named = {str(one.name) for one in patterns_of_the_site()}
    assert {"staff", "your_sign_in", "sign_in", "invitation", "worklist"} <= reached
    assert len(reached) > 0.5 * len(named - NOT_WALKED), " ".join(sorted(named - NOT_WALKED - reached))


@pytest.mark.parametrize("who", ["case_manager", None])
def test_v02_every_address_answers_without_a_trace_whatever_it_says(world: Cast, who: str | None) -> None:
    browser = world.browser(who) if who else Browser(SERVER_NAME="localhost")
    for one in patterns_of_the_site():
        given = {
            name: SAMPLES.get(type(kind).__name__, "0000-00000-0") for name, kind in one.pattern.converters.items()
        }
        place = reverse(str(one.name), kwargs=given)
        if one.name not in {"leave", "sign_out", "set_language"}:
            check_headers(browser.get(place), place)


def patterns_of_the_site() -> list[URLPattern]:
    return [one for one in patterns(get_resolver().url_patterns) if one.name]


def name_of(path: str) -> str:
    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return ""
