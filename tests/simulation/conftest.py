"""One synthetic centre of 4,000 people, made once."""

import pytest

from leeward.simulation import Centre, Parameters, simulate


@pytest.fixture(scope="session")
def centre() -> Centre:
    return simulate(Parameters(), clients=4_000, seed=20_261_120)
