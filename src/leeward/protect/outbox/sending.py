"""Sending, by the job worker: each message decided at the moment of sending, in a transaction of its own.

The decision, what the transport hands over, and the note that it was sent commit together: a worker that is killed at
any point has sent it once or not at all (O-03). While one is decided its permission is held, so that taking back waits
for it or it for taking back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connections, transaction

from leeward.people.codes import new_code
from leeward.people.models import new_id
from leeward.rules.contact import AnsweredBy, Channel, ContactRule, Verdict, Why, is_neutral, may_reach

from ..holding import hold
from .kinds import KINDS, Kind
from .models import State

WORKER = "worker"
MOMENT = 0.01
INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message as the worker has it: who keeps it, about whom, for which partner."""

    id: UUID
    agency_id: UUID
    client_id: UUID
    kind: str
    recipient_id: UUID | None
    grant_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the decision rests on, as it is now."""

    covered: bool
    closed: bool
    answered: bool
    partner_code: str | None
    rule: ContactRule | None


class Transport(Protocol):
    """Hands a message over, in the transaction that notes it as sent. One that leaves the database must pass on the
    message's id, by which the other side knows a repeated one."""

    def hand_over(self, message: Waiting, facts: Facts, now: datetime) -> None: ...


class PartnerInbox:
    """The partner's own pages in Leeward. The person stands in it by the code of this partner alone."""

    def hand_over(self, message: Waiting, facts: Facts, now: datetime) -> None:
        code = facts.partner_code or self._new_code(message)
        with connections[WORKER].cursor() as cursor:
            cursor.execute(
                "INSERT INTO protect_notice (message_id, agency_id, recipient_id, kind, partner_code, sent_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [message.id, message.agency_id, message.recipient_id, message.kind, code, now],
            )

    def _new_code(self, message: Waiting) -> str:
        """The partner's code for the person, made now, unless another worker was first."""
        with connections[WORKER].cursor() as cursor:
            cursor.execute(
                "INSERT INTO people_partnercode (id, agency_id, client_id, partner_id, code)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (client_id, partner_id) DO NOTHING",
                [new_id(), message.agency_id, message.client_id, message.recipient_id, new_code()],
            )
        return _facts(message.id).partner_code or ""


class Advocate:
    """The care team passes it on, face to face. The message itself, once sent, is their list of what to say."""

    def hand_over(self, message: Waiting, facts: Facts, now: datetime) -> None:
        return None


#: What this site can send on. There is no gateway for calls or texts: such messages are refused, and the pages say so.
TRANSPORTS: Mapping[str, Transport] = {
    INBOX: PartnerInbox(),
    Channel.ADVOCATE: Advocate(),
    Channel.IN_PERSON: Advocate(),
}


def channels() -> frozenset[Channel]:
    """Ways to a survivor on which this site can send."""
    return frozenset(channel for channel in Channel if channel in TRANSPORTS)


def send_waiting(now: datetime) -> int:
    """Decide about every message whose time has come; returns how many were sent.

    What must wait longer gets a later time; another worker's message is left to it.
    """
    sent = 0
    while (decided := _decide_one(now)) is not None:
        sent += decided is State.SENT
        if decided is State.WAITING:
            sleep(MOMENT)
    return sent


def judge(kind: Kind | None, facts: Facts, at: datetime) -> tuple[str, Verdict]:
    """The transport for a message at `at` (the site's clock), or no name and the verdict that says why not."""
    if kind is None or not (kind.to_partner or is_neutral(f"{kind.title} {kind.words}")):
        return "", Verdict(why=Why.WORDS)
    if kind.under_grant and not facts.covered:
        return "", Verdict(why=Why.TAKEN_BACK)
    if facts.closed and not kind.when_closed:
        return "", Verdict(why=Why.CLOSED)
    if kind.to_partner:
        return ("", Verdict(why=Why.ANSWERED)) if kind.under_grant and facts.answered else (INBOX, Verdict())
    verdict = may_reach(facts.rule, at, channels())
    return verdict.channel or "", verdict


def _decide_one(now: datetime) -> State | None:
    """Decide about the next message and tell what it is now; None when none waits."""
    with transaction.atomic(using=WORKER), connections[WORKER].cursor() as cursor:
        cursor.execute(
            "SELECT id, agency_id, client_id, kind, recipient_id, grant_id FROM protect_message"
            " WHERE state = 'waiting' AND not_before <= %s ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED",
            [now],
        )
        row = cursor.fetchone()
        if row is None:
            return None
        names = ("id", "agency_id", "client_id", "kind", "recipient_id", "grant_id")
        message = Waiting(**dict(zip(names, row, strict=True)))
        if message.grant_id is not None and not hold(message.grant_id, using=WORKER, wait=False):
            return State.WAITING  # its permission is being taken back at this moment
        kind, facts = KINDS.get(message.kind), _facts(message.id)
        way, verdict = judge(kind, facts, now.astimezone(ZoneInfo(settings.TIME_ZONE)))
        if way:
            TRANSPORTS[way].hand_over(message, facts, now)
            state, when = State.SENT, now
        elif verdict.again_at is not None:
            state, when = State.WAITING, verdict.again_at
        else:
            state, when = _ended(verdict.why), now
        cursor.execute(
            "UPDATE protect_message SET state = %s, decided_at = %s, why = %s, channel = %s, not_before = %s"
            " WHERE id = %s",
            [state, now, verdict.why or "", way, when, message.id],
        )
        return state


def _ended(why: Why | None) -> State:
    return {Why.TAKEN_BACK: State.TAKEN_BACK, Why.ANSWERED: State.CALLED_OFF}.get(why or Why.NO_RULE, State.REFUSED)


def _facts(message: UUID) -> Facts:
    with connections[WORKER].cursor() as cursor:
        cursor.execute(
            "SELECT covered, closed, answered, partner_code, channel, answered_by, asks_code_word, days, opens, closes,"
            " last_day FROM ctx.message_facts(%s)",
            [message],
        )
        covered, closed, answered, code, channel, by, code_word, days, opens, closes, last_day = cursor.fetchone()
    rule = None
    if channel is not None:
        rule = ContactRule(
            channel=Channel(channel),
            answered_by=AnsweredBy(by),
            asks_code_word=code_word,
            days=frozenset(days),
            opens=opens,
            closes=closes,
            last_day=last_day,
        )
    return Facts(covered=covered, closed=closed, answered=answered, partner_code=code, rule=rule)
