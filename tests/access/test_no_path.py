"""No path gives what `decide` refuses: random people, teams, permissions and barrings; every exit walked as everybody.

What comes out is compared with what the rules say in Python, never with what the database says (T1). One world in a
run, a hundred in `make test-full`.
"""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, include, path, reverse

from leeward.coordinate import actions as coordinate
from leeward.coordinate.models import Referral
from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.people.models import Client
from leeward.protect import actions as protect
from leeward.protect.decision import decided, records_of
from leeward.protect.models import Purpose

from ..cast import Cast
from . import test_every_page
from .test_every_page import address, pages_of_a_client, patterns

FULL = os.environ.get("LEEWARD_FULL") == "yes"
WORLDS = 100 if FULL else 1
PEOPLE = 6 if FULL else 5
#: Pages of each person that each member of staff asks for.
PAGES = 60 if FULL else 3
#: Who walks the lists, and for how many people they search.
WALKERS = 12 if FULL else 6
SEARCHED = PEOPLE if FULL else 2
TEAM = ("screener", "clinician", "therapist")
OTHERS = ("other_screener", "program_director", "evaluator", "privacy_officer")
PARTNERS = ("hospital", "shelter", "legal_aid", "social_services")
CLASSES = ("identity", "contact", "clinical", "case")
#: Pages that the privacy officer may open of everybody at the centre: none of them shows a name or what happened.
FOR_PRIVACY = {"who_saw", "shared"}
CAME_OUT: Counter[str] = Counter()


@dataclass
class Person:
    """Somebody made up, and what `decide` and the teams say of them."""

    client: Client
    name: str
    phone: str
    team: set[str] = field(default_factory=set)
    referral: Referral | None = None
    to: str = ""
    #: Classes that the partner may have now.
    allowed: set[str] = field(default_factory=set)


def made(world: Cast, chance: random.Random, number: int, now: datetime) -> Person:
    """One person with a random team, permission, referral, and what happened to the permission since."""
    by = world.act_as("case_manager")
    name, phone = f"Canary{number}x{chance.randrange(10**6)}", f"601555{chance.randrange(10**4):04}"
    arrival = Arrival(
        identity={"given_name": name, "family_name": f"{name}son", "phone": phone},
        birth_year=1990, language="en", county="Forrest", source="self",
    )  # fmt: skip
    client = people.register(by=by, arrival=arrival, now=now)
    person = Person(client=client, name=name, phone=phone, team={"case_manager"})
    for colleague in chance.sample(TEAM, chance.randrange(3)):
        people.join_team(by=by, client=client, colleague=world.staff[colleague], now=now)
        person.team.add(colleague)
    person.to = chance.choice(PARTNERS)
    partner = world.agencies[person.to]
    wish = protect.Wish(
        recipient=partner,
        classes=frozenset({"referral", *chance.sample(CLASSES, chance.randrange(3))}),
        purpose=Purpose.COORDINATION,
        last_day=(now + timedelta(days=20)).date(),
        method="tablet",
        language="en",
    )
    given = protect.grant(by=by, client=client, wish=wish, now=now)
    need = coordinate.Need(
        to=partner, service="shelter", urgency="urgent", message=f"{name} waits for you", comes_along=False
    )
    person.referral = coordinate.send(by=by, client=client, need=need, now=now)
    match chance.randrange(4):
        case 0:
            protect.withdraw(by=by, given=given, now=now)
        case 1:
            protect.restrict(by=by, client=client, recipient=partner, now=now)
        case 2 if len(person.team) > 1:
            barred = sorted(person.team - {"case_manager"})[0]
            protect.bar(by=by, client=client, person=world.staff[barred], now=now)
            person.team.discard(barred)
    return person


def judge(world: Cast, person: Person, now: datetime) -> None:
    """What `decide` permits of the person to the partner, from the records as they are."""
    world.act_as("case_manager")
    records = records_of(person.client)
    for data_class in ("referral", "identity", "contact"):
        if decided(
            client=person.client,
            recipient=world.agencies[person.to],
            data_class=data_class,
            purpose=Purpose.COORDINATION,
            at=now,
            records=records,
        ).permitted:
            person.allowed.add(data_class)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_t1_p02_no_exit_gives_what_decide_refuses(world: Cast, now: datetime, seed: int) -> None:
    chance = random.Random(seed)
    crowd = [made(world, chance, number, now - timedelta(minutes=9)) for number in range(PEOPLE)]
    for person in crowd:
        judge(world, person, now)
    leaks = [
        *staff_leaks(world, crowd, chance),
        *list_leaks(world, crowd, chance),
        *partner_leaks(world, crowd),
        *queue_leaks(crowd),
    ]
    assert leaks == []


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode(errors="replace")


def staff_leaks(world: Cast, crowd: list[Person], chance: random.Random) -> list[str]:
    """Pages of each person, as everybody of the home agency: the page for the team, nothing for others."""
    leaks = []
    for who in ("case_manager", *TEAM, *OTHERS):
        browser = world.browser(who)
        for person in crowd:
            pages = [page for page in pages_of_a_client() if page.name != "leave"]
            for page in chance.sample(pages, min(PAGES, len(pages))):
                answer = browser.get(address(page, person.client.code))
                shown = text_of(answer)
                if who in person.team:
                    CAME_OUT["page"] += person.name in shown
                    others = [other.name for other in crowd if other is not person and who not in other.team]
                    leaks += [f"{who} got {name} on {page.name}" for name in others if name in shown]
                elif person.name in shown or person.phone in shown:
                    leaks.append(f"{who} got {person.name} on {page.name}")
                elif answer.status_code == 200 and not (who == "privacy_officer" and page.name in FOR_PRIVACY):
                    leaks.append(f"{who} opened {page.name} of {person.name}")
    return leaks


def list_leaks(world: Cast, crowd: list[Person], chance: random.Random) -> list[str]:
    """Search, lists, counts, reports and error pages, which name nobody's record in their address."""
    plain = [page for page in patterns(all_patterns()) if not page.pattern.converters and page.name]
    leaks = []
    for who in chance.sample(("case_manager", *TEAM, *OTHERS, *PARTNERS), WALKERS):
        browser = world.browser(who)
        answers = {str(page.name): browser.get(reverse(str(page.name))) for page in plain if page.name not in ENDING}
        answers["an error"] = browser.get("/no-such-page/")
        for person in crowd[:SEARCHED]:
            for typed in (f"{person.name} {person.name}son", person.phone, person.client.code):
                answers[f"search {typed}"] = browser.post(
                    reverse("find_person"), {"typed": typed, "birth_year": "1990"}
                )
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
                leaks += [f"{who} got {word} from {place}" for word in words if word in shown]
                if place.startswith("search ") and f"/p/{person.client.code}/" in shown:
                    leaks.append(f"{who} found {person.name} by {place}")
    return leaks


def partner_leaks(world: Cast, crowd: list[Person]) -> list[str]:
    """The inbox, its count, and each referral: what is granted now, and the name only with its own class."""
    leaks = []
    for who in PARTNERS:
        browser = world.browser(who)
        inbox = text_of(browser.get(reverse("partner_inbox")))
        expected = [person for person in crowd if person.to == who and "referral" in person.allowed]
        if inbox.count("/r/") != len(expected):
            leaks.append(f"{who} counts {inbox.count('/r/')} instead of {len(expected)}")
        nothing = browser.get("/r/0000-00000-0/")
        for person in crowd:
            assert person.referral is not None
            answer = browser.get(reverse("partner_referral", args=[person.referral.reference]))
            shown = text_of(answer)
            if person not in expected:
                same = (answer.status_code, len(shown) // 64) == (nothing.status_code, len(text_of(nothing)) // 64)
                if not same or person.name in shown or answer.headers.keys() != nothing.headers.keys():
                    leaks.append(f"{who} is told of {person.name}: {answer.status_code}")
                continue
            CAME_OUT["referral"] += answer.status_code == 200
            if "identity" not in person.allowed and f"{person.name}son" in shown:
                leaks.append(f"{who} got the name of {person.name}")
            if person.phone in shown.replace(" ", "").replace("-", "") and "contact" not in person.allowed:
                leaks.append(f"{who} got the phone of {person.name}")
            leaks += [
                f"{who} got {other.name} with another"
                for other in crowd
                if other not in expected and other.name in shown
            ]
    return leaks


def queue_leaks(crowd: list[Person]) -> list[str]:
    """What jobs are told holds no word of anybody."""
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs")
        told = " ".join(row[0] for row in cursor.fetchall())
    return [f"a job knows {person.name}" for person in crowd if person.name in told or person.client.code in told]


#: These end the session that walks.
ENDING = {"leave", "sign_out", "sign_in", "second_factor", "set_up", "codes_kept", "invitation"}


def all_patterns() -> list[URLPattern | URLResolver]:
    return list(get_resolver().url_patterns)


def test_those_worlds_showed_something_at_every_kind_of_exit() -> None:
    """A walk on which nothing ever comes out would prove nothing."""
    assert all(CAME_OUT[kind] > 0 for kind in ("page", "list", "referral")), CAME_OUT


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
