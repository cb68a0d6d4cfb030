"""A withdrawal against everything in flight: whatever is asked after its commit sees nothing (T2, C-02)."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from leeward.coordinate.models import Referral
from leeward.people.models import Staff
from leeward.protect.outbox import sending

from ..cast import Cast
from ..people.committed import forget_clients, read, refer, register
from ..protect import races

FULL = os.environ.get("LEEWARD_FULL") == "yes"
RACES = 1_000 if FULL else 16
LISTS = 100 if FULL else 4


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    forget_clients()
    yield
    forget_clients()


def known(cast: Cast, who: str) -> tuple[Staff, str]:
    return Staff.objects.using("admin").select_related("agency").get(pk=cast.staff[who].pk), cast.tokens[who]


def referral_of_somebody(cast: Cast) -> Referral:
    now = datetime.now(UTC)
    return refer(cast, register(cast, now - timedelta(days=1)), now)


def test_t2_c02_no_request_that_begins_after_the_commit_sees_anything(cast: Cast) -> None:
    """Requests through the whole stack in two tabs, and the database asked by the same session."""
    for _ in range(RACES):
        referral = referral_of_somebody(cast)
        token = cast.tokens["shelter"]
        found = races.race(
            referral,
            manager=known(cast, "case_manager"),
            readers=[
                races.page_reader(token, f"/r/{referral.reference}/", "Call us."),
                races.page_reader(token, "/inbox/", referral.reference),
                races.row_reader(token, referral),
            ],
        )
        assert found.is_fair
        assert found.too_late == []
    sending.send_waiting(datetime.now(UTC))
    assert read("SELECT count(*) FROM protect_message WHERE state = 'waiting'") == [(0,)]
    asked_of = read("SELECT count(DISTINCT grant_id) FROM protect_message WHERE kind = 'withdrawn' AND state = 'sent'")
    looked = read("SELECT count(DISTINCT grant_id) FROM protect_disclosure")
    assert asked_of == looked, "whoever received something is asked, whatever the race"


def test_t2_a_list_being_read_hands_out_nothing_a_second_later(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from leeward.coordinate import export

    monkeypatch.setattr(export, "AT_ONCE", 1)
    for _ in range(LISTS):
        forget_clients()
        oldest = referral_of_somebody(cast)
        for _ in range(4):
            referral_of_somebody(cast)
        found = races.list_race(oldest, manager=known(cast, "case_manager"), partner=known(cast, "shelter"))
        assert found.last_seen < 1
        assert len(found.looks) >= 5, "the others are on it"
