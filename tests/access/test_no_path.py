"""No path gives what `decide` refuses: random people, teams, permissions and barrings; every exit walked as everybody.

What comes out is compared with what the rules say in Python, never with what the database says (T1). A crowd is made
once; then its teams, permissions and barrings are changed at random and asked about again, each time from the same
beginning. A walk that sees nothing would prove nothing: with a hole made on purpose at each exit, it tells.
"""

import io
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, include, path, reverse

from leeward.coordinate import actions as coordinate
from leeward.coordinate import export
from leeward.coordinate.models import Referral
from leeward.exchange import htcds_export
from leeward.learn.pseudonyms import Pseudonyms
from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.people.errors import PeopleError
from leeward.people.models import Client
from leeward.protect import actions as protect
from leeward.protect.decision import decided, records_of
from leeward.protect.models import Grant, Purpose, Restriction
from leeward.protect.outbox import actions as outbox
from leeward.protect.outbox import sending
from leeward.protect.outbox.kinds import REMINDER
from leeward.protect.seal import export as audit_file

from ..cast import Cast
from . import test_every_page
from .administrator import administrator, as_administrator, rows
from .test_every_page import address, pages_of_a_client, patterns

FULL = os.environ.get("LEEWARD_FULL") == "yes"
#: Worlds that are asked about, and the people in each.
WORLDS = 400 if FULL else 16
PEOPLE = 5
#: How much of each world is asked for: pages of one person as one member of staff, people without a record in their
#: address, words that are searched.
PAGES, LISTS, SEARCHES = 10, 5, 1
TEAM = ("screener", "clinician", "therapist")
OTHERS = ("other_screener", "program_director", "evaluator", "privacy_officer")
PARTNERS = ("hospital", "shelter", "legal_aid", "social_services")
CLASSES = ("identity", "contact", "clinical", "case")
#: Pages that the privacy officer may open of everybody at the centre: none of them shows a name or what happened.
FOR_PRIVACY = {"who_saw", "shared", "hidden", "legal_hold"}
CAME_OUT: Counter[str] = Counter()


@dataclass
class Person:
    """Somebody made up, and what `decide` and the teams say of them."""

    client: Client
    name: str
    phone: str
    to: str
    given: Grant
    referral: Referral
    team: set[str] = field(default_factory=set)
    #: Classes that the partner may have now.
    allowed: set[str] = field(default_factory=set)
    #: Whether the permission stands under which they were sent, or that followed it while it stood: a later one brings
    #: no older referral back.
    is_standing: bool = True

    @property
    def is_shown(self) -> bool:
        """To the partner, as a referral."""
        return self.is_standing and "referral" in self.allowed


@pytest.fixture(scope="module")
def crowd(cast: Cast) -> Iterator[list[Person]]:
    """People who came, were shared with a partner, and have a referral; none of it is committed."""
    cast.prove("privacy_officer", minutes=60)
    now = datetime.now(UTC) - timedelta(minutes=9)
    with administrator(), transaction.atomic():
        yield [made(cast, random.Random(number), number, now) for number in range(PEOPLE)]
        transaction.set_rollback(True)
    cast.prove("privacy_officer", minutes=0)


@pytest.fixture
def standing(crowd: list[Person]) -> Iterator[list[Person]]:
    """The crowd; what a test does to it is undone."""
    with transaction.atomic():
        yield [_apart(person) for person in crowd]
        transaction.set_rollback(True)


def _apart(person: Person) -> Person:
    apart = copy(person)
    apart.team, apart.allowed = set(person.team), set(person.allowed)
    return apart


def made(cast: Cast, chance: random.Random, number: int, now: datetime) -> Person:
    """One person with the case manager, a partner who was told, and a reminder that waits."""
    by = cast.act_as("case_manager")
    name, phone = f"Canary{number}x{chance.randrange(10**6)}", f"601555{chance.randrange(10**4):04}"
    arrival = Arrival(
        identity={"given_name": name, "family_name": f"{name}son", "phone": phone},
        birth_year=1990, language="en", county="Forrest", source="self",
    )  # fmt: skip
    client = people.register(by=by, arrival=arrival, now=now)
    to = PARTNERS[number % len(PARTNERS)]
    given = protect.grant(by=by, client=client, wish=wish(cast, to, chance, now), now=now)
    need = coordinate.Need(
        to=cast.agencies[to], service="shelter", urgency="urgent", message=f"{name} waits for you", comes_along=False
    )
    referral = coordinate.send(by=by, client=client, need=need, now=now)
    outbox.queue(
        by=by, client=client, kind=REMINDER, once=f"walk {client.pk}", to=cast.agencies[to], given=given,
        subject=referral.pk, now=now,
    )  # fmt: skip
    return Person(client=client, name=name, phone=phone, to=to, given=given, referral=referral, team={"case_manager"})


def wish(cast: Cast, to: str, chance: random.Random, now: datetime) -> protect.Wish:
    return protect.Wish(
        recipient=cast.agencies[to],
        classes=frozenset({"referral", *chance.sample(CLASSES, chance.randrange(4))}),
        purpose=Purpose.COORDINATION,
        last_day=(now + timedelta(days=20)).date(),
        method="tablet",
        language="en",
    )


def turn(cast: Cast, person: Person, chance: random.Random, now: datetime) -> None:
    """What might happen to a team and a permission, some of it twice over."""
    by = cast.act_as("case_manager")
    for colleague in chance.sample(TEAM, chance.randrange(4)):
        people.join_team(by=by, client=person.client, colleague=cast.staff[colleague], now=now)
        person.team.add(colleague)
    for what in chance.sample(
        ("withdraw", "restrict", "lift", "again", "ran out", "bar", "leave"), chance.randrange(4)
    ):
        match what:
            case "withdraw":
                protect.withdraw(by=by, given=person.given, now=now)
            case "restrict":
                protect.restrict(by=by, client=person.client, recipient=cast.agencies[person.to], now=now)
            case "lift":
                for no in Restriction.objects.filter(client=person.client, lift__isnull=True):
                    protect.lift(by=by, restriction=no, now=now)
            case "again":
                try:
                    protect.grant(by=by, client=person.client, wish=wish(cast, person.to, chance, now), now=now)
                except PeopleError:
                    continue  # never share with them
            case "ran out":
                as_administrator(
                    "UPDATE protect_grant SET starts_at = starts_at - interval '30 days',"
                    " ends_at = ends_at - interval '30 days', last_day = last_day - 30"
                    f" WHERE id = '{person.given.pk}'"
                )
            case "bar" if len(person.team) > 1:
                barred = sorted(person.team - {"case_manager"})[0]
                protect.bar(by=by, client=person.client, person=cast.staff[barred], now=now)
                person.team.discard(barred)
            case "leave" if len(person.team) > 1:
                leaving = sorted(person.team - {"case_manager"})[-1]
                people.leave_team(client=person.client, colleague=cast.staff[leaving], now=now)
                person.team.discard(leaving)


def judge(cast: Cast, person: Person) -> None:
    """What `decide` permits of the person to the partner, from the records as they are."""
    cast.act_as("case_manager")
    records, now = records_of(person.client), datetime.now(UTC)
    under = Referral.objects.get(pk=person.referral.pk).grant_id
    own = Grant.objects.filter(pk=under, ends_at__gt=now, withdrawal__isnull=True)
    person.is_standing = own.exists()
    person.allowed = {
        data_class
        for data_class in ("referral", "identity", "contact")
        if decided(
            client=person.client,
            recipient=cast.agencies[person.to],
            data_class=data_class,
            purpose=Purpose.COORDINATION,
            at=now,
            records=records,
        ).permitted
    }


def leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> list[str]:
    """Everything that came out and should not have, or did not and should."""
    return [leak for exit_of in EXITS.values() for leak in exit_of(cast, crowd, chance)]


@pytest.mark.parametrize("seed", range(WORLDS))
def test_t1_p02_no_exit_gives_what_decide_refuses(cast: Cast, standing: list[Person], seed: int) -> None:
    chance = random.Random(seed)
    for person in standing:
        turn(cast, person, chance, datetime.now(UTC))
    for person in standing:
        judge(cast, person)
    assert leaks(cast, standing, chance) == []


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode(errors="replace")


def plain(text: str) -> str:
    """As a phone number is written without its spaces."""
    return text.replace(" ", "").replace("-", "")


# The exits


def staff_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """Pages of a person, as everybody of the home agency: the page for the team, nothing for others."""
    pages = [page for page in pages_of_a_client() if page.name != "leave"]
    for _ in range(PAGES):
        who, person, page = chance.choice(("case_manager", *TEAM, *OTHERS)), chance.choice(crowd), chance.choice(pages)
        answer = cast.browser(who).get(address(page, person.client.code))
        shown = text_of(answer)
        if who in person.team:
            CAME_OUT["page"] += person.name in shown
            others = [other.name for other in crowd if other is not person and who not in other.team]
            yield from (f"{who} got {name} on {page.name}" for name in others if name in shown)
        elif person.name in shown or person.phone in shown:
            yield f"{who} got {person.name} on {page.name}"
        elif answer.status_code == 200 and not (who == "privacy_officer" and page.name in FOR_PRIVACY):
            yield f"{who} opened {page.name} of {person.name}"


def list_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """Search, lists, counts, reports and error pages, which name nobody's record in their address."""
    pages = [page for page in patterns(all_patterns()) if not page.pattern.converters and page.name not in ENDING]
    who = chance.choice(("case_manager", *TEAM, *OTHERS, *PARTNERS))
    browser = cast.browser(who)
    names = ["worklist", *(str(page.name) for page in chance.sample(pages, LISTS))]
    answers = {name: browser.get(reverse(name)) for name in names}
    answers["an error"] = browser.get("/no-such-page/")
    for person in chance.sample(crowd, SEARCHES):
        for typed in (f"{person.name} {person.name}son", person.phone, person.client.code):
            answers[f"search {typed}"] = browser.post(reverse("find_person"), {"typed": typed, "birth_year": "1990"})
    for place, answer in answers.items():
        shown = text_of(answer)
        for person in crowd:
            if who in person.team:
                CAME_OUT["list"] += person.client.code in shown
                continue
            words = [person.client.code] if who not in PARTNERS and who != "privacy_officer" else []
            words += [] if place.startswith("search ") else [person.name]  # what was typed is shown again
            if place == f"search {person.client.code}":
                words = []
            yield from (f"{who} got {word} from {place}" for word in words if word in shown)
            if place.startswith("search ") and f"/p/{person.client.code}/" in shown:
                yield f"{who} found {person.name} by {place}"


def partner_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """The inbox, its count, and each referral: what is granted now, and the name only with its own class."""
    for who in PARTNERS:
        browser = cast.browser(who)
        inbox = text_of(browser.get(reverse("partner_inbox")))
        expected = [person for person in crowd if person.to == who and person.is_shown]
        if inbox.count("/r/") != len(expected):
            yield f"{who} counts {inbox.count('/r/')} instead of {len(expected)}"
        nothing = browser.get("/r/0000-00000-0/")
        for person in crowd:
            if person.to != who and chance.random() < 0.7:
                continue
            answer = browser.get(reverse("partner_referral", args=[person.referral.reference]))
            shown = text_of(answer)
            if person in expected:
                CAME_OUT["referral"] += answer.status_code == 200
                yield from too_much(who, person, shown)
                others = [other for other in crowd if other not in expected and other.name in shown]
                yield from (f"{who} got {other.name} with another" for other in others)
                continue
            same = (answer.status_code, len(shown) // 64) == (nothing.status_code, len(text_of(nothing)) // 64)
            if not same or person.name in shown or answer.headers.keys() != nothing.headers.keys():
                yield f"{who} is told of {person.name}: {answer.status_code}"


def too_much(who: str, person: Person, shown: str) -> Iterator[str]:
    """Facts of somebody whose referral may be seen, but not with these classes."""
    if "identity" not in person.allowed and f"{person.name}son" in shown:
        yield f"{who} got the name of {person.name}"
    if person.phone in plain(shown) and "contact" not in person.allowed:
        yield f"{who} got the phone of {person.name}"


def download_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """The list that a partner downloads, line by line, as it is made."""
    for who in PARTNERS:
        by = cast.act_as(who)
        lines = {line.id: line.text for line in export._next(by, "L1", None)}
        for person in (one for one in crowd if one.to == who):
            line = lines.pop(person.referral.pk, "")
            CAME_OUT["download"] += bool(line)
            if bool(line) != person.is_shown:
                yield f"{who} has {'a' if line else 'no'} line of {person.name} in the list"
            yield from too_much(f"{who}, in the list,", person, line)
        yield from (f"{who} has a line of somebody else: {line[:40]}" for line in lines.values())


def export_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """The file of cases that the privacy officer hands to one agency, line by line, as it is made."""
    for who in PARTNERS:
        by, now = cast.act_as("privacy_officer"), datetime.now(UTC)
        begun = htcds_export.open_export(
            by=by, recipient=cast.agencies[who], purpose=Purpose.COORDINATION, last_day=now.date(), now=now
        )
        made = htcds_export._next(begun, by, Pseudonyms(), htcds_export.Made(), None)
        lines = {line.client_id: line.text for line in made if line.text}
        for person in crowd:
            line = lines.get(person.client.pk, "")
            CAME_OUT["export"] += bool(line)
            if bool(line) != (person.to == who and "referral" in person.allowed):
                yield f"{who} has {'a' if line else 'no'} line of {person.name} in the file of cases"
            if "eng" in line.split(",") and "identity" not in person.allowed:
                yield f"{who} got what {person.name} speaks"
            if person.name in line or person.phone in plain(line) or person.client.code in line:
                yield f"{who} can tell that {person.name} is in the file of cases"


def audit_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """The record of looks, as it is exported to be checked elsewhere, holds no value and no word that was searched."""
    person = chance.choice(crowd)
    cast.browser("case_manager").get(reverse("client", args=[person.client.code]))
    cast.browser("other_screener").post(reverse("find_person"), {"typed": person.name, "birth_year": "1990"})
    file = io.StringIO()
    CAME_OUT["audit"] += audit_file.write(file, [], rows("SELECT * FROM protect_auditrecord"))
    told = file.getvalue()
    yield from (f"the record of looks names {one.name}" for one in crowd if one.name in told or one.phone in told)


def message_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """What waits in the outbox: sent if the permission under which it waits covers it now, and else never."""
    for person in crowd:
        waits = f"SELECT id FROM protect_message WHERE once = 'walk {person.client.pk}' AND state = 'waiting'"
        for facts in rows(f"SELECT f.* FROM ({waits}) m, ctx.message_facts(m.id) f"):
            known = {name: facts[name] for name in ("covered", "closed", "answered")}
            way, _verdict = sending.judge(
                REMINDER, sending.Facts(**known, partner_code=None, rule=None), datetime.now(UTC)
            )
            CAME_OUT["message"] += bool(way)
            if way and not person.is_shown:
                yield f"{person.to} would be reminded of {person.name}"


def ledger_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """The list of all that left is the privacy officer's; the list of one person's is the team's. No name in either."""
    browser = cast.browser("privacy_officer")
    for name in ("disclosures", "privacy"):
        shown = text_of(browser.get(reverse(name)))
        yield from (f"{name} shows {person.name}" for person in crowd if person.name in shown)
    who, person = chance.choice(("case_manager", *TEAM, "other_screener", "evaluator")), chance.choice(crowd)
    for name in ("shared", "who_saw"):
        answer = cast.browser(who).get(reverse(name, args=[person.client.code]))
        CAME_OUT["ledger"] += answer.status_code == 200
        if (answer.status_code == 200) != (who in person.team):
            yield f"{who} got {answer.status_code} from {name} of {person.name}"


def queue_leaks(cast: Cast, crowd: list[Person], chance: random.Random) -> Iterator[str]:
    """What jobs are told, and what messages and notices hold besides, is no word of anybody."""
    told = " ".join(
        str(rows(f"SELECT t::text FROM {table} t"))
        for table in ("procrastinate_jobs", "protect_message", "protect_notice")
    )
    CAME_OUT["queue"] += "walk" in told
    yield from (f"a job knows {one.name}" for one in crowd if one.name in told or one.client.code in told)


#: By its name, what looks at an exit.
EXITS: dict[str, Callable[[Cast, list[Person], random.Random], Iterator[str]]] = {
    "page": staff_leaks, "list": list_leaks, "referral": partner_leaks, "download": download_leaks,
    "export": export_leaks, "audit": audit_leaks,
    "message": message_leaks, "ledger": ledger_leaks, "queue": queue_leaks,
}  # fmt: skip
#: These end the session that walks.
ENDING = {"leave", "sign_out", "sign_in", "second_factor", "set_up", "codes_kept", "invitation", None}


def all_patterns() -> list[URLPattern | URLResolver]:
    return list(get_resolver().url_patterns)


def test_those_worlds_showed_something_at_every_kind_of_exit() -> None:
    """A walk on which nothing ever comes out would prove nothing."""
    assert all(CAME_OUT[kind] > 0 for kind in EXITS), CAME_OUT


# The walk can fail

_ALL_OF_THE_AGENCY = "USING (agency_id = (SELECT ctx.agency()))"


def hole(table: str, rows_of: str) -> str:
    return f"CREATE POLICY hole ON {table} FOR SELECT TO leeward_web {rows_of}"


#: Withdrawals are not looked at any more.
_FORGETS = """DO $hole$ DECLARE one regprocedure; BEGIN
  FOREACH one IN ARRAY ARRAY['ctx.my_grants()', 'ctx.message_facts(uuid)']::regprocedure[] LOOP
    EXECUTE replace(pg_get_functiondef(one), 'SELECT FROM protect_withdrawal w WHERE w.grant_id = g.id',
                    'SELECT FROM protect_withdrawal w WHERE false');
  END LOOP; END $hole$"""
#: For each exit, a rule that is broken on purpose, or a word that stands where none may.
HOLES: dict[str, tuple[str, ...]] = {
    "page": (hole("people_client", _ALL_OF_THE_AGENCY),),
    "list": tuple(
        hole(table, _ALL_OF_THE_AGENCY)
        for table in ("people_client", "people_blindindex", "people_task", "people_identityfield", "people_vaultkey")
    ),
    "referral": (_FORGETS,),
    "download": (_FORGETS,),
    # Decided twice, by the database and again for each line: both must forget.
    "export": ("DELETE FROM protect_withdrawal",),
    "audit": (
        "INSERT INTO protect_auditrecord (at, agency_id, action, subject, fields, rule)"
        " SELECT clock_timestamp(), agency_id, 'searched', 'CANARY', '{}', '' FROM people_staff LIMIT 1",
    ),
    "message": (_FORGETS, "UPDATE protect_message SET state = 'waiting'"),
    "ledger": (hole("people_client", _ALL_OF_THE_AGENCY),),
    "queue": ("UPDATE protect_message SET why = left('CANARY', 20)",),
}


@pytest.mark.parametrize("kind", EXITS)
def test_t1_the_walk_sees_a_hole_at_each_exit(cast: Cast, standing: list[Person], kind: str) -> None:
    """Every permission is withdrawn and everybody but one has left; then the rules are broken."""
    now = datetime.now(UTC)
    for person in standing:
        protect.withdraw(by=cast.act_as("case_manager"), given=person.given, now=now)
    for person in standing:
        judge(cast, person)
    chance = random.Random(kind)
    assert not [leak for _ in range(3) for leak in EXITS[kind](cast, standing, chance)]
    for sql in HOLES[kind]:
        as_administrator(sql.replace("CANARY", standing[0].name))
    assert any(list(EXITS[kind](cast, standing, chance)) for _ in range(40))


def test_a_view_without_an_access_test_is_found(world: Cast, now: datetime) -> None:
    """A new page of a client is in the walk by being in the addresses: one that forgets to ask is caught by it."""

    def forgetful(request: HttpRequest, code: str) -> HttpResponse:
        return HttpResponse(f"The record {code}")

    class Addresses:
        urlpatterns = [
            path("p/<str:code>/new-page/", forgetful, name="new_page"),
            path("", include("leeward.platform.urls")),
        ]

    with override_settings(ROOT_URLCONF=Addresses):
        assert "new_page" in {page.name for page in pages_of_a_client()}
        with transaction.atomic():
            person = made(world, random.Random(1), 0, now)
            page = next(page for page in pages_of_a_client() if page.name == "new_page")
            with pytest.raises(AssertionError):
                test_every_page.test_p01_a01_outsiders_get_nothing_by_reading_or_writing(world, person.client, page)
