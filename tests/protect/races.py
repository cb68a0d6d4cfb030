"""Taking back raced against a partner who has something open: pages, statements, a list being read, a cursor.

A race is one person, one permission, one withdrawal. When the withdrawal is asked for, a list of the partner's has
handed out its first part and has more to come, a cursor on a pooled connection has fetched its first row, and three
readers ask without pause. Each notes when it asked and what it saw: whatever was asked for after the commit must have
seen nothing. Where the list or the cursor had ended by itself, nothing was raced, and `is_fair` says so.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from time import perf_counter, sleep
from typing import Final, ParamSpec, cast

from django.db import OperationalError, connection, connections, transaction
from django.http import StreamingHttpResponse
from django.test import Client as Browser

from leeward.coordinate.models import Referral
from leeward.people.models import Staff
from leeward.protect import actions
from leeward.protect.middleware import be
from leeward.protect.models import Grant

from ..cast import Cast
from ..people.committed import refer, register

P = ParamSpec("P")
#: Others on the partner's list, all sent later, so that they come before the person whose permission is taken back.
OTHERS: Final = 5
#: Referrals in one part of the list: the first part is not the last.
AT_ONCE: Final = 1
#: Seconds that a reader takes over what they got, at most; how far into their reading the withdrawal falls is chance.
PAUSE: Final = 0.008


@dataclass(frozen=True, slots=True)
class Look:
    """When somebody asked and was answered, in seconds of one clock, and whether they saw the person."""

    asked: float
    answered: float
    saw: bool


@dataclass(slots=True)
class Race:
    """What readers saw in one race. The withdrawal was asked for at `began`, known to be committed at `committed`."""

    began: float = 0.0
    committed: float = 0.0
    #: Pages and statements, each asked for anew, by reader.
    requests: list[list[Look]] = field(default_factory=list)
    #: Parts of the list, the first being its head.
    parts: list[Look] = field(default_factory=list)
    #: Rows of the cursor, and what was asked of it after it was ended.
    fetches: list[Look] = field(default_factory=list)
    #: Whether the cursor was ended because it held up the withdrawal.
    was_ended: bool = False

    @property
    def looks(self) -> list[Look]:
        return [*(look for reader in self.requests for look in reader), *self.parts, *self.fetches]

    @property
    def too_late(self) -> list[Look]:
        """Asked for after the commit, and saw something all the same."""
        return [look for look in self.looks if look.asked > self.committed and look.saw]

    @property
    def last_seen(self) -> float:
        """Seconds after the commit at which something of the person was still handed out; 0 if nothing was."""
        return max(0.0, *(look.answered - self.committed for look in self.looks if look.saw))

    @property
    def took(self) -> float:
        """Seconds that taking back took, waiting for what was open included."""
        return self.committed - self.began

    @property
    def is_fair(self) -> bool:
        """Everything was in flight: each reader saw the person before and asked again after; the list had handed out
        its first part before and was not at its end at the commit; the cursor had begun and not ended before."""
        return (
            all(
                any(look.saw for look in reader) and any(look.asked > self.committed for look in reader)
                for reader in self.requests
            )
            and sum(part.answered < self.began for part in self.parts) >= 2
            and self.parts[-1].answered > self.committed
            and self.fetches[0].answered < self.began < self.fetches[-1].answered
        )

    @property
    def had_a_part_after(self) -> bool:
        """The part of the list on which the person would have stood was made after the commit."""
        return not any(part.saw for part in self.parts)


def somebody(cast: Cast, *, sent: datetime) -> Referral:
    """A person referred to the shelter at `sent`, under a permission, committed."""
    return refer(cast, register(cast, sent - timedelta(days=1)), sent)


def page_reader(token: str, place: str, mark: str) -> Callable[[], bool]:
    """Asks for a page of the partner's, through the whole stack; whether `mark` stands on it."""
    browser = _browser(token)
    return lambda: mark in browser.get(place).content.decode()


def row_reader(token: str, referral: Referral) -> Callable[[], bool]:
    """Asks the database itself, as the web role in the partner's name."""

    def look() -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            be(token)
            cursor.execute(
                "SELECT (SELECT count(*) FROM people_partnercode WHERE client_id = %(client)s)"
                " + (SELECT count(*) FROM people_event WHERE client_id = %(client)s)"
                " + (SELECT count(*) FROM people_identityfield WHERE client_id = %(client)s)"
                " + (SELECT count(*) FROM people_vaultkey WHERE client_id = %(client)s)"
                " + (SELECT count(*) FROM coordinate_referral WHERE client_id = %(client)s)",
                {"client": referral.client_id},
            )
            return bool(cursor.fetchone()[0])

    return look


def race(
    people: Cast, referral: Referral, *, manager: tuple[Staff, str], token: str, chance: random.Random,
    hung: bool = False,
) -> Race:  # fmt: skip
    """Take this referral's permission back while the partner, whose session `token` is, has everything open.

    The partner must have proved that it is them, the person must be the last on their list, after `OTHERS`. With `hung`
    the cursor does not end by itself.
    """
    found, open_now = Race(), (Event(), Event())
    going, back = Event(), Event()
    readers = (
        page_reader(token, f"/r/{referral.reference}/", "Call us."),
        page_reader(token, "/inbox/", referral.reference),
        row_reader(token, referral),
    )
    found.requests = [[] for _ in readers]
    pace, delay = random.Random(chance.random()), chance.random() * PAUSE * 10
    with ThreadPoolExecutor(2 + len(readers)) as threads:
        running = [
            threads.submit(_with_a_connection, _read_list, found, people, token, referral, open_now[0], going, pace),
            threads.submit(
                _with_a_connection, _read_cursor, found, token, referral, open_now[1], back if hung else going, pace
            ),
        ]
        try:
            _wait(running, *(opened.is_set for opened in open_now))
            for looks, reader in zip(found.requests, readers, strict=True):
                running.append(threads.submit(_with_a_connection, _ask, found, looks, reader, going, pace))
            _wait(running, *(lambda looks=looks: any(look.saw for look in looks) for looks in found.requests))
            going.set()
            sleep(delay)
            found.began = perf_counter()
            take_back(referral, manager=manager)
            found.committed = perf_counter()
        finally:
            found.committed = found.committed or perf_counter()
            going.set()
            back.set()
        for each in running:
            each.result(30)
    return found


def take_back(referral: Referral, *, manager: tuple[Staff, str]) -> None:
    """What the case manager's page does, committed."""
    staff, token = manager
    with transaction.atomic():
        be(token)
        given = Grant.objects.select_related("client").get(pk=referral.grant_id)
        actions.withdraw(by=staff, given=given, now=datetime.now(UTC))


@contextmanager
def pooled(size: int = 8) -> Iterator[None]:
    """The web role's connections come out of one pool, as they do under `leeward serve`."""
    connections.close_all()
    held = connections["default"].settings_dict
    plain = held["OPTIONS"]
    held["OPTIONS"] = {name: value for name, value in plain.items() if name != "connect_timeout"} | {
        "pool": {"min_size": 1, "max_size": size, "timeout": 10}
    }
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"].close_pool()  # type: ignore[attr-defined]
        held["OPTIONS"] = plain


def _read_list(
    found: Race, people: Cast, token: str, referral: Referral, opened: Event, going: Event, pace: random.Random
) -> None:
    """Reads the list as a browser saves it, opened with the agency's key: part by part, in the reader's own time."""
    answer = _browser(token).post("/inbox/list/")
    if answer.status_code != 200:
        raise AssertionError(f"The list was refused: {answer.status_code}.")
    parts = people.opened(cast("Iterable[bytes]", cast(StreamingHttpResponse, answer).streaming_content))
    while True:
        asked = perf_counter()
        try:
            part = next(parts)
        except StopIteration:
            return
        found.parts.append(Look(asked, perf_counter(), referral.reference in part))
        if len(found.parts) == 2:
            opened.set()
            going.wait(30)
        sleep(pace.random() * PAUSE)


def _read_cursor(found: Race, token: str, referral: Referral, opened: Event, going: Event, pace: random.Random) -> None:
    """Holds a cursor of the server's open in a transaction, and fetches row by row."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            be(token)
            cursor.execute("DECLARE looking CURSOR FOR SELECT id FROM coordinate_referral ORDER BY sent_at DESC")
            row: tuple[object, ...] | None = ()
            while row is not None:
                asked = perf_counter()
                cursor.execute("FETCH 1 FROM looking")
                row = cursor.fetchone()
                found.fetches.append(Look(asked, perf_counter(), row == (referral.pk,)))
                if len(found.fetches) == 1:
                    opened.set()
                    going.wait(30)
                sleep(pace.random() * PAUSE)
    except OperationalError:
        found.was_ended = True
        found.fetches.append(Look(asked, perf_counter(), saw=False))


def _ask(found: Race, looks: list[Look], look: Callable[[], bool], going: Event, pace: random.Random) -> None:
    """Asks once; then, from when the withdrawal may come, over and over, until it asked after the commit."""
    while not (looks and found.committed and looks[-1].asked > found.committed):
        if looks and looks[-1].saw:
            going.wait(30)
        asked = perf_counter()
        try:
            saw = look()
        except OperationalError:  # it held up the withdrawal, and was ended
            connections.close_all()
            saw = False
        looks.append(Look(asked, perf_counter(), saw))
        sleep(pace.random() * PAUSE)


def _browser(token: str) -> Browser:
    browser = Browser(SERVER_NAME="localhost", raise_request_exception=False)
    browser.cookies["session"] = token
    return browser


def _with_a_connection(work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    try:
        work(*args, **kwargs)
    finally:
        connections.close_all()


def _wait(running: list[Future[None]], *each: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until all is so; raises what a reader raised, and TimeoutError."""
    end = perf_counter() + seconds
    while not all(is_so() for is_so in each):
        for thread in running:
            if thread.done() and thread.exception() is not None:
                thread.result()
        if perf_counter() > end:
            raise TimeoutError("The readers did not ask.")
        sleep(0.002)
