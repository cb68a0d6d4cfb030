"""The screening conversation: plain questions that can each be skipped, and a rule with a stated reason.

It is not a validated instrument. Its result opens an offer of help; it proves nothing and closes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from leeward.rules.errors import DefinitionError
from leeward.rules.reading import Entry
from leeward.rules.wording import Text
from leeward.rules.yaml_source import Document, raise_all, validate

from .accuracy import Accuracy
from .errors import AnswerError
from .model import Wording


class Reply(Enum):
    """What can be answered. `DECLINED` is an answer of its own, never a 'no'."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"
    DECLINED = "declined"


class Audience(Enum):
    ADULT = "adult"
    YOUTH = "youth"


class Result(Enum):
    POSITIVE = "positive"
    INCONCLUSIVE = "inconclusive"
    NEGATIVE = "negative"


class Reason(Enum):
    CORE_YES = "core_yes"
    TOO_MUCH_OPEN = "too_much_open"
    NO_SIGN = "no_sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A yes to a core question decides; `danger` marks the question about harm now."""

    id: str
    topic: str
    core: frozenset[Audience]
    danger: bool
    adult_text: Text
    youth_text: Text

    def text(self, audience: Audience) -> Text:
        return self.youth_text if audience is Audience.YOUTH else self.adult_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    name: str
    version: str
    title: Text
    short_name: str
    about: Text
    adult_intro: Text
    youth_intro: Text
    wording: Mapping[str, Wording]
    validation: str
    validation_note: Text
    accuracy: Accuracy
    replies: Mapping[Reply, Text]
    questions: tuple[Question, ...]
    open_from: int
    reasons: Mapping[Reason, Text]

    def intro(self, audience: Audience) -> Text:
        return self.youth_intro if audience is Audience.YOUTH else self.adult_intro

    @property
    def is_validated(self) -> bool:
        return self.validation != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a conversation, why, and how much of it stayed open.

    `danger_now` is true when the person said yes, or was not sure, that somebody is to be feared today.
    """

    result: Result
    reason: Reason
    text: Text
    yes: tuple[str, ...]
    unsure: tuple[str, ...]
    declined: tuple[str, ...]
    unasked: tuple[str, ...]
    answered: int
    danger_now: bool


def conclude(
    conversation: Conversation, replies: Mapping[str, Reply | None], audience: Audience = Audience.ADULT
) -> Outcome:
    """Positive on any core yes; else inconclusive when at least `open_from` questions stay open; else negative.

    Open are: unsure, declined, not asked, and a yes to a question that is not core for this audience.
    Raises AnswerError on an unknown question.
    """
    known = {question.id for question in conversation.questions}
    if unknown := sorted(replies.keys() - known):
        raise AnswerError(
            f"The conversation has no question `{unknown[0]}`.", hint=f"Known: {', '.join(sorted(known))}."
        )
    given = {question.id: replies.get(question.id) for question in conversation.questions}
    by_reply = {reply: tuple(item for item, said in given.items() if said is reply) for reply in Reply}
    unasked = tuple(item for item, said in given.items() if said is None)
    core = {question.id for question in conversation.questions if audience in question.core}
    yes = by_reply[Reply.YES]
    left_open = len(by_reply[Reply.UNSURE]) + len(by_reply[Reply.DECLINED]) + len(unasked) + len(set(yes) - core)
    if core & set(yes):
        result, reason = Result.POSITIVE, Reason.CORE_YES
    elif left_open >= conversation.open_from:
        result, reason = Result.INCONCLUSIVE, Reason.TOO_MUCH_OPEN
    else:
        result, reason = Result.NEGATIVE, Reason.NO_SIGN
    return Outcome(
        result=result,
        reason=reason,
        text=conversation.reasons[reason],
        yes=yes,
        unsure=by_reply[Reply.UNSURE],
        declined=by_reply[Reply.DECLINED],
        unasked=unasked,
        answered=len(yes) + len(by_reply[Reply.NO]) + len(by_reply[Reply.UNSURE]),
        danger_now=any(
            given[question.id] in (Reply.YES, Reply.UNSURE) for question in conversation.questions if question.danger
        ),
    )


def parse_conversation(document: Document, schema: Mapping[str, object]) -> Conversation:
    """Read a conversation. Raises DefinitionError with the line of the first mistake."""
    validate(document, schema)
    root = Entry(document)
    raise_all(_contradictions(root))
    return Conversation(
        name=root["instrument"].text(),
        version=root["version"].text(),
        title=root["title"].words(),
        short_name=root["short_name"].text(),
        about=root["about"].words(),
        adult_intro=root["intro"].words(),
        youth_intro=root["youth_intro"].words(),
        wording={language: Wording(root["wording"][language].text()) for language in root["wording"].named()},
        validation=root["validation"].text(),
        validation_note=root["validation_note"].words(),
        accuracy=Accuracy(
            sensitivity=root["accuracy"]["sensitivity"].number(),
            specificity=root["accuracy"]["specificity"].number(),
            prevalence=root["accuracy"]["prevalence"].number(),
            source=root["accuracy"]["source"].text(),
        ),
        replies={reply: root["answers"][reply.value].words() for reply in Reply},
        questions=tuple(_question(entry) for entry in root["questions"].entries()),
        open_from=root["rule"]["open_from"].integer(),
        reasons={reason: root["rule"]["reasons"][reason.value].words() for reason in Reason},
    )


def _question(entry: Entry) -> Question:
    return Question(
        id=entry["id"].text(),
        topic=entry["topic"].text(),
        core=frozenset(Audience(audience) for audience in entry["core"].texts()),
        danger=entry["danger"].boolean(False),
        adult_text=entry["text"].words(),
        youth_text=entry["youth"].words() if entry.has("youth") else entry["text"].words(),
    )


def _contradictions(root: Entry) -> Iterator[DefinitionError]:
    seen: set[str] = set()
    core: set[str] = set()
    for entry in root["questions"].entries():
        name = entry["id"].text()
        core |= set(entry["core"].texts())
        if name in seen:
            yield entry["id"].wrong(f"`{name}` is given twice", "Give each question its own.")
        seen.add(name)
    for audience in Audience:
        if audience.value not in core:
            yield root["questions"].wrong(
                f"have no core question for {audience.value}", f"Add {audience.value} to the `core` of one."
            )
