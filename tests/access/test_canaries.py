"""A stolen database names nobody: words planted in every personal field are found in no table (I-01, T5)."""

from datetime import datetime, timedelta

from django.db import connection

from leeward.coordinate import actions as coordinate
from leeward.identify import actions as identify
from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.protect import actions as protect
from leeward.support import actions as support
from leeward.support.models import Copy
from leeward.treat import actions as treat
from leeward.treat.goals import Goal

from ..cast import Cast

CANARY = "Xanthorrhoea"


def test_i01_no_planted_word_is_readable_in_any_table(world: Cast, now: datetime) -> None:
    by = world.act_as("case_manager")
    facts = {name: f"{CANARY} {name}" for name in people.IDENTITY_FIELDS if name != "birth_year"}
    arrival = Arrival(identity=facts, birth_year=1991, language="en", county="Forrest", source="self")
    client = people.register(by=by, arrival=arrival, now=now)
    noticed = identify.Noticed(codes=("speaks_for",), suspected=True, danger_now=False, note=CANARY)
    identify.observe(by=by, client=client, noticed=noticed, now=now)
    support.save_safety_plan(by=by, client=client, sections={"people": CANARY}, copy=Copy.SYSTEM_ONLY, now=now)
    treat.save_plan(by=by, client=client, goals=[Goal(words=CANARY, next_step=CANARY)], now=now)
    wish = protect.Wish(
        recipient=world.agencies["shelter"],
        classes=frozenset({"referral"}),
        purpose="coordination",
        last_day=now.date() + timedelta(days=100),
        method="tablet",
        language="en",
        long_reason=CANARY,
    )
    protect.grant(by=by, client=client, wish=wish, now=now)
    need = coordinate.Need(
        to=world.agencies["shelter"], service="shelter", urgency="other", message=CANARY, comes_along=False
    )
    referral = coordinate.send(by=by, client=client, need=need, now=now)
    coordinate.answer(by=by, referral=referral, status="declined", reason=CANARY, now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM support_safetyplan WHERE client_id = %s", [client.pk])
        assert cursor.fetchone() == (1,)
        for table in tables:
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [table])
            if not cursor.fetchone()[0]:
                continue
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                assert CANARY.lower() not in row.lower(), table
                assert CANARY.encode().hex() not in row, table
