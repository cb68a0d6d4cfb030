"""What is forbidden and what does not exist get the same answer, and it takes the same time (P-01).

Time is told as a rank: of something forbidden and something unknown, how often does the forbidden one take longer? When
nothing can be told, every second time. How far from that chance alone may be follows from the number of requests (Mann,
Whitney 1947); five times that is let pass, for machines that are busy with other things.
"""

import os
import re
from collections.abc import Callable
from datetime import datetime
from math import sqrt
from time import perf_counter, sleep

import pytest
from django.http import HttpResponse

from leeward.people import actions as people
from leeward.people.codes import new_code
from leeward.people.models import Client

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL
from .test_no_path import Person, crowd  # noqa: F401 the crowd is a fixture

FULL = os.environ.get("LEEWARD_FULL") == "yes"
#: Requests of each sort.
ROUNDS = 1_000 if FULL else 40
Ask = Callable[[str], HttpResponse]
#: Who asks for what by a code that they may not know, and how.
WAYS: dict[str, tuple[str, str, dict[str, str]]] = {
    "a record": ("other_screener", "/p/{}/", {}),
    "a part of a record": ("other_screener", "/p/{}/plan/", {}),
    "a record to write in": ("other_screener", "/p/{}/needs/", {"words": "A bed."}),
    "a search": ("other_screener", "/people/", {"typed": "{}", "birth_year": ""}),
    "a partner": ("shelter", "/p/{}/", {}),
    "a referral": ("legal_aid", "/r/{}/", {}),
}


def asking(cast: Cast, way: str) -> Ask:
    who, place, said = WAYS[way]
    browser = cast.browser(who)

    def ask(code: str) -> HttpResponse:
        words = {name: value.format(code) for name, value in said.items()}
        return browser.post(place.format(code), words) if said else browser.get(place.format(code))

    return ask


def chance_alone(rounds: int) -> float:
    """Standard deviation of the share, when both take the same time."""
    return sqrt((2 * rounds + 1) / (12 * rounds * rounds))


def share_longer(ask: Ask, forbidden: str, rounds: int) -> float:
    """How often the forbidden one takes longer than an unknown one, in 0..1; each pair is asked the other way round.

    Both are asked again and again: what is asked for the first time takes longer, forbidden or unknown.
    """
    times: dict[bool, list[float]] = {True: [], False: []}
    unknown = new_code()
    for number in range(rounds):
        for is_forbidden in (number % 2 == 0, number % 2 == 1):
            word = forbidden if is_forbidden else unknown
            began = perf_counter()
            ask(word)
            times[is_forbidden].append(perf_counter() - began)
    longer = sum((a > b) + 0.5 * (a == b) for a in times[True] for b in times[False])
    return longer / (rounds * rounds)


def shown(answer: HttpResponse, code: str) -> str:
    """The page without what was typed and what is drawn anew each time."""
    text = answer.content.decode().replace(code, "CODE")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)


@pytest.mark.parametrize("way", WAYS)
def test_p01_nobody_tells_a_forbidden_record_from_none(
    world: Cast, client: Client, way: str, request: pytest.FixtureRequest
) -> None:
    code = client.code
    if way == "a referral":
        people_there: list[Person] = request.getfixturevalue("crowd")
        code = next(one.referral.reference for one in people_there if one.to != WAYS[way][0])
    ask, other = asking(world, way), new_code()
    answers = ask(code), ask(other)
    assert answers[0].status_code == answers[1].status_code
    assert shown(answers[0], code) == shown(answers[1], other)
    assert answers[0].headers.keys() == answers[1].headers.keys()
    share = share_longer(ask, code, ROUNDS)
    assert abs(share - 0.5) < 5 * chance_alone(ROUNDS), f"the forbidden one took longer in {share:.0%}"


def test_the_clock_sees_an_answer_that_takes_half_as_long_again(world: Cast, client: Client) -> None:
    ask = asking(world, "a record")
    began = perf_counter()
    for _ in range(10):
        ask(client.code)
    half = (perf_counter() - began) / 20

    def telling(code: str) -> HttpResponse:
        answer = ask(code)
        if code == client.code:
            sleep(half)
        return answer

    rounds = max(ROUNDS, 200)  # a machine that is busy with other things hides some of it
    assert any(share_longer(telling, client.code, rounds) - 0.5 > 5 * chance_alone(rounds) for _ in range(3))
