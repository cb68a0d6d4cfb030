"""Taking back raced against a partner who keeps asking: through the whole stack, and through a list being read.

A race is one person, one permission, one withdrawal. Readers ask all the time; each notes when it asked and what it
saw. Whatever was asked after the withdrawal was committed must have seen nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from time import perf_counter, sleep

from django.db import connection, connections, transaction
from django.test import Client as Browser

from leeward.coordinate import export
from leeward.coordinate.models import Referral
from leeward.people.models import Staff
from leeward.protect import actions
from leeward.protect.middleware import be
from leeward.protect.models import Grant


@dataclass(frozen=True, slots=True)
class Look:
    """When somebody asked and was answered, in seconds of one clock, and whether they saw the person."""

    asked: float
    answered: float
    saw: bool


@dataclass(slots=True)
class Race:
    """What readers saw in one race. `committed` is when the withdrawal was known to be committed."""

    committed: float = 0.0
    looks: list[Look] = field(default_factory=list)

    @property
    def too_late(self) -> list[Look]:
        """Asked after the commit, and saw something all the same."""
        return [look for look in self.looks if look.asked > self.committed and look.saw]

    @property
    def last_seen(self) -> float:
        """Seconds after the commit at which something of the person was still handed out; 0 if nothing was."""
        return max((look.answered - self.committed for look in self.looks if look.saw), default=0.0)

    @property
    def is_fair(self) -> bool:
        """Somebody saw the person before, and somebody asked after."""
        return any(look.saw for look in self.looks) and any(look.asked > self.committed for look in self.looks)


def page_reader(token: str, place: str, mark: str) -> Callable[[], bool]:
    """Asks for a page of the partner's, through the whole stack; whether `mark` stands on it."""
    browser = Browser(SERVER_NAME="localhost")
    browser.cookies["session"] = token

    def look() -> bool:
        return mark in browser.get(place).content.decode()

    return look


def row_reader(token: str, referral: Referral) -> Callable[[], bool]:
    """Asks the database itself, as the web role in the partner's name."""

    def look() -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            be(token)
            cursor.execute(
                "SELECT (SELECT count(*) FROM people_client WHERE id = %(client)s)"
                " + (SELECT count(*) FROM people_event WHERE client_id = %(client)s)"
                " + (SELECT count(*) FROM people_identityfield WHERE client_id = %(client)s)"
                " + (SELECT count(*) FROM people_vaultkey WHERE client_id = %(client)s)"
                " + (SELECT count(*) FROM coordinate_referral WHERE client_id = %(client)s)",
                {"client": referral.client_id},
            )
            return bool(cursor.fetchone()[0])

    return look


def race(referral: Referral, *, manager: tuple[Staff, str], readers: list[Callable[[], bool]]) -> Race:
    """Take the permission of this referral back while the readers ask, and let them ask on for a moment."""
    found, stop = Race(), Event()
    running = [Thread(target=_ask, args=(found, each, stop), daemon=True) for each in readers]
    began = len(running)
    for thread in running:
        thread.start()
    _until(lambda: len(found.looks) >= 2 * began)
    take_back(referral, manager=manager)
    found.committed = perf_counter()
    asked_then = len(found.looks)
    _until(lambda: len(found.looks) >= asked_then + 3 * began)
    stop.set()
    for thread in running:
        thread.join(30)
    return found


def take_back(referral: Referral, *, manager: tuple[Staff, str]) -> None:
    """What the case manager's page does, committed."""
    staff, token = manager
    with transaction.atomic():
        be(token)
        given = Grant.objects.select_related("client").get(pk=referral.grant_id)
        actions.withdraw(by=staff, given=given, now=datetime.now(UTC))


def listing(partner: tuple[Staff, str]) -> Iterator[str]:
    """A list that has begun to be read."""
    staff, token = partner
    return export.lines(by=staff, token=token, number="R", purpose="coordination", now=datetime.now(UTC))


def list_race(referral: Referral, *, manager: tuple[Staff, str], partner: tuple[Staff, str]) -> Race:
    """Take the permission back while a list that holds the person is being read."""
    found, in_it = Race(), Event()

    def read() -> None:
        for part in listing(partner):
            now = perf_counter()
            found.looks.append(Look(now, now, referral.reference in part))
            in_it.set()
            sleep(0.01)  # a reader takes what comes in their own time

    thread = Thread(target=_with_a_connection, args=(read,), daemon=True)
    thread.start()
    in_it.wait(30)
    take_back(referral, manager=manager)
    found.committed = perf_counter()
    thread.join(60)
    return found


def _ask(found: Race, look: Callable[[], bool], stop: Event) -> None:
    def asking() -> None:
        while not stop.is_set():
            asked = perf_counter()
            saw = look()
            found.looks.append(Look(asked, perf_counter(), saw))

    _with_a_connection(asking)


def _with_a_connection(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def _until(is_so: Callable[[], bool], *, seconds: float = 30.0) -> None:
    end = perf_counter() + seconds
    while not is_so():
        if perf_counter() > end:
            raise TimeoutError("The readers did not ask.")
        sleep(0.002)
