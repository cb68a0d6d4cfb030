"""How somebody may be reached, and whether a message may leave now: decided at the moment of sending (V-05).

No rule, no message. A machine can't ask who is there: where anybody else may read or answer, or a code word has to be
said first, only a person may pass a message on. Words are neutral (R12 of the protocol's list): a message says nothing
about the person, the centre's work or what happened.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum


class Channel(StrEnum):
    CALL = "call"
    TEXT = "text"
    IN_PERSON = "in_person"
    ADVOCATE = "advocate"
    NOBODY = "none"


class AnsweredBy(StrEnum):
    ONLY_THEM = "only_them"
    OTHERS = "others"


class Why(StrEnum):
    """Why a message does not leave, or not yet."""

    NO_RULE = "no_rule"
    RULE_ENDED = "rule_ended"
    DO_NOT_CONTACT = "do_not_contact"
    OTHERS_ANSWER = "others_answer"
    CODE_WORD = "code_word"
    NO_HOURS = "no_hours"
    OUTSIDE_HOURS = "outside_hours"
    NO_TRANSPORT = "no_transport"
    WORDS = "words"
    CLOSED = "closed"
    TAKEN_BACK = "taken_back"
    ANSWERED = "answered"


#: Ways on which a person passes the message on, face to face: they see who is there.
BY_A_PERSON = frozenset({Channel.IN_PERSON, Channel.ADVOCATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRule:
    """What the survivor said about being reached. `days` are ISO weekdays, 1 is Monday; hours are the site's clock."""

    channel: Channel
    answered_by: AnsweredBy = AnsweredBy.OTHERS
    asks_code_word: bool = False
    days: frozenset[int] = frozenset()
    opens: time | None = None
    closes: time | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The channel on which a message may leave now; else why not, and when to ask again if waiting is all it needs."""

    channel: Channel | None = None
    why: Why | None = None
    again_at: datetime | None = None


def may_reach(rule: ContactRule | None, at: datetime, channels: Collection[Channel]) -> Verdict:
    """Whether a message may leave at `at` (in the site's time zone), if the site can send on `channels`."""
    if rule is None:
        return Verdict(why=Why.NO_RULE)
    if rule.last_day is not None and at.date() > rule.last_day:
        return Verdict(why=Why.RULE_ENDED)
    if rule.channel is Channel.NOBODY:
        return Verdict(why=Why.DO_NOT_CONTACT)
    if rule.channel in BY_A_PERSON:
        return Verdict(channel=rule.channel) if rule.channel in channels else Verdict(why=Why.NO_TRANSPORT)
    if rule.answered_by is not AnsweredBy.ONLY_THEM:
        return Verdict(why=Why.OTHERS_ANSWER)
    if rule.asks_code_word:
        return Verdict(why=Why.CODE_WORD)
    opening = _next_opening(rule, at)
    if opening is None:
        return Verdict(why=Why.NO_HOURS)
    if rule.channel not in channels:
        return Verdict(why=Why.NO_TRANSPORT)
    return Verdict(channel=rule.channel) if opening <= at else Verdict(why=Why.OUTSIDE_HOURS, again_at=opening)


def _next_opening(rule: ContactRule, at: datetime) -> datetime | None:
    """`at` itself within the safe hours, else the next moment at which they begin; None where there are none."""
    if rule.opens is None or rule.closes is None or rule.opens >= rule.closes or not rule.days:
        return None
    for ahead in range(8):
        day = at.date() + timedelta(days=ahead)
        if day.isoweekday() not in rule.days:
            continue
        opens, closes = (datetime.combine(day, hour, tzinfo=at.tzinfo) for hour in (rule.opens, rule.closes))
        if at < closes:
            return max(at, opens)
    return None


_TELLING = re.compile(
    r"traffick|exploit|victim|survivor|abus|assault|rape|sex|prostitut|violen|shelter|police|court|therap|counsel|clinic"
    r"|mental|depress|trauma|suicid|drug|hiv|pregnan|trata|explot|v[ií]ctima|sobrevivi|abuso|agresi|viola|albergue"
    r"|polic[ií]a|terapia|consejer|cl[ií]nica|salud|trauma|droga|embaraz",
    re.IGNORECASE,
)


def is_neutral(words: str) -> bool:
    """Whether words tell a stranger nothing. A net, not the fence: messages are a closed list."""
    return _TELLING.search(words) is None
