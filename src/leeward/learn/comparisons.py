"""Had version B been in force instead of A? A page asks, the job worker answers, and the answer is kept.

The two texts are kept with the question. The worker reads the centre's past cases as the reporter, which sees no names,
and counts whom the results count; what it writes down of them is cleared of small numbers.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leeward import definitions
from leeward.evidence.errors import EvidenceError
from leeward.evidence.threshold import Threshold
from leeward.people.errors import PeopleError
from leeward.people.models import Agency, Staff
from leeward.rules.errors import DefinitionError, RuleError
from leeward.rules.protocol import Protocol, parse
from leeward.simulation import Parameters, write_centre

from . import versions
from .extract import extract
from .models import CaseSource, Comparison, ComparisonAnswer
from .results import ResultsData, ResultsError, ResultsSettings
from .results.cases import roll
from .tables import read_folder
from .whatif import what_if
from .whatif.shown import document
from .worker import REPORTER, WORKER, alone

logger = logging.getLogger(__name__)

#: Weeks of work that an answer gives: half a year.
WEEKS: Final = 26
THRESHOLD: Final = Threshold(11)
MADE_UP_PEOPLE: Final = 400
#: Who waits longer than this for an answer should hear that nobody works.
PATIENCE: Final = timedelta(minutes=2)
#: One comparison at a time: the second worker leaves it to the first.
_LOCK: Final = 7_310_452


@dataclass(frozen=True, slots=True)
class Choice:
    """A definition that can be compared: `key` names it in a form, `label` for people."""

    key: str
    label: str
    text: str


def choices(by: Staff) -> list[Choice]:
    """What can be compared: every version that was ever in force, newest first, then the sound drafts."""
    name = settings.LEEWARD_PROTOCOL
    found = [
        Choice(f"version:{each.protocol.version}", _("Version %(number)s") % {"number": each.protocol.version}, text)
        for each in versions.history(by, name)
        if (text := versions.text_of(by.agency_id, name, each.protocol.version))
    ]
    for draft in versions.drafts(by):
        try:
            version = versions.checked(draft).protocol.version
        except DefinitionError:
            continue
        words = {"number": version, "text": draft.newest.number}
        label = _("Draft of version %(number)s, text %(text)s") % words
        found.append(Choice(f"draft:{draft.row.pk}", label, draft.newest.text))
    return found


@transaction.atomic
def ask(*, by: Staff, a: str, b: str, cases: CaseSource, now: datetime) -> Comparison:
    """Ask for a comparison of two choices by their keys. Raises PeopleError if one is gone, or both say the same."""
    offered = {choice.key: choice for choice in choices(by)}
    if a not in offered or b not in offered:
        raise PeopleError(_("One of the two is not there any more."), _("Choose again."))
    one, other = offered[a], offered[b]
    if one.text == other.text:
        raise PeopleError(_("Both say the same."), _("Choose two that differ."))
    asked = Comparison(
        agency_id=by.agency_id, a=one.label, b=other.label, a_text=one.text, b_text=other.text, cases=cases,
        asked_by=by, asked_at=now,
    )  # fmt: skip
    asked.save(force_insert=True)
    return asked


def asked(by: Staff, comparison: UUID) -> Comparison | None:
    """One comparison of the asker's agency."""
    return _of(by).filter(pk=comparison).first()


def newest(by: Staff, most: int = 10) -> list[Comparison]:
    """The latest comparisons of the asker's agency."""
    return list(_of(by).order_by("-asked_at")[:most])


def _of(by: Staff) -> QuerySet[Comparison]:
    return Comparison.objects.filter(agency_id=by.agency_id).select_related("answer", "asked_by")


# The worker's side


def answer_all(now: datetime) -> int:
    """Answer what was asked, oldest first; how many. Nothing where another worker is at it."""
    with alone(_LOCK) as is_mine:
        questions = _waiting() if is_mine else []
        for question in questions:
            with transaction.atomic(using=WORKER):
                _answer(question, now).save(using=WORKER, force_insert=True)
        return len(questions)


def _waiting() -> list[Comparison]:
    fields = ("id", "agency_id", "a_text", "b_text", "cases", "asked_at")
    return list(
        Comparison.objects.using(WORKER).filter(answer__comparison_id__isnull=True).only(*fields).order_by("asked_at")
    )


def _answer(question: Comparison, now: datetime) -> ComparisonAnswer:
    found = ComparisonAnswer(comparison_id=question.pk, agency_id=question.agency_id, answered_at=now)
    try:
        data = _cases(question, now)
        at = now if question.cases == CaseSource.OURS else data.latest_moment() or now
        people = roll(data, ResultsSettings(zone=settings.TIME_ZONE), at).since
        compared = what_if(
            _sound(question.a_text),
            _sound(question.b_text),
            data.events,
            at,
            zone=settings.TIME_ZONE,
            only=people,
        )
        threshold = THRESHOLD if question.cases == CaseSource.OURS else None  # nobody made up can be harmed
        found.document = dict(document(compared, threshold, last_weeks=WEEKS))
    except (RuleError, ResultsError, EvidenceError) as error:
        found.trouble = str(error)[:500]
    except Exception:  # a question that fails must not be asked again every few seconds, nor hold up the next one
        logger.exception("A comparison failed.")
        found.trouble = "It failed."
    return found


def _cases(question: Comparison, now: datetime) -> ResultsData:
    if question.cases == CaseSource.OURS:
        return extract(Agency(pk=question.agency_id), now=now, using=REPORTER)
    with tempfile.TemporaryDirectory() as folder:
        write_centre(Parameters(), clients=MADE_UP_PEOPLE, seed=7, out=Path(folder))
        return read_folder(Path(folder))


def _sound(text: str) -> Protocol:
    return parse(text, name="definition.yaml", schema=definitions.schema("protocol"))
