"""Results of the cast's centre as the job worker keeps them: committed, and taken away after the test."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from leeward.learn.models import ResultsSnapshot
from tests.cast import Cast

_KEPT: list[ResultsSnapshot] = []


def keep(world: Cast, document: object, *, at: datetime, people: int = 60, version: str = "1.0.0") -> None:
    snapshot = ResultsSnapshot(
        agency=world.centre, computed_at=at, data_cut=at, n_clients=people, protocol_version=version, document=document
    )
    snapshot.save(using="admin", force_insert=True)
    _KEPT.append(snapshot)


@pytest.fixture(autouse=True)
def taken_away() -> Iterator[None]:
    yield
    while _KEPT:
        _KEPT.pop().delete(using="admin")
