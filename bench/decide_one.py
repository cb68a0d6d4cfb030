"""One consent decision at a time, reasons included, against Cedar with the caller's slice.

Claims: with 300,000 grants in force `decide()` answers 10 times as many requests a second as Cedar (cedarpy), and takes
as long as with 10,000.

Both sides answer the same requests, of which about half are permitted, and must give the same answers. Cedar gets only
what bears on the request: its policies parsed beforehand, and two entities, the recipient and the client with what was
granted to this recipient, as JSON made beforehand. Looking the slice up and writing it is not counted. With the slice
parsed beforehand too, which would mean to keep a handle for every client and recipient, it is told as a note.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import log
from random import Random

from cedarpy import Decision, Entities, PolicySet, is_authorized
from measure import Side, arguments, begin, finish, interleaved

from leeward import catalogue
from leeward.rules.consent import (
    DataClass,
    Grant,
    GrantBook,
    Method,
    Outcome,
    Purpose,
    RecipientKind,
    Regime,
    Request,
    Restriction,
    Row,
    decide,
    elements_of,
)

SIZES = (10_000, 100_000, 300_000)
REQUESTS = 40_000
#: Cedar answers fewer requests in a round, so that a round lasts about as long.
THEIRS = 2_000
LAW = catalogue.law()
ZONE, NOW = "America/Chicago", datetime(2026, 10, 9, 17, tzinfo=UTC)
RECIPIENTS = {
    "harbour": RecipientKind.SHELTER,
    "county": RecipientKind.SOCIAL_SERVICES,
    "counsel": RecipientKind.LEGAL_AID,
    "sheriff": RecipientKind.LAW_ENFORCEMENT,
}
PURPOSES = (Purpose.COORDINATION, Purpose.PROTECTION)
CLASSES = tuple(DataClass)
REGIMES = frozenset({Regime.HIPAA, Regime.VICTIM_SERVICES})
FORM = elements_of(LAW, "release-2", Method.SIGNED, "en")
#: One client in twenty has said no to one recipient.
ONE_IN = 20


@dataclass(frozen=True, slots=True)
class Centre:
    """The records of a centre with so many grants in force, and requests about them."""

    size: int
    records: tuple[Grant | Restriction, ...]
    requests: tuple[Request, ...]


def centre(size: int) -> Centre:
    """Each client granted two purposes to each of the four recipients, for four classes each."""
    random = Random(size)
    pairs = [(recipient, purpose) for recipient in RECIPIENTS for purpose in PURPOSES]
    clients = [f"client-{number:06}" for number in range(size // len(pairs))]
    grants = [
        Grant(
            id=f"{client}-{recipient}-{purpose}",
            client=client,
            recipient=recipient,
            classes=frozenset(random.sample(CLASSES, 4)),
            purpose=purpose,
            starts_at=NOW - timedelta(minutes=random.randrange(1, 20_000)),
            last_day=date(2026, 10, 10) + timedelta(days=random.randrange(30)),
            elements=FORM,
        )
        for client in clients
        for recipient, purpose in pairs
    ]
    noes = [
        Restriction(id=f"{client}-no", client=client, recipient=random.choice(list(RECIPIENTS)), starts_at=NOW)
        for client in clients[::ONE_IN]
    ]
    requests = [_request(random, random.choice(grants)) for _ in range(REQUESTS)]
    return Centre(size, (*grants, *noes), tuple(requests))


def _request(random: Random, grant: Grant) -> Request:
    """About what was granted two times in three, else about any class."""
    return Request(
        client="".join(grant.client),
        data_class=random.choice(CLASSES if random.randrange(3) == 0 else sorted(grant.classes)),
        regimes=REGIMES,
        recipient=grant.recipient,
        recipient_kind=RECIPIENTS[grant.recipient],
        purpose=grant.purpose,
        at=NOW,
        zone=ZONE,
    )


def policies() -> PolicySet:
    """Who was granted what, who was barred, and what the law never permits: the least that decides these requests."""
    granted = " || ".join(
        f"""(context.purpose == "{purpose}" && resource.{purpose}.classes.contains(context.data_class)
             && resource.{purpose}.starts <= context.now && context.now < resource.{purpose}.ends)"""
        for purpose in PURPOSES
    )
    return PolicySet.from_str(
        f"""@id("grant") permit(principal, action == Action::"read", resource) when {{ {granted} }};
        @id("restriction") forbid(principal, action == Action::"read", resource) when {{ resource.barred }};"""
        + "".join(_never(row) for row in LAW.rows if row.outcome is Outcome.NEVER and _binds(row))
    )


def _binds(row: Row) -> bool:
    return row.regimes is None or bool(row.regimes & REGIMES)


def _never(row: Row) -> str:
    """A row of the table that forbids, as a policy; a condition that holds for all is left out."""
    conditions = [
        f"{json.dumps(sorted(values))}.contains({asked})"
        for values, all_of_them, asked in (
            (row.classes, DataClass, "context.data_class"),
            (row.recipients, RecipientKind, "principal.kind"),
            (row.purposes, Purpose, "context.purpose"),
        )
        if len(values) < len(all_of_them)
    ]
    return (
        f'@id("{row.id}") forbid(principal, action == Action::"read", resource) when {{ {" && ".join(conditions)} }};\n'
    )


def question(request: Request) -> dict[str, object]:
    return {
        "principal": {"type": "Agency", "id": request.recipient},
        "action": {"type": "Action", "id": "read"},
        "resource": {"type": "Client", "id": request.client},
        "context": {
            "data_class": request.data_class.value,
            "purpose": request.purpose.value,
            "now": int(request.at.timestamp()),
        },
    }


def caller_slice(request: Request, book: GrantBook) -> str:
    """The two entities of a request, as JSON."""
    granted = {
        grant.purpose.value: {
            "classes": sorted(grant.classes | {DataClass.EXISTENCE}),
            "starts": int(grant.starts_at.timestamp()),
            "ends": int(grant.ends_at(ZONE).timestamp()),
        }
        for grant in book.grants(request.client, request.recipient)
    }
    barred = any(no.recipient == request.recipient for no in book.restrictions(request.client))
    recipient = {"kind": request.recipient_kind.value}
    return json.dumps(
        [
            {"uid": {"type": "Agency", "id": request.recipient}, "attrs": recipient, "parents": []},
            {"uid": {"type": "Client", "id": request.client}, "attrs": {**granted, "barred": barred}, "parents": []},
        ]
    )


def ours(size: int, book: GrantBook, requests: tuple[Request, ...]) -> Side:
    def run() -> None:
        for request in requests:
            decide(request, book, LAW)

    return Side(f"decide(), {size:,} grants in force", len(requests), run)


def ours_with_requests(size: int, book: GrantBook, requests: tuple[Request, ...]) -> Side:
    """The same with the request made each time from its parts."""
    parts = [
        (one.client, one.data_class, one.regimes, one.recipient, one.recipient_kind, one.purpose, one.at, one.zone)
        for one in requests
    ]

    def run() -> None:
        for client, data_class, regimes, recipient, kind, purpose, at, zone in parts:
            request = Request(
                client=client,
                data_class=data_class,
                regimes=regimes,
                recipient=recipient,
                recipient_kind=kind,
                purpose=purpose,
                at=at,
                zone=zone,
            )
            decide(request, book, LAW)

    return Side(f"decide() with the request made too, {size:,} grants", len(requests), run)


def theirs(name: str, asked: list[tuple[dict[str, object], str]], read: Callable[[str], str | Entities]) -> Side:
    rules = policies()
    prepared = [(request, read(entities)) for request, entities in asked]

    def run() -> None:
        for request, entities in prepared:
            is_authorized(request, rules, entities)

    return Side(name, len(prepared), run)


def differences(found: Centre, book: GrantBook) -> tuple[int, float]:
    """How many answers of the two sides differ, and the share of the requests that is permitted."""
    rules = policies()
    differ = permitted = 0
    for request in found.requests[:THEIRS]:
        decision = decide(request, book, LAW)
        answer = is_authorized(question(request), rules, caller_slice(request, book))
        differ += decision.permitted is not (answer.decision is Decision.Allow)
        permitted += decision.permitted
    return differ, permitted / THEIRS


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--grants", type=int, nargs="+", default=SIZES, help="how many are in force, in rising order")
    options = parser.parse_args()
    fewest, most_grants = options.grants[0], options.grants[-1]
    report = begin(__file__, "cedarpy")
    centres = [centre(size) for size in options.grants]
    books = [GrantBook(found.records) for found in centres]
    largest, most = centres[-1], books[-1]
    differ, permitted = differences(largest, most)
    asked = [
        [(question(request), caller_slice(request, book)) for request in found.requests[:THEIRS]]
        for found, book in zip(centres, books, strict=True)
    ]
    decided = [ours(found.size, book, found.requests) for found, book in zip(centres, books, strict=True)]
    cedar = [
        theirs(f"Cedar with the slice of the caller, {found.size:,} grants", few, str)
        for found, few in zip(centres, asked, strict=True)
    ]
    parsed = theirs("Cedar, the slice parsed beforehand", asked[-1], Entities.from_json_str)
    whole = ours_with_requests(largest.size, most, largest.requests)
    timings = interleaved([*decided, *cedar, parsed, whole], rounds=options.rounds)
    for timing in timings.values():
        report.timing(timing, "decisions")
    rate = {name: timing.rate for name, timing in timings.items()}
    report.note("requests permitted", permitted * 100, "%")
    report.note(
        "decide() against Cedar with the slice parsed beforehand", rate[decided[-1].name] / rate[parsed.name], "times"
    )
    report.note(
        "decide() with the request made too, against Cedar with the slice",
        rate[whole.name] / rate[cedar[-1].name],
        "times",
    )
    flatness = rate[decided[0].name] / rate[decided[-1].name]
    report.note("log-log slope of time over grants", log(flatness) / log(most_grants / fewest))
    report.claim("answers that differ from Cedar's", differ, f"of {THEIRS:,}", at_most=0)
    report.claim(
        f"decide(), {most_grants:,} grants in force, against Cedar with the slice",
        rate[decided[-1].name] / rate[cedar[-1].name],
        "times",
        at_least=10,
    )
    report.claim(f"time with {most_grants:,} grants in times of {fewest:,}", flatness, "times", at_most=1.5)
    finish(report, options.json)


if __name__ == "__main__":
    main()
