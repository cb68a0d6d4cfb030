"""People who post forms to the web servers, and a book of what was answered.

What a server answered with "done" is acknowledged and must be there whatever is killed; what was sent and not answered,
or answered with "we can't reach our records", may be there or not. Nobody sends anything twice.
"""

import http.client
import random
import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Final
from urllib.parse import urlencode

from .installation import WebServer

FORM: Final = "application/x-www-form-urlencoded"
SHARED = ("identity", "contact", "referral", "case", "clinical", "location")
Key = tuple[str, str]


@dataclass(slots=True)
class Book:
    """By kind of write and what it was about: how many were acknowledged, and how many are in doubt."""

    acknowledged: Counter[Key] = field(default_factory=Counter)
    doubtful: Counter[Key] = field(default_factory=Counter)
    #: What may stand in the draft of a place; one value when the last save was acknowledged.
    drafts: dict[str, set[str]] = field(default_factory=dict)
    #: Records that were opened since the book was last checked, by case code.
    fresh: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    @property
    def total(self) -> int:
        """Writes that were acknowledged."""
        with self._lock:
            return self.acknowledged.total()

    @contextmanager
    def trying(self, kind: str, about: str) -> Iterator[Event]:
        """Something is sent; in doubt until the event that is given is set."""
        done = Event()
        with self._lock:
            self.doubtful[kind, about] += 1
        try:
            yield done
        finally:
            if done.is_set():
                with self._lock:
                    self.doubtful[kind, about] -= 1
                    self.acknowledged[kind, about] += 1

    def of_kind(self, kind: str) -> dict[str, tuple[int, int]]:
        """For each thing: how many of these writes must be there at least, and how many may be."""
        found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for (name, about), least in [*self.acknowledged.items(), *((key, 0) for key in self.doubtful)]:
            if name == kind:
                known = self.acknowledged[name, about]
                found[about] = (max(found[about][0], least), known + self.doubtful[name, about])
        return dict(found)


class NotDone(Exception):
    """The server went away, or could not reach the records. Whether it was done is in doubt."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    place: str
    text: str


class Browser:
    """One session of one person: cookies, forms, no retries."""

    def __init__(self, servers: Sequence[WebServer], token: str, chance: random.Random) -> None:
        self._servers, self._chance = servers, chance
        self._form = secrets.token_hex(16)
        self._cookies = f"session={token}; form={self._form}; language=en"

    def ask(self, method: str, place: str, fields: Mapping[str, str] | None = None) -> Answer:
        """Raises NotDone when there is no answer, or one that says that nothing could be done."""
        connection = self._connected()
        headers = {"Host": "localhost", "Cookie": self._cookies, "Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
        body = urlencode({**fields, "csrfmiddlewaretoken": self._form}) if fields is not None else None
        try:
            connection.request(method, place, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise NotDone from error
        finally:
            connection.close()
        if answer.status >= 500:
            raise NotDone
        return Answer(answer.status, answer.headers.get("Location", ""), text)

    def _connected(self) -> http.client.HTTPConnection:
        """To one of the servers that listen. Raises NotDone when none does."""
        for server in self._chance.sample(self._servers, len(self._servers)):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            with suppress(OSError):
                connection.connect()
                return connection
        raise NotDone

    def read(self, place: str) -> str:
        answer = self.ask("GET", place)
        if answer.status != 200:
            raise AssertionError(f"{place} answered {answer.status}.")
        return answer.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody's sessions and what their forms name."""

    manager: Browser
    partner: Browser
    staff: str
    shelter: str
    now: datetime


class Worker(Thread):
    """Somebody at a desk who opens one record after another and does everything with it, until told to stop."""

    def __init__(self, desk: Desk, book: Book, going: Event) -> None:
        super().__init__(daemon=True)
        self._desk, self._book, self._going = desk, book, going
        self._ended = Event()
        self.resting = Event()
        self.failure: BaseException | None = None

    def stop(self) -> None:
        self._ended.set()
        self._going.set()
        self.join(60)

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    self._one_person()
                except NotDone:
                    self._rest(0.1)
        except BaseException as failure:
            self.failure = failure
        self.resting.set()

    def _one_person(self) -> None:
        me, desk = self._desk.manager, self._desk
        name = f"Written {secrets.token_hex(4)}"
        code = self._done("person", "", me, "/people/new/", {
            "given_name": name, "family_name": "Heron", "birth_year": "1990", "language": "en", "county": "Forrest",
            "contact_method": "call", "phone": "601-555-0177", "contact_hours": "", "contact_notes": "",
            "source": "self",
        }).place.split("/")[2]  # fmt: skip
        self._book.fresh.add(code)
        here = f"/p/{code}"
        self._draft(f"{here}/plan/new/", "first")
        for kind in ("police_contact", "retaliation"):
            moment = self._desk.now.strftime("%Y-%m-%dT%H:%M")
            self._done("event", code, me, f"{here}/record/incident.reported/", {
                "happened_at": moment, "data_kind": kind,
            })  # fmt: skip
        self._done("measure", code, me, f"{here}/check-in/phq-9/new/", {
            "day": self._desk.now.date().isoformat(), "mode": "read_aloud", "form_language": "en",
            **{f"q{number}": "1" for number in range(1, 9)}, "q9": "0",
        })  # fmt: skip
        self._draft(f"{here}/plan/new/", "second")
        self._done("grant", code, me, f"{here}/permissions/{desk.shelter}/", {
            "language": "en", "interpreter": "none", "able": "yes", "explained_by": desk.staff,
            "purpose": "coordination", **{f"share_{name}": "yes" for name in SHARED}, "last_day": "", "long_reason": "",
            "tries": "0", "who_sees": "recipient", "method": "tablet", "witness": "", "step": "decide",
        })  # fmt: skip
        self._done("referral", code, me, f"{here}/referrals/to/{desk.shelter}/", {
            "service": "shelter", "urgency": "urgent", "message": f"Call us about {name}.",
        })  # fmt: skip
        found = re.search(r"/r/([0-9A-Z-]+)/", desk.partner.read("/inbox/"))
        if found is None:
            raise AssertionError("The partner's inbox does not show the referral.")
        with self._book.trying("look", found[1]) as done:
            if desk.partner.ask("GET", f"/r/{found[1]}/").status == 200:
                done.set()
        back = re.search(rf"{here}/permissions/back/[0-9a-f-]+/", me.read(f"{here}/permissions/"))
        if back is None:
            raise AssertionError("The permission that was given is not on the page.")
        self._done("withdrawal", code, me, back[0], {})

    def _draft(self, place: str, words: str) -> None:
        self._wait()
        with self._book.trying("draft", place) as done:
            self._book.drafts.setdefault(place, {""}).add(words)
            answer = self._desk.manager.ask("POST", "/draft/", {"stands_on": place, "words": words})
            self._expect(answer, 204, place)
            self._book.drafts[place] = {words}
            done.set()

    def _done(self, kind: str, about: str, by: Browser, place: str, fields: Mapping[str, str]) -> Answer:
        self._wait()
        with self._book.trying(kind, about) as done:
            answer = by.ask("POST", place, fields)
            self._expect(answer, 302, place)
            done.set()
        return answer

    @staticmethod
    def _expect(answer: Answer, status: int, place: str) -> None:
        if answer.status != status:
            problems = re.findall(r'class="(?:error|notice)[^>]*>(.*?)</', answer.text, re.DOTALL)
            raise AssertionError(f"{place} answered {answer.status}: {problems}")

    def _wait(self) -> None:
        if not self._going.is_set():
            self.resting.set()
            self._going.wait()
        self.resting.clear()

    def _rest(self, seconds: float) -> None:
        self._ended.wait(seconds)
        self._wait()
