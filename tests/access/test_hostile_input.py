"""Whatever is typed, sent or asked for: no page breaks, nothing changes when it is refused, nothing comes back as code.

Every form of every page is filled in by whoever may fill it in, with what an attacker or an accident would send (F-01).
150 submissions in a run, 10,000 in `make test-full`.
"""

import os
import random
import time
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client as Browser
from django.urls import URLPattern, get_resolver, reverse

from leeward.people import actions as people
from leeward.people.models import Client
from leeward.protect.policies import tables_with_a_client

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL
from .test_every_page import VALUES, patterns

FULL = os.environ.get("LEEWARD_FULL") == "yes"
SUBMISSIONS = 10_000 if FULL else 150
ASKED = 10_000 if FULL else 60
#: Seconds of this process for one answer; the slowest pages draw pictures.
PATIENCE = 5.0
SEED = 20261126
SCRIPT = "<script>x9()</script>"
HOSTILE = (
    "",
    " ",
    "0",
    "-1",
    "9" * 40,
    "1e999",
    "NaN",
    "true",
    "null",
    "[]",
    "{}",
    "\x00",
    "a\x00b",
    "\x1b[31m",
    "\r\nSet-Cookie: x=9",
    "'; DROP TABLE people_client; --",
    "' OR '1'='1",
    "%s %(x)s {0} {x} ${x} {{ 7|add:7 }} {% debug %}",
    SCRIPT,
    f'"><img src=x onerror=x9()>{SCRIPT}',
    f"]]>{SCRIPT}",
    "javascript:x9()",
    "../../../../etc/passwd",
    "..\\..\\x",
    "/dev/zero",
    "file:///etc/passwd",
    "\u202egnirts\u202c",
    "\ud7ff\ufffe\U0010ffff",
    "é" * 3,
    "ﷺ" * 50,
    "=cmd|' /C calc'!A0",
    "x" * 20_000,
    "(" * 3_000,
    "a" * 50 + "!",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "31/12/2026",
    "24:61",
    "2026-11-26T99:99",
    "00000000-0000-0000-0000-000000000000",
    "A00-000-0000",
    "&lt;b&gt;",
    "\N{ZERO WIDTH JOINER}" * 9,
    "<!ENTITY x SYSTEM 'file:///'>",
)
#: Who may use the forms of a page, the first who gets it.
ACTORS = (
    "case_manager",
    "clinician",
    "therapist",
    "screener",
    "program_director",
    "privacy_officer",
    "evaluator",
    "shelter",
)
#: What a refused form may write all the same: that somebody looked, and what they typed, given back to them later.
REMEMBERED = {"protect_auditrecord", "protect_draft"}
REFUSED = {200, 400, 403, 404, 405, 409, 422}


class Fields(HTMLParser):
    """The names of a page's form fields, with the values that it offers."""

    def __init__(self) -> None:
        super().__init__()
        self.offered: dict[str, list[str]] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name = told.get("name") or ""
        if tag == "select":
            self._select = name
        if tag == "option" and self._select:
            self.offered.setdefault(self._select, []).append(told.get("value") or "")
        if tag in {"input", "select", "textarea", "button"} and name:
            values = self.offered.setdefault(name, [])
            if told.get("value"):
                values.append(told["value"] or "")


def pages() -> list[URLPattern]:
    return [
        page for page in patterns(get_resolver().url_patterns) if page.name and page.name not in {"leave", "sign_out"}
    ]


def arguments(page: URLPattern, client: Client) -> dict[str, object]:
    known = {
        **VALUES,
        "code": client.code,
        "step": "team-review",
        "draft": VALUES["grant"],
        "comparison": VALUES["grant"],
    }
    return {name: known[name] for name in page.pattern.converters}


def state() -> list[tuple[str, int]]:
    """How much there is in every table of a client, whoever asks: as the administrator of this transaction."""
    found: list[tuple[str, int]] = []
    with connection.cursor() as cursor:
        for table in sorted(tables_with_a_client() - REMEMBERED):
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtext(t::text)), 0) FROM "{table}" t')
            count, digest = cursor.fetchone()
            found.append((f"{table} {count}", int(digest)))
    return found


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    by = world.act_as("case_manager")
    client = people.register(by=by, arrival=ARRIVAL, now=now)
    for colleague in ("screener", "clinician", "therapist"):
        people.join_team(by=by, client=client, colleague=world.staff[colleague], now=now)
    return client


def forms(world: Cast, client: Client) -> Iterator[tuple[str, str, dict[str, list[str]]]]:
    """Who, address, fields: of each page the first actor who gets it. A page that only takes a POST has no fields."""
    for page in pages():
        place = reverse(str(page.name), kwargs=arguments(page, client))
        for who in ACTORS:
            answer = gentle(world, who).get(place)
            if answer.status_code in {200, 405}:
                reader = Fields()
                reader.feed(answer.content.decode() if answer.status_code == 200 else "")
                yield who, place, reader.offered
                break


def gentle(world: Cast, who: str) -> Browser:
    """A browser that is given the error page instead of the exception."""
    browser = world.browser(who)
    browser.raise_request_exception = False
    return browser


def filled(chance: random.Random, offered: dict[str, list[str]]) -> dict[str, str | list[str]]:
    """Some fields as the page offers them, some hostile, some twice, some missing, some that nobody asked for."""
    sent: dict[str, str | list[str]] = {}
    for name, values in offered.items():
        lot = chance.random()
        if lot < 0.45 and values:
            sent[name] = chance.choice(values)
        elif lot < 0.85:
            sent[name] = chance.choice(HOSTILE)
        elif lot < 0.92:
            sent[name] = [chance.choice(HOSTILE), chance.choice(HOSTILE)]
    if chance.random() < 0.3:
        sent[chance.choice(("decline", "part", "no", "next", "id", "classes", chance.choice(HOSTILE) or "x"))] = (
            chance.choice(HOSTILE)
        )
    return sent


def trouble(answer: HttpResponseBase, seconds: float) -> str:
    """What is wrong with an answer; nothing if nothing is."""
    if answer.status_code >= 500:
        return "it broke"
    if seconds > PATIENCE:
        return f"it took {seconds:.1f} s"
    text = "" if not isinstance(answer, HttpResponse) else answer.content.decode(errors="replace")
    if "x9()</script>" in text or "<img src=x onerror" in text:
        return "it came back as code"
    return "a header was made" if "x=9" in str(answer.headers.get("Set-Cookie", "")) else ""


def test_f01_no_form_breaks_changes_what_it_refused_or_gives_code_back(world: Cast, client: Client) -> None:
    chance = random.Random(SEED)
    found = list(forms(world, client))
    assert len(found) > 40
    amiss: list[str] = []
    world.act_as("case_manager")
    before = state()
    for number in range(SUBMISSIONS):
        who, place, offered = found[number % len(found)]
        sent = filled(chance, offered)
        with transaction.atomic():
            begun = time.process_time()
            answer = gentle(world, who).post(place, sent)
            seconds = time.process_time() - begun
            told = f"{number}: {who} POST {place} {str(sent)[:600]} -> {answer.status_code}"
            wrong = trouble(answer, seconds)
            if not wrong and answer.status_code in REFUSED:
                world.act_as("case_manager")
                wrong = "refused, and changed something" if state() != before else ""
            transaction.set_rollback(True)
        amiss += [f"{wrong}: {told}"] if wrong else []
    assert not amiss, "\n".join(amiss)


def test_f01_no_address_breaks_whatever_is_asked_of_it(world: Cast, client: Client) -> None:
    chance = random.Random(SEED + 1)
    asked = (
        "q",
        "page",
        "purpose",
        "classes",
        "next",
        "month",
        "version",
        "from",
        "to",
        "by",
        "kind",
        "step",
        "a",
        "b",
        "format",
    )
    all_pages = pages()
    amiss: list[str] = []
    for number in range(ASKED):
        page = all_pages[number % len(all_pages)]
        place = reverse(str(page.name), kwargs=arguments(page, client))
        sent = {chance.choice(asked): chance.choice(HOSTILE)[:4_000] for _ in range(2)}
        who = chance.choice(ACTORS)
        begun = time.process_time()
        answer = gentle(world, who).get(place, sent)
        wrong = trouble(answer, time.process_time() - begun)
        amiss += [f"{wrong}: {number}: {who} GET {place} {str(sent)[:300]}"] if wrong else []
    assert not amiss, "\n".join(amiss)


def test_f01_no_part_of_an_address_breaks(world: Cast, client: Client) -> None:
    chance = random.Random(SEED + 2)
    amiss: list[str] = []
    texts = [
        page
        for page in pages()
        if any(type(one).__name__ == "StringConverter" for one in page.pattern.converters.values())
    ]
    for number in range(ASKED):
        page = texts[number % len(texts)]
        values = arguments(page, client)
        for name, converter in page.pattern.converters.items():
            if type(converter).__name__ == "StringConverter":
                values[name] = chance.choice(HOSTILE)[:2_000].replace("/", "_").replace("\\", "_") or "x"
        place = reverse(str(page.name), kwargs=values)
        who = chance.choice(ACTORS)
        for send in (gentle(world, who).get, gentle(world, who).post):
            begun = time.process_time()
            answer = send(place)
            wrong = trouble(answer, time.process_time() - begun)
            amiss += [f"{wrong}: {number}: {who} {place[:300]!r}"] if wrong else []
    assert not amiss, "\n".join(amiss)
