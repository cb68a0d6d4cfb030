"""The cases that survivors let one agency have, as a table of the Human Trafficking Case Data Standard.

Who is in it, and which fields, is decided by the database for each person when their line is made, in parts of at most
500, each a transaction of its own: what is taken back meanwhile, the next part knows. A line is noted on the person's
own list before it leaves. Nobody has a name in it: each export draws its own pseudonyms, which lead nowhere.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leeward import catalogue, definitions
from leeward.evidence.threshold import Threshold
from leeward.learn.pseudonyms import Pseudonyms
from leeward.people.errors import PeopleError
from leeward.people.models import Agency, AgencyKind, Client, Event, Staff
from leeward.protect import actions as protect
from leeward.protect import audit, chunks
from leeward.protect.age import Recipient
from leeward.protect.decision import records_of
from leeward.protect.errors import NoticeMissing, NotPermitted
from leeward.protect.middleware import be
from leeward.protect.models import Export, Grant, Purpose
from leeward.protect.notices import Carried, carried
from leeward.protect.spreadsheet import row

from . import sealed_file
from .htcds import FILLED, record

#: What stands on the person's list for each field of the standard: a plain word, and none that says what this is about.
SAID: Final = {
    "con_Consent": "consent",
    "prs_PrimaryLanguage": "language",
    "vic_TraffickingStatus": "result",
    "cas_Status": "status",
    "cas_ReasonForCaseClosure": "why_closed",
    "cas_ReasonForOutgoingReferral": "why_referred",
    "spl_Type": "services",
}
#: Fields that say something of who the person is, and not of their case.
_OF_THE_PERSON: Final = ("prs_PrimaryLanguage", "identity")
#: After the fields of the standard: until when, under which permission, which rules, which export (X-01, C-06).
MARKS: Final = ("use_until", "scope", "rules", "export")
COLUMNS: Final = ("record", *FILLED, *MARKS)


@dataclass(slots=True)
class Made:
    """What was written so far."""

    people: int = 0
    notices: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person's line, empty if nothing of theirs may leave, and where the next part begins."""

    client_id: UUID
    text: str


def open_export(*, by: Staff, recipient: Agency, purpose: str, last_day: date, now: datetime) -> Export:
    """Begin an export, in the transaction of who asks. Raises PeopleError where recipient, purpose or day can't be."""
    if recipient.kind == AgencyKind.CENTRE:
        raise PeopleError(_("The centre itself needs no export."), _("Name an agency of the directory."))
    if purpose not in Purpose.values:
        raise PeopleError(
            _("“%(purpose)s” is no purpose.") % {"purpose": purpose[:40]},
            _("Known: %(known)s.") % {"known": ", ".join(Purpose.values)},
        )
    if last_day < timezone.localdate(now):
        raise PeopleError(_("The last day is over."), _("Name a day to come."))
    export = Export.objects.create(
        number=f"X{secrets.token_hex(4)}".upper(),
        agency_id=by.agency_id,
        recipient=recipient,
        purpose=purpose,
        last_day=last_day,
        asked_by=by,
        asked_at=now,
    )
    audit.saw(by=by, action="asked export", subject=export.number)
    return export


def table(
    export: Export, *, by: Staff, token: str, made: Made, progress: Callable[[int], None] = lambda people: None
) -> Iterator[bytes]:
    """The table as CSV, part by part; `made` is filled meanwhile. Raises AskerGone if the asker may not go on."""
    digest, names = sha256(), Pseudonyms()

    def said(text: str) -> bytes:
        content = text.encode("utf-8")
        digest.update(content)
        return content

    yield said(row(COLUMNS))
    for part in chunks.in_chunks(lambda last: _next(export, by, names, made, last), by=by, token=token):
        made.people += sum(bool(line.text) for line in part)
        progress(made.people)
        yield said("".join(line.text for line in part))
    made.digest, made.whole = digest.hexdigest(), True


_WHO: Final = """
SELECT client_id, array_agg(DISTINCT data_class), (array_agg(grant_id ORDER BY grant_id DESC))[1]
  FROM ctx.my_exports() WHERE export_id = %s AND client_id > %s GROUP BY client_id ORDER BY client_id LIMIT %s
"""


def _next(export: Export, by: Staff, names: Pseudonyms, made: Made, last: Line | None) -> list[Line]:
    """The next people whom permissions cover now; each is on the person's list before their line leaves."""
    after = last.client_id if last else UUID(int=0)
    with connection.cursor() as cursor:
        cursor.execute(_WHO, [export.pk, after, chunks.MOST])
        who: list[tuple[UUID, list[str], UUID]] = cursor.fetchall()
    clients = Client.objects.select_related("agency").in_bulk([client for client, _classes, _grant in who])
    grants = Grant.objects.in_bulk([grant for _client, _classes, grant in who])
    records, now = records_of(*clients.values()), timezone.now()
    copies: list[protect.Copy] = []
    for client_id, classes, grant in who:
        try:
            goes = carried(
                client=clients[client_id],
                recipient=export.recipient,
                given=grants[grant],
                classes=classes,
                at=now,
                records=records,
            )
        except (NotPermitted, NoticeMissing):
            continue
        copies.append(
            protect.Copy(
                client=clients[client_id],
                recipient=export.recipient,
                given=grants[grant],
                carried=goes,
                classes=goes.classes & frozenset(classes),
                fields=frozenset(),
            )
        )
    happened = _happened([copy.client.pk for copy in copies])
    texts: dict[UUID, str] = {}
    noted: list[protect.Copy] = []
    for copy in copies:
        cells = _cells(copy, clients[copy.client.pk].language, happened[copy.client.pk])
        filled = frozenset(SAID[name] for name, text in cells.items() if text)
        noted.append(replace(copy, fields=filled))
        texts[copy.client.pk] = _line(export, copy.given, copy.carried, names.of("record", str(copy.client.pk)), cells)
    protect.disclose(by=by, copies=noted, exit_name=f"export {export.number}", now=now)
    for copy in copies:
        made.notices.update({notice.code: notice.words.in_("en") for notice in copy.carried.notices})
    return [Line(client_id=client_id, text=texts.get(client_id, "")) for client_id, _classes, _grant in who]


def _cells(copy: protect.Copy, language: str, events: Sequence[tuple[str, dict[str, object], str]]) -> dict[str, str]:
    """The fields of the standard, from what of the record the permission covers."""
    name, data_class = _OF_THE_PERSON
    cells = record(language, [(kind, data) for kind, data, of in events if of in copy.classes])
    return cells if data_class in copy.classes else cells | {name: ""}


def _line(export: Export, given: Grant, goes: Carried, name: str, cells: dict[str, str]) -> str:
    until = min(export.last_day, given.last_day).isoformat()
    rules = ";".join(sorted(notice.code for notice in goes.notices))
    return row([name, *(cells[each] for each in FILLED), until, goes.scope, rules, export.number])


def _happened(clients: Sequence[UUID]) -> defaultdict[UUID, list[tuple[str, dict[str, object], str]]]:
    """What counts of these people's events, in order; of each only what the database shows for this export."""
    events = Event.objects.filter(client_id__in=clients)
    superseded = events.filter(supersedes__isnull=False).values("supersedes")
    found: defaultdict[UUID, list[tuple[str, dict[str, object], str]]] = defaultdict(list)
    for client_id, kind, data, data_class in (
        events.exclude(pk__in=superseded)
        .order_by("client_id", "occurred_at", "recorded_at", "id")
        .values_list("client_id", "kind", "data", "data_class")
    ):
        found[client_id].append((kind, data, data_class))
    return found


def write(
    export: Export,
    out: Path,
    *,
    by: Staff,
    token: str,
    to: Recipient | None,
    progress: Callable[[int], None] = lambda people: None,
) -> Made:
    """Write the table, what it is, and the notice that goes with it, as one file for its recipient.

    Raises SealedFileError, and AskerGone if the asker may not go on: then no file is left. What was noted on people's
    lists until then stays there, because it was about to leave.
    """
    made = Made()
    members: list[sealed_file.Member] = [
        ("records.csv", lambda: table(export, by=by, token=token, made=made, progress=progress)),
        ("manifest.json", lambda: [(json.dumps(manifest(export, by, made), indent=2) + "\n").encode()]),
        ("READ-FIRST.txt", lambda: [notice(export, by, made).encode()]),
    ]
    try:
        sealed_file.write(members, out, to=to)
    finally:
        close_export(export, token=token, made=made)
    return made


def close_export(export: Export, *, token: str, made: Made) -> None:
    """Write down how it ended; from then on it opens nothing."""
    with transaction.atomic():
        be(token)
        Export.objects.filter(pk=export.pk, finished_at__isnull=True).update(
            finished_at=timezone.now(), people=made.people, digest=made.digest
        )


def left_out(export: Export, *, token: str, made: Made) -> str:
    """How many people of the centre are not in it, for who asked; a small number is not told."""
    with transaction.atomic():
        be(token)
        others = Client.objects.filter(agency_id=export.agency_id).count() - made.people
    least = Threshold().k
    return str(others) if others == 0 or others >= least else _("fewer than %(least)s") % {"least": least}


def manifest(export: Export, by: Staff, made: Made) -> dict[str, object]:
    """What the recipient must know of the table. It says nothing of who is not in it."""
    protocol = definitions.read("protocol", settings.LEEWARD_PROTOCOL)
    return {
        "export": export.number,
        "standard": "Human Trafficking Case Data Standard 2.0 (IOM), one line a case",
        "from": by.agency.name,
        "to": export.recipient.name,
        "purpose": export.purpose,
        "made_at": export.asked_at.isoformat(),
        "use_until": export.last_day.isoformat(),
        "rows": made.people,
        "columns": list(COLUMNS),
        "table_sha256": made.digest,
        "notices": made.notices,
        "definitions": {
            "protocol": settings.LEEWARD_PROTOCOL,
            "protocol_sha256": sha256(protocol.encode()).hexdigest(),
            "law": settings.LEEWARD_LAW,
            "law_version": catalogue.law(settings.LEEWARD_LAW).version,
            "leeward": version("leeward"),
        },
    }


def notice(export: Export, by: Staff, made: Made) -> str:
    """The same in words, as the first thing that somebody reads who opens the file."""
    mark = (
        f"CONFIDENTIAL. Export {export.number}, from {by.agency.name}, only for {export.recipient.name}. "
        f"For: {Purpose(export.purpose).label}. To be deleted after {export.last_day.isoformat()}, and each line after "
        "its own `use_until`."
    )
    return "\n\n".join([mark, *(f"{code}: {words}" for code, words in sorted(made.notices.items()))]) + "\n"
