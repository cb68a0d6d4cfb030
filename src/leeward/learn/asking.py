"""New results are asked for on a page; the job worker computes them, and says so, or why there are none.

They take seconds for a few hundred people and minutes for a hundred thousand: too long for a page to hold on.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone, translation

from leeward.evidence.errors import EvidenceError
from leeward.people.models import Agency, Role, Staff
from leeward.rules.errors import RuleError

from . import queries
from .actions import compute_snapshot
from .models import ResultsAnswer, ResultsRelease, ResultsRequest
from .register import possible_from, refuse_within
from .results import ResultsError
from .worker import REPORTER, WORKER, alone

logger = logging.getLogger(__name__)

MAY_ASK: Final = (Role.PROGRAM_DIRECTOR, Role.EVALUATOR)
#: Who waits longer than this should hear that perhaps nobody works.
PATIENCE: Final = timedelta(minutes=5)
#: One computation at a time: the second worker leaves it to the first.
_LOCK: Final = 7_310_454


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with new results, for one asker."""

    may_ask: bool
    #: When the next are due, while that is still to come.
    not_before: datetime | None
    #: What was asked for and is still being computed.
    waiting: ResultsRequest | None
    #: Why the last that were asked for are not there.
    trouble: ResultsAnswer | None

    @property
    def is_long(self) -> bool:
        return self.waiting is not None and timezone.now() - self.waiting.asked_at > PATIENCE


def standing(asker: Staff) -> Standing:
    """How it stands with new results of the asker's agency."""
    snapshot = queries.newest(asker)
    due = possible_from(snapshot.computed_at) if snapshot else None
    last = _last(asker)
    answer = getattr(last, "answer", None)
    return Standing(
        may_ask=asker.role in MAY_ASK,
        not_before=due if due and due > timezone.now() else None,
        waiting=last if answer is None else None,
        trouble=answer if answer and answer.trouble else None,
    )


def ask(*, by: Staff, early: bool, now: datetime) -> None:
    """Ask for new results; nothing while some are being computed. Raises TooSoon unless `early`, knowingly."""
    snapshot, last = queries.newest(by), _last(by)
    if last is not None and getattr(last, "answer", None) is None:
        return
    if snapshot is not None and not early:
        refuse_within(snapshot.computed_at, now)
    language = translation.get_language() or "en"
    ResultsRequest(agency_id=by.agency_id, asked_by=by, asked_at=now, early=early, language=language).save(
        force_insert=True
    )


def _last(by: Staff) -> ResultsRequest | None:
    return ResultsRequest.objects.filter(agency_id=by.agency_id).select_related("answer").first()


# The worker's side


def answer_all(now: datetime) -> int:
    """Compute what was asked for, oldest first; how many. Nothing where another worker is at it.

    Results answer all who asked before them: two may have asked at one moment.
    """
    with alone(_LOCK) as is_mine:
        requests = _waiting() if is_mine else []
        served: set[UUID] = set()
        for request in requests:
            with translation.override(request.language):
                answer = ResultsAnswer(request_id=request.pk, agency_id=request.agency_id, answered_at=now)
                if request.agency_id not in served and not _is_served(request):
                    _compute(request, answer, now)
                if not answer.trouble:
                    served.add(request.agency_id)
                answer.save(using=WORKER, force_insert=True)
        return len(requests)


def _waiting() -> list[ResultsRequest]:
    fields = ("id", "agency_id", "asked_at", "early", "language")
    unanswered = ResultsRequest.objects.using(WORKER).filter(answer__request_id__isnull=True)
    return list(unanswered.only(*fields).order_by("asked_at"))


def _is_served(request: ResultsRequest) -> bool:
    """Whether results came out since it was asked."""
    since = ResultsRelease.objects.using(REPORTER).filter(
        agency_id=request.agency_id, released_at__gte=request.asked_at
    )
    return since.exists()


def _compute(request: ResultsRequest, found: ResultsAnswer, now: datetime) -> None:
    try:
        compute_snapshot(agency=Agency(pk=request.agency_id), now=now, early=request.early, save_as=WORKER)
    except (RuleError, ResultsError, EvidenceError) as error:
        found.trouble, found.hint = str(error)[:500], (getattr(error, "hint", "") or "")[:500]
    except Exception:  # what fails must not be tried again every few seconds, nor hold up the next
        logger.exception("The results failed.")
        found.trouble = translation.gettext("They failed. Whoever runs this system finds the reason in its log.")
