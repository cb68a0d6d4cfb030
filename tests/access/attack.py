"""Blows at forms and addresses, and what is wrong with an answer to one (F-01)."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from time import process_time
from urllib.parse import quote, urlencode, urlsplit

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, QueryDict
from django.urls import NoReverseMatch, resolve, reverse

from .administrator import state, writes, written_since
from .hostility import LIVE, blow, text
from .house import House
from .page_forms import Form, local
from .walk import Page, browser_of, fillings, opened, send, text_of, undone

#: Answers to what is refused, and to what is taken. 409 says in words why it is not possible now.
REFUSALS = {400, 403, 404, 405, 409, 413, 422, 429}
TAKEN = {200, 204, 302, 303}
#: What a template or a shell would make of some texts, and what a file would show.
GIVEN_AWAY = (str(7919 * 7919), "root:x:0", "[fonts]")
#: Tables that these write also when they refuse or only show: looks that a partner got, codes that did not fit.
WRITTEN_ALWAYS = {
    "partner_referral": {"protect_disclosure"}, "partner_inbox": {"protect_disclosure"}, "prove": {"protect_codeapp"},
    "new_codes": {"protect_onetimecode"}, "account_request": {"protect_onetimecode"},
    "legal_answer": {"coordinate_legalnotice", "protect_disclosure", "coordinate_legalstep"},
}  # fmt: skip
#: How much longer than a plain form a hostile one may keep the server's hands busy.
TIMES_AS_LONG = 25
#: Parameters that some address of the site reads.
ASKED_FOR = (
    "page", "on", "show", "of", "by", "code", "next", "service", "county", "in", "for", "seen", "purpose", "back",
    "done", "which", "a", "b", "kept", "ended", "again", "away", "lang", "format",
)  # fmt: skip


Strike = Callable[[], HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer, what was written for it, and how long the server's hands were busy, in seconds."""

    answer: HttpResponse
    wrote: set[str]
    busy: float


def wrong_with(got: Answered, *, plain: float) -> Iterator[str]:
    """What is wrong with an answer to something hostile; `plain` is how long a plain one takes."""
    answer, shown = got.answer, text_of(got.answer)
    if answer.status_code >= 500:
        yield f"answered {answer.status_code}"
    elif answer.status_code not in REFUSALS | TAKEN:
        yield f"answered {answer.status_code}, which no page of ours does"
    if answer.status_code == 422 and 'role="alert"' not in shown:
        yield "refused without a word"
    yield from (f"shows {one!r} as it was typed" for one in LIVE if one in shown)
    yield from (f"gives away {one!r}" for one in GIVEN_AWAY if one in shown)
    place = answer.get("Location", "")
    if place and not local(place, "/"):
        yield f"leads to {place!r}"
    heads = " ".join(f"{name}: {value}" for name, value in answer.items())
    if "stolen" in answer.cookies or ("evil.example" in heads.replace(quote("//evil.example"), "") and not place):
        yield "sends a header that was typed"
    if got.busy > TIMES_AS_LONG * plain:
        yield f"was busy for {got.busy:.2f} s where a plain one takes {plain:.2f} s"


def at_form(house: House, form: Form, *, times: int, chance: random.Random) -> list[str]:
    """Blow at one form; returns what was wrong."""
    browser = browser_of(house.cast, form.who)
    found: list[str] = []
    with undone():
        fresh = opened(browser, form, house)
        said = next(fillings(fresh, house))
        with undone():
            plain = max(measured(lambda: send(browser, fresh, said)).busy, 0.01)
        for _ in range(times):
            one = blow(chance, fresh, said)

            def strike(body: bytes = one.body, kind: str = one.content_type) -> HttpResponse:
                return browser.generic("POST", form.action, body, content_type=kind)

            complaints = _struck(strike, plain + _read(one.body) / TIMES_AS_LONG, form.name)
            found += [
                f"{form.id}: {one.kind}: {words} ({one.body[:600]!r}, {one.content_type})" for words in complaints
            ]
    return found


def at_address(house: House, page: Page, *, times: int, chance: random.Random) -> list[str]:
    """Blow at one address: its parts and its query. Reading changes nothing, however it is asked."""
    browser = browser_of(house.cast, page.who)
    found: list[str] = []
    with undone():
        plain = max(measured(lambda: browser.get(page.address)).busy, 0.01)
        for _ in range(times):
            place = hostile_address(page.address, chance)

            def strike(place: str = place) -> HttpResponse:
                return browser.get(place)

            found += [f"{page.who} {place[:300]}: {words}" for words in _struck(strike, plain, page.name, reads=True)]
    return found


def hostile_address(address: str, chance: random.Random) -> str:
    """The address with something else in one of its parts, or with a hostile query."""
    path = urlsplit(address).path
    parts = resolve(path)
    if parts.kwargs and chance.random() < 0.5:
        name = chance.choice(sorted(parts.kwargs))
        try:
            changed = reverse(str(parts.url_name), kwargs={**parts.kwargs, name: text(chance)})
        except (NoReverseMatch, UnicodeEncodeError):
            changed = path.replace(str(parts.kwargs[name]), quote(text(chance).encode("utf-8", "surrogatepass")))
        path = changed
    query = [
        (chance.choice(ASKED_FOR), text(chance).encode("utf-8", "surrogatepass")) for _ in range(chance.randrange(4))
    ]
    return f"{path}?{urlencode(query)}" if query else path


def _struck(strike: Strike, plain: float, name: str, *, reads: bool = False) -> list[str]:
    """What is wrong with one blow. What it changed, if anything, is undone."""
    with undone():
        got = measured(strike)
        taken = got.answer.status_code in {302, 303} and not reads
        wrote = got.wrote - WRITTEN_ALWAYS.get(name, set())
        after = state() if wrote and not taken else None
    for _ in range(2):
        if got.busy <= TIMES_AS_LONG * plain:
            break
        with undone():  # the machine was busy with something else, perhaps
            got = replace(got, busy=min(got.busy, measured(strike).busy))
    found = list(wrong_with(got, plain=plain))
    if after is not None and after != state():
        found.append(f"answered {got.answer.status_code} and wrote {sorted(wrote)}")
    return found


def _read(body: bytes) -> float:
    """How long it takes only to read so many bytes of a form, in seconds: the same for any page they are sent to."""
    began = process_time()
    with suppress(SuspiciousOperation):  # more fields than any form may have
        QueryDict(body)
    return process_time() - began


def measured(strike: Strike) -> Answered:
    """Strike, and see how long it took and what was written."""
    before, began = writes(), process_time()
    answer = strike()
    return Answered(answer=answer, wrote=written_since(before), busy=process_time() - began)
