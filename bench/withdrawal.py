"""A permission is taken back while the partner has everything open: 1,000 races, each of them really in flight.

In each race a list of the partner's is being read and has handed out its first part, a cursor on a pooled connection
has fetched its first row, and a session asks for the referral's page, its inbox and the rows themselves, over and over,
all through the whole stack, while the case manager's withdrawal commits. What was asked for after the commit must have
seen nothing. A race in which the list or the cursor ended too early is told and run again. In some the cursor never
ends: the withdrawal ends it. `tests/protect/races.py` is what races.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from measure import arguments, begin, finish, say
from world import fresh_database

sys.path.insert(0, str(Path(__file__).parents[1]))

from leeward.coordinate import export
from leeward.people.models import Staff
from leeward.protect.outbox import sending
from tests.cast import Cast, make_cast
from tests.people.committed import read
from tests.protect import races


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--races", type=int, default=1_000, help="how many withdrawals")
    parser.add_argument("--hung", type=int, default=20, help="in how many of them the cursor does not end by itself")
    parser.add_argument("--seed", type=int, default=1, help="of the pace at which readers read")
    options = parser.parse_args()
    report = begin(__file__, "django", "psycopg")
    export.AT_ONCE = races.AT_ONCE
    began = perf_counter()
    with fresh_database(), races.pooled():
        cast = make_cast()
        cast.prove("shelter", minutes=120)
        for _ in range(races.OTHERS):
            races.somebody(cast, sent=datetime.now(UTC))
        _run(cast, 1, 0, random.Random(options.seed))  # the first request loads every page
        fair, unfair = _run(cast, options.races, options.hung, random.Random(options.seed))
        asked = perf_counter()
        sent = sending.send_waiting(datetime.now(UTC))
        emptied = perf_counter() - asked
        ((received, told),) = read(
            "SELECT (SELECT count(DISTINCT d.grant_id) FROM protect_disclosure d"
            "          JOIN protect_withdrawal w ON w.grant_id = d.grant_id),"
            " (SELECT count(DISTINCT grant_id) FROM protect_message m JOIN protect_notice n ON n.message_id = m.id)"
        )
    looks = [look for found in fair for look in found.looks]
    after = [look for found in fair for look in found.looks if look.asked > found.committed]
    hung = [found for found in fair if found.was_ended]
    report.note("races run again because something had ended too early", unfair)
    report.note("looks that saw the person before they were taken back", sum(look.saw for look in looks))
    report.note("looks asked for after the commit", len(after))
    report.note("lists whose part with the person came after the commit", sum(one.had_a_part_after for one in fair))
    report.note("cursors that hung and were ended", len(hung))
    report.note("taking back, what was open waited for, median", median(one.took for one in fair) * 1000, "ms")
    report.note("requests to confirm, sent in", emptied, f"s for {sent}")
    report.note("all of it took", perf_counter() - began, "s")
    late = sum(bool(found.too_late) for found in fair)
    report.claim("races in which anything asked for after the commit saw the person", late, f"of {len(fair)}")
    report.claim("permissions with a disclosure whose recipient was not asked", received - told, f"of {received}")
    slowest = max(found.last_seen for found in fair)
    report.claim("something of the person handed out so long after the commit", slowest, "s", at_most=1)
    report.claim("the longest that taking back took", max(found.took for found in fair), "s", at_most=1)
    finish(report, options.json)


def _run(cast: Cast, wanted: int, hung: int, chance: random.Random) -> tuple[list[races.Race], int]:
    """So many races in which everything was in flight, and how many more it took."""
    manager = Staff.objects.using("admin").select_related("agency").get(pk=cast.staff["case_manager"].pk)
    fair: list[races.Race] = []
    unfair = 0
    while len(fair) < wanted:
        found = races.race(
            cast,
            races.somebody(cast, sent=datetime.now(UTC) - timedelta(hours=12)),
            manager=(manager, cast.tokens["case_manager"]),
            token=cast.tokens["shelter"],
            chance=chance,
            hung=hung > 0 and len(fair) % max(1, wanted // hung) == 0,
        )
        if found.too_late:
            say(f"  race {len(fair)}: seen {[look.asked - found.committed for look in found.too_late]} s after")
        if not found.is_fair and not found.too_late:  # what was seen too late counts, however it came about
            unfair += 1
            continue
        fair.append(found)
        if len(fair) % 100 == 0:
            say(f"  {len(fair)} races, {sum(bool(one.too_late) for one in fair)} in which something was seen")
    return fair, unfair


if __name__ == "__main__":
    main()
