"""What is in the database after something was killed: every acknowledged write, and no half of a use case."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.db import connections, transaction

from leeward.people import pathway
from leeward.people.models import Client, Staff
from leeward.protect import drafts
from leeward.protect.middleware import be
from leeward.protect.seal import ledger

from ..people.committed import read
from .at_work import Book

#: How many rows of each kind of write there are, by case code or by the reference of a referral.
COUNTED: Final = {
    "event": "SELECT c.code, count(*) FROM people_event e JOIN people_client c ON c.id = e.client_id"
    " WHERE e.kind = 'incident.reported' GROUP BY 1",
    "measure": "SELECT c.code, count(*) FROM treat_measure m JOIN people_client c ON c.id = m.client_id GROUP BY 1",
    "grant": "SELECT c.code, count(*) FROM protect_grant g JOIN people_client c ON c.id = g.client_id GROUP BY 1",
    "referral": "SELECT c.code, count(*) FROM coordinate_referral r JOIN people_client c ON c.id = r.client_id"
    " GROUP BY 1",
    "withdrawal": "SELECT c.code, count(*) FROM protect_withdrawal w JOIN people_client c ON c.id = w.client_id"
    " GROUP BY 1",
    "look": "SELECT r.reference, count(*) FROM protect_disclosure d JOIN coordinate_referral r"
    " ON r.client_id = d.client_id AND r.to_agency_id = d.recipient_id WHERE d.exit = 'referral' GROUP BY 1",
}
#: Of every person there is one of each at least: registering them is one use case.
OF_A_PERSON: Final = (
    "people_careteammember",
    "people_vaultkey",
    "people_event",
    "people_identityfield",
    "people_task",
    "protect_auditrecord",
)
#: Tables whose every inserted row the database itself notes on the audit record.
NOTED: Final = (
    "people_event",
    "people_identityfield",
    "treat_measure",
    "protect_grant",
    "protect_withdrawal",
    "coordinate_referral",
    "protect_disclosure",
    "protect_message",
)
#: What belongs together, as the rows that lack their other half.
TOGETHER: Final = {
    "a check-in without its event": "SELECT m.id FROM treat_measure m WHERE NOT EXISTS (SELECT FROM people_event e"
    " WHERE e.kind = 'measure.completed' AND e.client_id = m.client_id AND e.subject = m.id)",
    "an event without its check-in": "SELECT e.id FROM people_event e WHERE e.kind = 'measure.completed'"
    " AND NOT EXISTS (SELECT FROM treat_measure m WHERE m.id = e.subject AND m.client_id = e.client_id)",
    "a referral without its event": "SELECT r.id FROM coordinate_referral r WHERE NOT EXISTS"
    " (SELECT FROM people_event e WHERE e.kind = 'referral.sent' AND e.client_id = r.client_id AND e.subject = r.id)",
    "an event without its referral": "SELECT e.id FROM people_event e WHERE e.kind = 'referral.sent'"
    " AND NOT EXISTS (SELECT FROM coordinate_referral r WHERE r.id = e.subject AND r.client_id = e.client_id)",
    "a referral whose partner has no code": "SELECT r.id FROM coordinate_referral r WHERE NOT EXISTS (SELECT"
    " FROM people_partnercode p WHERE p.client_id = r.client_id AND p.partner_id = r.to_agency_id)",
    "permissions and events that differ": "SELECT c.id FROM people_client c WHERE (SELECT count(*) FROM protect_grant g"
    " WHERE g.client_id = c.id) <> (SELECT count(*) FROM people_event e WHERE e.client_id = c.id"
    " AND e.kind = 'consent.granted')",
    "a permission without its talk": "SELECT g.id FROM protect_grant g LEFT JOIN protect_consenttalk t"
    " ON t.id = g.talk_id AND t.client_id = g.client_id WHERE t.id IS NULL",
    "a talk without its permission": "SELECT t.id FROM protect_consenttalk t WHERE t.outcome = 'granted'"
    " AND NOT EXISTS (SELECT FROM protect_grant g WHERE g.talk_id = t.id)",
    "withdrawals and events that differ": "SELECT c.id FROM people_client c WHERE (SELECT count(*) FROM"
    " protect_withdrawal w WHERE w.client_id = c.id) <> (SELECT count(*) FROM people_event e WHERE e.client_id = c.id"
    " AND e.kind = 'consent.withdrawn')",
    "somebody who received something and is not asked": "SELECT DISTINCT d.grant_id FROM protect_disclosure d"
    " JOIN protect_withdrawal w ON w.grant_id = d.grant_id WHERE NOT EXISTS (SELECT FROM protect_message m"
    " WHERE m.grant_id = d.grant_id AND m.recipient_id = d.recipient_id AND m.kind = 'withdrawn')",
    "a message that was sent and not received": "SELECT m.id FROM protect_message m WHERE m.state = 'sent'"
    " AND m.recipient_id IS NOT NULL AND NOT EXISTS (SELECT FROM protect_notice n WHERE n.message_id = m.id)",
    "a message that was received and not sent": "SELECT n.message_id FROM protect_notice n WHERE NOT EXISTS (SELECT"
    " FROM protect_message m WHERE m.id = n.message_id AND m.state = 'sent')",
    "a disclosure that is not on the audit record": "SELECT c.id FROM people_client c WHERE (SELECT count(*)"
    " FROM protect_disclosure d WHERE d.client_id = c.id) <> (SELECT count(*) FROM protect_auditrecord a"
    " WHERE a.client_id = c.id AND a.action LIKE 'disclosed %%')",
}


def lost(book: Book) -> list[str]:
    """Acknowledged writes that are not there, and rows that nobody sent."""
    wrong: list[str] = []
    for kind, sql in COUNTED.items():
        there = {str(about): int(count) for about, count in read(sql)}
        for about, (least, most) in book.of_kind(kind).items():
            found = there.pop(about, 0)
            if not least <= found <= most:
                wrong.append(f"{kind} of {about}: {found}, must be {least} to {most}")
        wrong += [f"{kind} of {about}: {found}, nobody sent one" for about, found in there.items()]
    least, most = book.of_kind("person").get("", (0, 0))
    ((people,),) = read("SELECT count(*) FROM people_client")
    if not least <= people <= most:
        wrong.append(f"{people} people, must be {least} to {most}")
    return wrong


def halves() -> list[str]:
    """Use cases of which a part is there and another is not."""
    wrong: list[str] = []
    for table in OF_A_PERSON:
        lacking = f"SELECT c.id FROM people_client c WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.client_id = c.id)"
        wrong += [f"a person without {table}: {row[0]}" for row in read(lacking)]
    for table in NOTED:
        ((rows, noted),) = read(
            f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM protect_auditrecord"
            f" WHERE action = 'insert' AND (subject = '{table}' OR subject LIKE '{table} %%'))"
        )
        if rows != noted:
            wrong.append(f"{table}: {rows} rows, {noted} on the audit record")
    for what, sql in TOGETHER.items():
        wrong += [f"{what}: {row[0]}" for row in read(sql)]
    return wrong


def unplanned(codes: Iterable[str], token: str) -> Iterator[str]:
    """Of these people, as somebody on their team sees them: whose tasks are not what the protocol says of their events.

    The plan is derived as of the last event, as it was when the tasks were written.
    """
    with transaction.atomic():
        be(token)
        for client in Client.objects.filter(code__in=list(codes)):
            ((last,),) = read("SELECT max(recorded_at) FROM people_event WHERE client_id = %s", client.pk)
            planned = {
                (one.step, one.opened_at, one.closed_at)
                for one in pathway.plan_of(client, last + pathway.HORIZON).instances
            }
            stored = set(read("SELECT step, opened_at, closed_at FROM people_task WHERE client_id = %s", client.pk))
            if stored != planned:
                yield f"the tasks of {client.code} are not those of their events"


def forgotten(book: Book, places: Iterable[str], staff: Staff, token: str) -> Iterator[str]:
    """Drafts that are not what was last saved."""
    with transaction.atomic():
        be(token)
        for place in places:
            kept = drafts.find(by=staff, place=place) or {}
            if kept.get("words", [""])[0] not in book.drafts[place]:
                yield f"the draft of {place}"


def broken_chain() -> list[str]:
    """What is wrong with the sealed audit record, after what is new was sealed."""
    ledger.seal_all()
    verdict = ledger.verify()
    connections[ledger.AUDITOR].close()
    return [] if verdict.is_sound else [str(fault) for fault in verdict.faults] or ["the audit record is not sound"]
