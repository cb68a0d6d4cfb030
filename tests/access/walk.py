"""Every page of the site as everybody finds it by following links, and every form on those pages, ready to be sent.

A new page or form is in the walk by being in the addresses and on a page; `Walk.unknown` names what nobody met.
"""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import get_resolver, reverse
from django.utils import timezone

from ..cast import PASSWORD, Cast
from .house import PASSPHRASE, House
from .page_forms import TOKEN, Field, Form, local, name_of, read_page
from .test_every_page import patterns

#: Whose way the walk follows, and of how many records they look at the same page. Together they open every page.
WALKERS = {
    "case_manager": 3, "therapist": 2, "other_screener": 1, "privacy_officer": 3, "program_director": 2,
    "second_director": 2, "shelter": 1, "": 1,
}  # fmt: skip
#: A page that was met this often is known, and of no more use but as a way to others.
KNOWN_WELL = 3
HUBS = {"worklist", "client", "privacy", "training", "legal_request", "protocol_draft"}
#: They end the session that walks, or answer no page.
NOT_FOLLOWED = {"leave", "sign_out", "stay", "set_language", "keep_draft", "inbox_now", "referral_now"}
#: These need somebody who is between password and second factor; tests/web/test_sign_in.py has them all.
BETWEEN = {"second_factor", "set_up", "codes_kept"}
#: Pages that are met after something was done, not by a link.
AFTER_AN_ACT = ("legal_handed_in", "protocol_fidelity", "protocol_picture", "leaving", "invitation", "emergency")
Said = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Page:
    """One address that answers 200 to somebody."""

    who: str
    name: str
    address: str


@dataclass(slots=True)
class Walk:
    """What was found: pages, and the forms on them."""

    house: House
    pages: list[Page] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    #: Names of addresses that some form is sent to.
    targets: set[str] = field(default_factory=set)
    _known: set[tuple[object, ...]] = field(default_factory=set)

    def unknown(self) -> set[str]:
        """Addresses of the site that nobody met, neither as a page nor as where a form goes."""
        names = {str(one.name) for one in patterns(list(get_resolver().url_patterns))}
        return names - {page.name for page in self.pages} - self.targets - NOT_FOLLOWED - BETWEEN

    def follow(self, who: str, most: int, starts: list[str]) -> None:
        """Every page that one person comes to by links, and its forms."""
        browser = browser_of(self.house.cast, who)
        waiting, seen, count = deque(starts), set[str](), Counter[str]()
        known = Counter(page.name for page in self.pages)
        while waiting:
            address = waiting.popleft()
            name = name_of(urlsplit(address).path)
            if address in seen or not name or name in NOT_FOLLOWED | BETWEEN or count[name] >= most:
                continue
            if known[name] >= KNOWN_WELL and name not in HUBS:
                continue
            seen.add(address)
            answer = browser.get(address)
            assert answer.status_code < 500, f"{who} got {answer.status_code} from {address}"
            if answer.has_header("Location"):
                waiting.append(local(answer["Location"], address))
            if answer.status_code != 200:
                continue
            count[name] += 1
            self.pages.append(Page(who, name, address))
            links, forms = read_page(who, address, text_of(answer))
            waiting.extend(links)
            waiting.extend(urlsplit(form.action).path for form in forms if form.method == "get")
            self.take(forms)

    def take(self, forms: list[Form]) -> None:
        """Of forms that ask the same by the same button, the first is enough, whoever sends it."""
        for form in forms:
            self.targets.add(form.name)
            if form.method == "post" and form.asks not in self._known:
                self._known.add(form.asks)
                self.forms.append(form)


def walked(house: House) -> Walk:
    """All that everybody meets by following links; `trial.tried` adds what stands behind forms."""
    walk = Walk(house)
    for who, most in WALKERS.items():
        walk.follow(who, most, ["/", *map(reverse, AFTER_AN_ACT), *house.addresses])
    return walk


def browser_of(cast: Cast, who: str) -> Browser:
    """A browser of that person's, or of nobody, that is held to the anti-forgery token as a real one is."""
    browser = Browser(enforce_csrf_checks=True, raise_request_exception=False, SERVER_NAME="localhost")
    if who:
        browser.cookies["session"] = cast.tokens[who]
    return browser


@contextmanager
def undone() -> Iterator[None]:
    """What happens in it did not happen."""
    with transaction.atomic(using="signin"), transaction.atomic():
        yield
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="signin")


def text_of(answer: HttpResponse) -> str:
    """What was answered; of a stream nothing, for it would be made while it is read."""
    return "" if answer.streaming else answer.content.decode(errors="replace")


# Filling in as people do


class Gone(Exception):
    """The form does not stand where the walk met it."""


def opened(browser: Browser, form: Form, house: House) -> Form:
    """The same form, freshly drawn, with a token of its own. Raises Gone."""
    if form.after is None:
        answer = browser.get(form.page)
    else:
        before = opened(browser, form.after, house)
        answer = send(browser, before, next(fillings(before, house)))
    _links, forms = read_page(form.who, form.page, text_of(answer), after=form.after)
    for one in forms:
        if one.asks == form.asks:
            return one
    raise Gone(form.id)


def send(browser: Browser, form: Form, said: Said) -> HttpResponse:
    """Send what is said, with the form's token."""
    return browser.post(form.action, {TOKEN: form.token, **said})


def fillings(form: Form, house: House) -> Iterator[Said]:
    """Ways to fill a form in, the likeliest first."""
    today = timezone.localdate()
    given = {name: [value] for name, value in house.said.get(form.name, {}).items()}
    before: list[Said] = []
    for pick, days in ((0, 30), (0, 0), (-1, 30), (-1, -1), (1, 0), (1, 300)):
        day = (today + timedelta(days=days)).isoformat()
        said = {one.name: values for one in form.asked if (values := given.get(one.name) or _filled(one, pick, day))}
        if said not in before:
            before.append(said)
            yield said | ({form.button[0]: [form.button[1]]} if form.button[0] else {})


#: What the kind of an input does not tell.
KNOWN = {
    "birth_year": "1990", "given_name": "Wanda", "phone": "601 555 0199", "person_phone": "601 555 0199",
    "email": "somebody.new@example.org", "called": "601-555-0100", "minutes": "5", "opens": "09:00", "closes": "17:00",
    "hours": "2", "typed": "Wanda Nobody", "password": PASSWORD, "key_password": PASSPHRASE,
    "old_password": PASSPHRASE, "new_password": "quiet harbour lantern five",
    "again_password": "quiet harbour lantern five", "who_sees": "recipient",
}  # fmt: skip


def _filled(one: Field, pick: int, day: str) -> list[str]:
    match one.kind:
        case "hidden":
            return [one.value]
        case "checkbox":
            return list(one.choices) if pick == 1 else [one.choices[0]]
        case "radio" | "select":
            if one.name in KNOWN and KNOWN[one.name] in one.choices:
                return [KNOWN[one.name]]
            choices = [choice for choice in one.choices if choice]
            return [choices[pick if len(choices) > abs(pick) else 0]] if choices else []
        case "date":
            return [day]
        case "datetime-local":
            return [f"{day}T10:00"]
        case "number":
            return [one.value or KNOWN.get(one.name, "1")]
        case "file":
            raise AssertionError(f"The walk does not know how to send a file ({one.name}): teach it, and F-02 with it.")
    return [one.value or KNOWN.get(one.name, "Some words that say it.")]
