"""One client with a screener and a therapist on the team."""

from datetime import datetime

import pytest

from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.people.models import Client

from ..cast import Cast


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    """A client of the test centre; the therapist is acting."""
    arrival = Arrival(
        identity={"given_name": "Canary", "family_name": "Person"},
        birth_year=1990,
        language="en",
        county="Forrest",
        source="self",
    )
    registered = people.register(by=world.act_as("screener"), arrival=arrival, now=now)
    people.join_team(by=world.staff["screener"], client=registered, colleague=world.staff["therapist"], now=now)
    world.act_as("therapist")
    return registered
