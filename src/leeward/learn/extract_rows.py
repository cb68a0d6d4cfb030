"""The rows of an extract: what results need of a record, under names that lead back to nobody.

No name, no code, no free text, no id of the database, ages by band, and nobody who declined research use. People are
read in chunks of 500, each in a transaction of its own, so memory is bounded and a "no" that is recorded meanwhile is
heeded for everybody who was not yet read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db import connections, transaction

from leeward.people.models import Agency
from leeward.rules.conditions import Named, Type
from leeward.rules.protocol import KINDS

from .pseudonyms import Pseudonyms

CHUNK: Final = 500
REPORTER: Final = "reporter"
#: Texts in events that are codes of closed lists, or tell which tool was used; every other text stays inside.
_CODES: Final = frozenset(
    {"tool", "version", "mode", "language", "instrument", "band", "service", "purpose", "outcome", "about", "reason"}
)
_REASONS: Final = frozenset({"case.closed", "report.not_required", "referral.declined"})
_AGENCIES: Final = frozenset({"recipient", "to"})
#: The first year of each band: the youngest that is told of anybody.
BANDS: Final = ((0, "0-11"), (12, "12-14"), (15, "15-17"), (18, "18-24"), (25, "25-34"), (35, "35-44"), (45, "45+"))
_LONGEST_CODE: Final = 40
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(slots=True)
class Chunk:
    """The rows of some people, and how many declined research use."""

    clients: list[tuple[object, ...]] = field(default_factory=list)
    events: list[tuple[object, ...]] = field(default_factory=list)
    scores: list[tuple[object, ...]] = field(default_factory=list)
    left_out: int = 0


def chunks(agency: Agency, *, now: datetime, using: str = REPORTER, names: Pseudonyms) -> Iterator[Chunk]:
    """The people of an agency, 500 at a time, each time in a transaction of its own."""
    after = UUID(int=0)
    tidy = _tidier(names)
    while True:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(_CLIENTS, [agency.pk, now, after, CHUNK])
            clients = cursor.fetchall()
            if not clients:
                return
            after = clients[-1][0]
            ids = [row[0] for row in clients]
            cursor.execute(_SCORES, [now, agency.pk, ids, now])
            scores = cursor.fetchall()
            cursor.execute(_EVENTS, [agency.pk, ids, now])  # read last: these say who declined
            events = cursor.fetchall()
        yield _chunk(clients, scores, events, names, tidy)


_CLIENTS: Final = """
SELECT id, created_at, protocol_version, county, language FROM people_client
 WHERE agency_id = %s AND created_at <= %s AND id > %s ORDER BY id LIMIT %s
"""
_EVENTS: Final = """
SELECT client_id, id, kind, occurred_at, recorded_at, actor_id, actor_role, subject, data::text, supersedes_id
  FROM people_event WHERE agency_id = %s AND client_id = ANY(%s) AND recorded_at <= %s
 ORDER BY client_id, occurred_at, recorded_at, id
"""
_SCORES: Final = """
SELECT m.client_id, m.instrument, m.taken_at, m.total FROM treat_measure m
  LEFT JOIN treat_measure c ON c.corrects_id = m.id AND c.recorded_at <= %s
 WHERE m.agency_id = %s AND m.client_id = ANY(%s) AND m.recorded_at <= %s AND m.total IS NOT NULL AND c.id IS NULL
 ORDER BY m.client_id, m.taken_at, m.id
"""


def _chunk(
    clients: Sequence[tuple[object, ...]],
    scores: Sequence[tuple[object, ...]],
    events: Sequence[tuple[object, ...]],
    names: Pseudonyms,
    tidy: Callable[[str, str], str],
) -> Chunk:
    found = Chunk()
    of: dict[object, list[tuple[object, ...]]] = defaultdict(list)
    for event in events:
        of[event[0]].append(event)
    measured: dict[object, list[tuple[object, ...]]] = defaultdict(list)
    for score in scores:
        measured[score[0]].append(score)
    for pk, created_at, protocol_version, county, language in clients:
        mine = of[pk]
        superseded = {event[9] for event in mine if event[9] is not None}
        if any(event[2] == "research.declined" and event[1] not in superseded for event in mine):
            found.left_out += 1
            continue
        client = names.of("client", str(pk))
        places = {event[1]: f"{client}-{number:05}" for number, event in enumerate(mine)}
        first = next((event for event in mine if event[2] == "client.registered"), None)
        said = json.loads(str(first[8])) if first else {}
        found.clients.append(
            (
                client,
                first[3] if first else created_at,
                protocol_version or None,
                county or None,
                county or None,
                language or None,
                _band(said.get("age_at_contact")),
                said.get("is_minor") if isinstance(said.get("is_minor"), bool) else None,
                _short(said.get("source")),
            )
        )
        for _client, pk_event, kind, occurred, recorded, actor, role, subject, data, supersedes in mine:
            found.events.append(
                (
                    places[pk_event], client, kind, occurred, recorded, names.of("staff", str(actor)), role,
                    names.optional("subject", subject), tidy(str(kind), str(data)), places.get(supersedes),
                )
            )  # fmt: skip
        found.scores += [(client, instrument, taken, total) for _c, instrument, taken, total in measured[pk]]
    return found


def _tidier(names: Pseudonyms) -> Callable[[str, str], str]:
    """What of an event's data may leave, as JSON. Alike data come often, so the answer is kept."""

    @lru_cache(maxsize=50_000)
    def tidy(kind: str, text: str) -> str:
        known = KINDS[kind].fields if kind in KINDS else {}
        kept = {
            name: value
            for name, given in json.loads(text).items()
            if name in known
            and (value := _allowed(kind, name, known[name].type, known[name].one_of, given, names)) is not None
        }
        return json.dumps(kept, separators=(",", ":"), sort_keys=True)

    return tidy


def _allowed(
    kind: str, name: str, type_: Type, one_of: Sequence[object], given: object, names: Pseudonyms
) -> object | None:
    """The value as it leaves; None if it stays. A text leaves if it is a code."""
    if name in _AGENCIES:
        return names.of("agency", str(given)) if isinstance(given, str) and _is_id(given) else None
    if name == "age_at_contact":
        return max((first for first, _band_name in BANDS if isinstance(given, int) and first <= given), default=None)
    if name in ("county", "source"):
        return None  # they stand in the table of clients
    if type_ is Type.TEXT and not one_of:
        if name not in _CODES or (name == "reason" and kind not in _REASONS):
            return None
        return _short(given)
    if (one_of and given not in one_of) or not _fits(type_, given):
        return None
    if type_ is Type.LIST:
        return [code for code in given if _short(code)] if isinstance(given, list) else None
    return given


def _fits(type_: Type, given: object) -> bool:
    """Whether it is what the vocabulary says: a typed word never leaves as a number, a yes or a day."""
    match type_:
        case Type.INTEGER:
            return isinstance(given, int) and not isinstance(given, bool)
        case Type.BOOLEAN:
            return isinstance(given, bool)
        case Type.DATE:
            return isinstance(given, str) and _DAY.fullmatch(given) is not None
        case _:
            return True


def vocabulary() -> dict[str, dict[str, object]]:
    """What the data of each kind of event may hold in an extract, for its dictionary."""
    return {
        kind: {name: _said(named) for name, named in known.fields.items() if _may_leave(kind, name, named)}
        for kind, known in KINDS.items()
    }


def _may_leave(kind: str, name: str, named: Named) -> bool:
    if name in _AGENCIES or name == "age_at_contact":
        return True
    if named.type is Type.TEXT and not named.one_of:
        return name in _CODES and (name != "reason" or kind in _REASONS)
    return name not in ("county", "source")


def _said(named: Named) -> object:
    return list(named.one_of) if named.one_of else named.type.value


def _short(given: object) -> str | None:
    """A code: short, of small letters, digits and a few signs. Whatever a person typed is none."""
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_CODE:
        return None
    return given if all(sign.isascii() and (sign.isalnum() or sign in "_-.") for sign in given) else None


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _band(age: object) -> str | None:
    if isinstance(age, int) and not isinstance(age, bool):
        return next((name for first, name in reversed(BANDS) if age >= first), None)
    return None


def staff(agency: Agency, *, using: str = REPORTER, names: Pseudonyms) -> list[tuple[object, ...]]:
    """One row a completed course; who has none still has a row. Who left is there for what they did."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT s.id, s.role, s.is_active, c.completed_on, c.course FROM people_staff s "
            "LEFT JOIN people_completion c ON c.staff_id = s.id AND c.agency_id = s.agency_id WHERE s.agency_id = %s",
            [agency.pk],
        )
        found = [(names.of("staff", str(pk)), *rest) for pk, *rest in cursor.fetchall()]
    return sorted(found, key=lambda row: (row[0], str(row[3]), str(row[4])))


def agencies(*, using: str = REPORTER, names: Pseudonyms) -> list[tuple[object, ...]]:
    """Which kind each agency is, so that a permission for one can be told to cover what its kind was sent."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT id, kind FROM people_agency")
        return sorted((names.of("agency", str(pk)), kind) for pk, kind in cursor.fetchall())
