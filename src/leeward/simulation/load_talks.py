"""Writes the talks in which synthetic clients gave their permissions, and who signs with those who are minors."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db.models import Model

from leeward import catalogue
from leeward.people.models import Agency, Client, Staff
from leeward.protect.actions import FORM_VERSION, end_of
from leeward.protect.models import (
    ConsentTalk,
    Interpreter,
    KnownPerson,
    Proof,
    Relation,
    Representation,
    RepresentationDecision,
    TalkOutcome,
    Understood,
)
from leeward.protect.of_age import SigningAge
from leeward.protect.queries import ASKED

#: How long before a permission the privacy officer decided about who signs along.
BEFORE = timedelta(days=1)
SIGNER = "Robin Careworker"


class Given(Protocol):
    """What the simulation says of one permission."""

    classes: tuple[str, ...]
    purpose: str
    valid_from: datetime


@dataclass(slots=True, kw_only=True)
class Talks:
    """The talks of one client. `seal` seals under the client's key, `add` takes each row that is to be written."""

    client: Client
    recorder: Staff
    officer: Staff
    born: int | None
    seal: Callable[[str, str], bytes]
    add: Callable[[Model], None]
    _signer: Representation | None = field(default=None, init=False)

    def about(self, given: Given, recipient: Agency) -> ConsentTalk:
        """The talk in which this was given, in an approved language, with an interpreter where that is not theirs."""
        law = catalogue.law(settings.LEEWARD_LAW)
        understood = not law.lacks_wording(FORM_VERSION, self.client.language)
        age = SigningAge(born=self.born, today=given.valid_from.date(), of_age_from=law.release_age)
        minors = age.minors_age(says_of_age=True)
        classes = sorted(given.classes)
        talk = ConsentTalk(
            agency=self.client.agency,
            client=self.client,
            recipient=recipient,
            purpose=given.purpose,
            asked=classes,
            allowed=classes,
            outcome=TalkOutcome.GRANTED,
            language=self.client.language if understood else "en",
            form_version=FORM_VERSION,
            interpreter=Interpreter.NONE if understood else Interpreter.PROFESSIONAL,
            explained_by=self.recorder,
            able=True,
            understood=Understood.OWN_WORDS,
            age=minors,
            representation=None if minors is None else self._who_signs(given.valid_from, age.last_day_as_minor),
            held_at=given.valid_from,
            recorded_by=self.recorder,
        )
        self.add(talk)
        return talk

    def _who_signs(self, at: datetime, last_day: date | None) -> Representation | None:
        if self._signer is None and last_day is not None:
            common = {"agency": self.client.agency, "client": self.client}
            person = KnownPerson(
                **common, relation=Relation.CARE_WORKER, added_at=at - BEFORE, recorded_by=self.recorder
            )
            person.name = self.seal(f"known_person:{person.pk}:name", SIGNER)
            self._signer = Representation(
                **common,
                person=person,
                proof=Proof.AGENCY_LETTER,
                data_classes=sorted(ASKED),
                last_day=last_day,
                ends_at=end_of(last_day),
                proposed_at=at - BEFORE,
                proposed_by=self.recorder,
            )
            decision = RepresentationDecision(
                **common, representation=self._signer, allowed=True, decided_at=at - BEFORE, decided_by=self.officer
            )
            for row in (person, self._signer, decision):
                self.add(row)
        return self._signer
