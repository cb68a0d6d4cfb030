"""The furnished house of the walks over every page, built once for a module and never committed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import transaction

from ..cast import Cast
from .administrator import administrator
from .house import House, furnished
from .walk import Walk, walked


@pytest.fixture(scope="module")
def standing_house(cast: Cast) -> Iterator[House]:
    """The house, as it stands for the whole module."""
    with administrator(), furnished(cast, datetime.now(UTC)) as house:
        yield house


@pytest.fixture(scope="module")
def walk(standing_house: House) -> Walk:
    """Every page and form that somebody meets in the house."""
    return walked(standing_house)


@pytest.fixture
def house(standing_house: House) -> Iterator[House]:
    """The house; what a test changes is undone."""
    with transaction.atomic(using="signin"), transaction.atomic():
        yield standing_house
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="signin")
