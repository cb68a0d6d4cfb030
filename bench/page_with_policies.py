"""One client's pages, as a care team opens them all day: with row security, the look-up of the token and the audit
record, and without any of the three.

Claim: at most 1.3 times. Both sides are whole requests through every middleware, answered with the same page. Without
is the same code on a connection that no policy concerns (a superuser's, with triggers off), where nobody passes a token
and nothing is recorded. The signing in itself (session cookie, account) is on both sides.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from append_event import record
from cases import recordable_cases
from django.conf import settings
from django.db import connections
from django.test import Client as Browser
from measure import Side, arguments, begin, finish, interleaved, say
from world import clinician, crowd, fresh_database

from leeward.people.models import CareTeamMember, Client
from leeward.protect import audit, middleware

CASES, EVENTS, PAGES = 30, 50, 20
#: What is opened of one client: the page that everything starts from, and the picture of their way.
ADDRESSES = ("/p/{code}/", "/p/{code}/pathway/")


@contextmanager
def unguarded() -> Iterator[None]:
    """The pages' connection is one that no policy and no trigger concerns; no token is passed, nothing recorded."""
    own, admin = connections["default"], connections["admin"]
    bare = type(own)(
        {**own.settings_dict, **{key: admin.settings_dict[key] for key in ("USER", "PASSWORD")}}, "default"
    )
    connections["default"] = bare
    try:
        with bare.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
        with (
            patch.object(middleware, "be", lambda token: None),
            patch.object(audit, "saw", lambda **told: None),
            patch.object(audit, "listed", lambda **told: None),
        ):
            yield
    finally:
        bare.close()
        connections["default"] = own


def main() -> None:
    options = arguments(__doc__).parse_args()
    report = begin(__file__, "django", "psycopg")
    with fresh_database() as url:
        staff, token = clinician()
        crowd(url, staff)
        record(staff, token, recordable_cases(cases=CASES, events=EVENTS))
        mine = CareTeamMember.objects.using("admin").filter(staff=staff).values("client_id")
        code = Client.objects.using("admin").filter(pk__in=mine).order_by("code").values_list("code", flat=True)[0]
        browser = Browser()
        browser.cookies[settings.SESSION_COOKIE_NAME] = token
        pages: dict[tuple[str, bool], bytes] = {}

        def opened(address: str, *, guarded: bool) -> None:
            for _ in range(PAGES):
                answer = browser.get(address.format(code=code), headers={"host": "localhost"})
                if answer.status_code != 200:
                    raise AssertionError(f"{address} answered {answer.status_code}.")
                pages[address, guarded] = answer.content

        def bare(address: str) -> None:
            with unguarded():
                opened(address, guarded=False)

        for address in ADDRESSES:
            shown = address.format(code="…")
            sides = [
                Side(f"{shown} with policies, token and audit", PAGES, lambda a=address: opened(a, guarded=True)),
                Side(f"{shown} without", PAGES, lambda a=address: bare(a)),
            ]
            timings = interleaved(sides, rounds=options.rounds)
            guarded, plain = (timings[side.name] for side in sides)
            if len(pages[address, True]) != len(pages[address, False]):
                raise AssertionError(f"{address} is another page without policies.")
            say(f"  {shown}: {len(pages[address, True]):,} bytes on both sides")
            for timing in (guarded, plain):
                report.timing(timing, "pages")
            report.claim(
                f"{shown} with policies, in times of without", guarded.median / plain.median, "times", at_most=1.3
            )
    finish(report, options.json)


if __name__ == "__main__":
    main()
