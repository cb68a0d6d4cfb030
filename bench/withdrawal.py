"""A permission is taken back while the partner asks: 1,000 races through the whole stack, and against lists being read.

In each race a partner's session asks for the referral's page and its inbox (all middleware, views, templates) and for
the rows themselves, over and over, while the case manager's withdrawal commits. What was asked after the commit must
have seen nothing. The same is done to lists that are being read, one referral at a time: a second after the commit
nothing of the person may be handed out. `tests/protect/races.py` is what races.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from measure import arguments, begin, finish, say
from world import fresh_database

sys.path.insert(0, str(Path(__file__).parents[1]))

from leeward.coordinate import export
from leeward.coordinate.models import Referral
from leeward.people.models import Staff
from leeward.protect.outbox import sending
from tests.cast import Cast, make_cast
from tests.people.committed import read, refer, register
from tests.protect import races


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--races", type=int, default=1_000, help="how many withdrawals against pages and rows")
    parser.add_argument("--lists", type=int, default=100, help="how many against lists that are being read")
    options = parser.parse_args()
    report = begin(__file__, "django", "psycopg")
    with fresh_database():
        cast = make_cast()
        manager, partner = _known(cast, "case_manager"), _known(cast, "shelter")
        seconds, seen, asked, late = [], 0, 0, 0
        for number in range(options.races):
            referral = _referral(cast)
            readers: list[Callable[[], bool]] = [
                races.page_reader(partner[1], f"/r/{referral.reference}/", "Call us."),
                races.page_reader(partner[1], "/inbox/", referral.reference),
                races.row_reader(partner[1], referral),
            ]
            found = races.race(referral, manager=manager, readers=readers)
            if not found.is_fair:
                raise AssertionError("A race in which nobody saw the person, or nobody asked after.")
            seen += sum(look.saw for look in found.looks)
            asked += sum(look.asked > found.committed for look in found.looks)
            late += bool(found.too_late)
            seconds.append(max(0.0, found.last_seen))
            if (number + 1) % 100 == 0:
                say(f"  {number + 1} races, {late} in which something was seen")
        began = perf_counter()
        sent = sending.send_waiting(datetime.now(UTC))
        emptied = perf_counter() - began
        ((received, told),) = read(
            "SELECT (SELECT count(DISTINCT grant_id) FROM protect_disclosure),"
            " (SELECT count(DISTINCT grant_id) FROM protect_message m JOIN protect_notice n ON n.message_id = m.id)"
        )
        export.AT_ONCE = 1
        slowest = 0.0
        for _ in range(options.lists):
            oldest = _referral(cast)
            for _ in range(4):
                _referral(cast)
            slowest = max(slowest, races.list_race(oldest, manager=manager, partner=partner).last_seen)
    report.note("looks at the person before they were taken back", seen)
    report.note("looks asked for after the commit", asked)
    report.note("a look that began before was answered so long after the commit, median", median(seconds) * 1000, "ms")
    report.note("the longest", max(seconds) * 1000, "ms")
    report.note("requests to confirm, sent in", emptied, f"s for {sent}")
    report.claim(
        "races in which a look asked for after the commit saw anything", late, f"of {options.races}", at_most=0
    )
    report.claim(
        "permissions with a disclosure whose recipient was not asked", received - told, f"of {received}", at_most=0
    )
    report.claim("something of the person in a list so long after the commit", slowest, "s", at_most=1)
    finish(report, options.json)


def _known(cast: Cast, who: str) -> tuple[Staff, str]:
    staff = Staff.objects.using("admin").select_related("agency").get(pk=cast.staff[who].pk)
    return staff, cast.tokens[who]


def _referral(cast: Cast) -> Referral:
    now = datetime.now(UTC)
    return refer(cast, register(cast, now - timedelta(days=1)), now)


if __name__ == "__main__":
    main()
