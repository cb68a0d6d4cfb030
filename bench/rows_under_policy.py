"""One million rows, as a partner agency's web role sees them under row security, against a semi-join written by hand
that asks the same of the grants and knows no policy.
"""

import psycopg
from measure import Side, arguments, begin, finish, interleaved, say
from world import clinician, crowd, fresh_database, signed_in

from leeward.people.models import Agency, AgencyKind, Regime, Role, Staff
from leeward.platform import database

CLIENTS, EVENTS = 100_000, 10
_RECIPIENTS = 3
_COUNT = "SELECT count(*), bit_xor(hashtextextended(id::text, 0)) FROM people_event"
_TALKS = """
INSERT INTO protect_consenttalk (id, agency_id, client_id, recipient_id, purpose, asked, allowed, outcome, language,
                                 form_version, interpreter, explained_by_id, able, understood, held_at, recorded_by_id)
SELECT gen_random_uuid(), c.agency_id, c.id, r.recipient, 'coordination', '{referral,clinical}', '{referral,clinical}',
       'granted', 'en', 'release-2', 'none', c.created_by_id, true, 'first', now(), c.created_by_id
  FROM people_client c CROSS JOIN unnest(%s::uuid[]) AS r (recipient)
"""
_GRANTS = """
INSERT INTO protect_grant (id, agency_id, client_id, talk_id, recipient_id, data_classes, purpose, starts_at, last_day,
                           ends_at, granted_at, recorded_by_id, method, language, form_version, law_row)
SELECT gen_random_uuid(), agency_id, client_id, id, recipient_id, allowed, purpose, now() - interval '1 day',
       current_date + 20, now() + interval '20 days', now(), recorded_by_id, 'tablet', language, form_version, ''
  FROM protect_consenttalk
"""
_WITHDRAWN = """
INSERT INTO protect_withdrawal (id, agency_id, client_id, grant_id, withdrawn_at, recorded_by_id)
SELECT gen_random_uuid(), agency_id, client_id, id, now(), recorded_by_id FROM protect_grant WHERE random() < 0.3
"""
#: The same question without the law's table, restrictions or sessions: what somebody would write who trusts the caller.
_BY_HAND = """
SELECT count(*), bit_xor(hashtextextended(e.id::text, 0)) FROM people_event e
 WHERE (e.client_id, e.data_class) IN (
       SELECT g.client_id, unnest(g.data_classes) FROM protect_grant g
        WHERE g.recipient_id = %s AND g.starts_at <= now() AND g.ends_at > now()
          AND NOT EXISTS (SELECT FROM protect_withdrawal w WHERE w.grant_id = g.id))
"""


def main() -> None:
    options = arguments(__doc__).parse_args()
    report = begin(__file__, "psycopg")
    with fresh_database() as url:
        staff, _token = clinician()
        partners = [_partner(number) for number in range(_RECIPIENTS)]
        token = signed_in(partners[0])
        crowd(url, staff, clients=CLIENTS, events=EVENTS, tasks=0)
        with psycopg.connect(url, autocommit=True) as hand, psycopg.connect(**database.parameters("web")) as web:
            hand.execute("SET session_replication_role = replica")
            hand.execute(_TALKS, [[each.agency_id for each in partners]])
            hand.execute(_GRANTS)
            hand.execute(_WITHDRAWN)
            hand.execute("VACUUM ANALYZE")
            found: dict[str, object] = {}

            def under_policy() -> None:
                with web.transaction():
                    web.execute("SELECT ctx.enter(%s)", [token])
                    found["policy"] = web.execute(_COUNT).fetchone()

            def by_hand() -> None:
                found["hand"] = hand.execute(_BY_HAND, [partners[0].agency_id]).fetchone()

            policy = Side("as a partner, under policy", CLIENTS * EVENTS, under_policy)
            bare = Side("a semi-join by hand, without policy", CLIENTS * EVENTS, by_hand)
            timings = interleaved([policy, bare], rounds=options.rounds)
        if found["policy"] != found["hand"]:
            raise AssertionError(f"Other rows: {found}")
        say(f"  the same rows: {found['policy']}")
    for timing in timings.values():
        report.timing(timing, "rows")
    report.claim(
        "one agency's rows of 1,000,000 under policy, in times of the semi-join",
        timings[policy.name].median / timings[bare.name].median,
        "times",
        at_most=2,
    )
    finish(report, options.json)


def _partner(number: int) -> Staff:
    agency = Agency.objects.using("admin").create(
        name=f"Partner {number}", kind=AgencyKind.SHELTER, regime=Regime.VICTIM_SERVICES
    )
    return Staff.objects.using("admin").create(agency=agency, display_name="Partner", role=Role.PARTNER)


if __name__ == "__main__":
    main()
