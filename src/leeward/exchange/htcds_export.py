"""Cases in the Human Trafficking Case Data Standard for one agency: only of who permitted it, on record for each.

People are decided 500 at a time, each time anew and in a transaction of its own, which notes on each person's own list
what leaves before a line of it is written. Records bear names that lead back to nobody and that no other file shares.
"""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import connections, transaction

from leeward.learn.pseudonyms import Pseudonyms
from leeward.people.models import Agency, Client
from leeward.protect.decision import records_of
from leeward.protect.errors import NotPermitted
from leeward.protect.models import Disclosure, Grant
from leeward.protect.notices import Carried, carried
from leeward.protect.queries import active

from .errors import ExchangeError
from .htcds import FILLED, Happened, misfits, record

ADMIN: Final = "admin"
CHUNK: Final = 500
CLASSES: Final = frozenset({"existence", "case"})
EXIT: Final = "htcds"
_KINDS: Final = ("screening.completed", "case.closed", "case.reopened", "referral.sent", "aftercare.contacted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """How many records were written, and how many people did not permit it."""

    written: int
    not_permitted: int


@dataclass(frozen=True, slots=True)
class _Permitted:
    client: Client
    given: Grant
    carried: Carried


def export(
    centre: Agency,
    recipient: Agency,
    out: Path,
    *,
    now: Callable[[], datetime],
    progress: Callable[[int], None] = lambda n: None,
) -> Exported:
    """Write `htcds.csv` and `notice.txt` for the recipient to a folder. Raises ExchangeError if nobody permitted it."""
    names = Pseudonyms()
    written = seen = 0
    notices: dict[str, None] = {}
    out.mkdir(parents=True, exist_ok=True)
    part = out / ".htcds.csv.part"
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["record", *FILLED], lineterminator="\n")
            writer.writeheader()
            for clients in _chunks(centre):
                with transaction.atomic(using=ADMIN):
                    permitted = _permitted(clients, recipient, now())
                    rows = _rows(permitted, names)
                    _note(permitted, recipient, now())
                writer.writerows(rows)  # after the ledger was committed
                notices |= dict.fromkeys(
                    text for each in permitted for text in (*each.carried.texts, each.carried.scope)
                )
                written += len(rows)
                seen += len(clients)
                progress(seen)
        if not written:
            raise ExchangeError(
                "Nobody has permitted this agency to have their case.", hint="A permission for `case` is needed first."
            )
        (out / "notice.txt").write_text("\n\n".join(text for text in notices if text) + "\n", encoding="utf-8")
        os.replace(part, out / "htcds.csv")
    finally:
        part.unlink(missing_ok=True)
    return Exported(written=written, not_permitted=seen - written)


def _chunks(centre: Agency) -> Iterator[list[Client]]:
    after = UUID(int=0)
    while True:
        people = Client.objects.using(ADMIN).filter(agency_id=centre.pk, pk__gt=after)
        found = list(people.select_related("agency").order_by("pk")[:CHUNK])
        if not found:
            return
        after = found[-1].pk
        yield found


def _permitted(clients: list[Client], recipient: Agency, at: datetime) -> list[_Permitted]:
    """Whose case may leave to the recipient at that moment, by the one decision; a restriction beats every grant."""
    records = records_of(*clients, using=ADMIN)
    grants = active(Grant.objects.using(ADMIN).filter(client__in=clients, recipient=recipient), at)
    held: dict[UUID, list[Grant]] = defaultdict(list)
    for given in grants.order_by("-ends_at"):
        held[given.client_id].append(given)
    found = []
    for client in clients:
        mine = [each for each in records if each.client == str(client.pk)]
        for given in held[client.pk]:
            try:
                what = carried(
                    client=client, recipient=recipient, given=given, classes=CLASSES, at=at, records=mine
                )  # fmt: skip
            except NotPermitted:
                continue
            if what.classes >= CLASSES:
                found.append(_Permitted(client, given, what))
                break
    return found


def _rows(permitted: list[_Permitted], names: Pseudonyms) -> list[dict[str, str]]:
    ids = [each.client.pk for each in permitted]
    events: dict[UUID, list[Happened]] = defaultdict(list)
    with connections[ADMIN].cursor() as cursor:
        cursor.execute(_EVENTS, [ids, list(_KINDS)])
        for client, kind, data in cursor.fetchall():
            events[client].append((kind, json.loads(data) if isinstance(data, str) else data))
    rows = []
    for each in permitted:
        row = record(each.client.language, events[each.client.pk])
        if wrong := misfits(row):
            raise ExchangeError(wrong[0], hint="This is a defect: no record was written.")
        rows.append({"record": names.of("record", str(each.client.pk)), **row})
    return rows


_EVENTS: Final = """
SELECT e.client_id, e.kind, e.data::text FROM people_event e
 WHERE e.client_id = ANY(%s) AND e.kind = ANY(%s)
   AND NOT EXISTS (SELECT FROM people_event c WHERE c.supersedes_id = e.id)
 ORDER BY e.client_id, e.occurred_at, e.recorded_at, e.id
"""


def _note(permitted: list[_Permitted], recipient: Agency, at: datetime) -> None:
    """On each person's own list: what leaves, to whom, under which permission, with which notices."""
    Disclosure.objects.using(ADMIN).bulk_create(
        Disclosure(
            agency_id=each.client.agency_id,
            client=each.client,
            recipient=recipient,
            grant=each.given,
            basis=each.carried.basis,
            purpose=each.given.purpose,
            data_classes=sorted(CLASSES),
            fields=sorted(FILLED),
            notices=sorted(notice.code for notice in each.carried.notices),
            exit=EXIT,
            disclosed_at=at,
        )
        for each in permitted
    )
