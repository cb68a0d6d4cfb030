"""The way of the people who came: who reached each stage, who declined it, who was lost before it.

Each stage counts people who also reached the one before it, so what lies between two stages is a loss that can be
named. After help was accepted the way forks: a link to a partner, and treatment at the centre.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leeward.evidence.intervals import difference
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count, Ledger
from leeward.rules.protocol import Event

from .cases import Case, Era, Population
from .document import Compared, Flow, Reached, Value
from .settings import ResultsSettings


class Stage(StrEnum):
    SEEN = "seen"
    NOTICED = "noticed"
    ASKED = "asked"
    SCREENED = "screened"
    IDENTIFIED = "identified"
    ACCEPTED = "accepted"
    REFERRED = "referred"
    LINKED = "linked"
    TREATED = "treated"
    RETAINED = "retained"


#: The stage before each; two stages follow ACCEPTED.
AFTER: Mapping[Stage, Stage] = {
    Stage.NOTICED: Stage.SEEN,
    Stage.ASKED: Stage.NOTICED,
    Stage.SCREENED: Stage.ASKED,
    Stage.IDENTIFIED: Stage.SCREENED,
    Stage.ACCEPTED: Stage.IDENTIFIED,
    Stage.REFERRED: Stage.ACCEPTED,
    Stage.LINKED: Stage.REFERRED,
    Stage.TREATED: Stage.ACCEPTED,
    Stage.RETAINED: Stage.TREATED,
}
#: Not to reach these is no loss: nothing was noticed, or the conversation gave no reason for concern.
NO_LOSS = frozenset({Stage.NOTICED, Stage.IDENTIFIED})


class Why(StrEnum):
    """Why somebody who did not say no did not reach a stage: the first of these that holds."""

    REFUSED = "refused"
    UNANSWERED = "unanswered"
    CONTACT_LOST = "contact_lost"
    THEIR_CHOICE = "their_choice"
    LEFT = "left"
    CLOSED = "closed"
    SILENT = "silent"
    OPEN = "open"


#: What the reason for which a record was closed says; any other is `CLOSED`.
_CLOSED_FOR: Mapping[str, Why] = {
    "lost_contact": Why.CONTACT_LOST,
    "withdrew": Why.THEIR_CHOICE,
    "moved": Why.LEFT,
    "transferred": Why.LEFT,
    "incarcerated": Why.LEFT,
    "died": Why.LEFT,
}
COMPARED = (Stage.ASKED, Stage.SCREENED, Stage.IDENTIFIED, Stage.REFERRED, Stage.LINKED, Stage.TREATED)


def flow(people: Population, settings: ResultsSettings, ledger: Ledger) -> FlowCells:
    """Count every stage of every era into the ledger."""
    members: dict[Era, dict[Stage, frozenset[str]]] = {}
    reasons: dict[str, tuple[Why, ...]] = {}
    for era in people.eras:
        at: dict[Stage, list[Case]] = {Stage.SEEN: list(people.of(era))}
        ledger.count(cell_of(era, Stage.SEEN), len(at[Stage.SEEN]), importance=5)
        for stage, before in AFTER.items():
            at[stage] = [case for case in at[before] if _REACHED[stage](case, settings, people.now)]
            _enter(ledger, era, stage, at, settings, people.now)
            reasons[cell_of(era, stage)] = _enter_reasons(ledger, era, stage, at, settings, people.now)
        members[era] = {stage: frozenset(case.client for case in cases) for stage, cases in at.items()}
    return FlowCells(people.eras, members, reasons)


def _enter(
    ledger: Ledger, era: Era, stage: Stage, at: Mapping[Stage, list[Case]], settings: ResultsSettings, now: datetime
) -> None:
    """Enter the counts of one stage."""
    reached = at[stage]
    lost, early, declined = _lost(stage, at, settings, now)
    cell, whole = cell_of(era, stage), cell_of(era, AFTER[stage])
    ledger.split(whole, cell, len(reached), importance=4, rest_printed=True)
    ledger.count(f"{cell}:declined", len(declined))
    ledger.count(f"{cell}:early", len(early))
    ledger.count(f"{cell}:other", len(lost) - len(declined) - len(early))
    ledger.sum(f"{cell}:rest", f"{cell}:declined", f"{cell}:early", f"{cell}:other")
    ledger.count(f"{cell}:never", len(at[Stage.SEEN]) - len(reached), printed=False)
    ledger.sum(cell_of(era, Stage.SEEN), cell, f"{cell}:never")


def _lost(
    stage: Stage, at: Mapping[Stage, list[Case]], settings: ResultsSettings, now: datetime
) -> tuple[list[Case], list[Case], list[Case]]:
    """Who did not reach a stage; of them, for whom it is too early to tell, and who said no."""
    reached = {case.client for case in at[stage]}
    lost = [case for case in at[AFTER[stage]] if case.client not in reached]
    early = [case for case in lost if stage is Stage.RETAINED and _too_early(case, settings, now)]
    too_early = {case.client for case in early}
    return lost, early, [case for case in lost if case.client not in too_early and _declined(stage, case)]


def _enter_reasons(
    ledger: Ledger, era: Era, stage: Stage, at: Mapping[Stage, list[Case]], settings: ResultsSettings, now: datetime
) -> tuple[Why, ...]:
    """Split who was lost otherwise by the reason, and enter each that there is; nothing where it is no loss."""
    if stage in NO_LOSS:
        return ()
    lost, early, declined = _lost(stage, at, settings, now)
    known = {case.client for case in (*early, *declined)}
    found = Counter(_why(stage, case, settings, now) for case in lost if case.client not in known)
    cell = cell_of(era, stage)
    for why in Why:
        if found[why]:
            ledger.count(f"{cell}:{why}", found[why])
    if found:
        ledger.sum(f"{cell}:other", *(f"{cell}:{why}" for why in Why if found[why]))
    return tuple(why for why in Why if found[why])


def _why(stage: Stage, case: Case, settings: ResultsSettings, now: datetime) -> Why:
    """The one reason that the record gives."""
    if stage is Stage.LINKED:
        return Why.REFUSED if _refused(case) else _ended(case) or Why.UNANSWERED
    return _ended(case) or (Why.SILENT if now - case.last_at >= settings.silence else Why.OPEN)


def _refused(case: Case) -> bool:
    return case.has("referral.declined") or case.says("referral.closed", "outcome", "not_linked")


def _ended(case: Case) -> Why | None:
    """Why the record was closed, unless it is open again."""
    return None if case.ended_for is None else _CLOSED_FOR.get(case.ended_for, Why.CLOSED)


@dataclass(frozen=True, slots=True)
class FlowCells:
    """What was counted; publishes what suppression left. `at` holds who reached each stage, `reasons` by the name of a
    stage's cell why others did not."""

    eras: tuple[Era, ...]
    at: Mapping[Era, Mapping[Stage, frozenset[str]]]
    reasons: Mapping[str, tuple[Why, ...]]

    def flows(self, cleared: Cleared) -> tuple[Flow, ...]:
        return tuple(
            Flow(
                era=era.value,
                seen=cleared[cell_of(era, Stage.SEEN)],
                stages=tuple(self._reached(era, stage, cleared) for stage in AFTER),
            )
            for era in self.eras
        )

    def compared(self, cleared: Cleared) -> tuple[Compared, ...]:
        """Nothing to compare unless people came in both eras."""
        if len(self.eras) < 2:
            return ()
        return tuple(_compared(stage, cleared) for stage in COMPARED)

    def _reached(self, era: Era, stage: Stage, cleared: Cleared) -> Reached:
        cell = cell_of(era, stage)
        return Reached(
            stage=stage.value,
            of_stage=AFTER[stage].value,
            reached=cleared.share(cell, cell_of(era, AFTER[stage])),
            lost=cleared[f"{cell}:rest"],
            declined=cleared[f"{cell}:declined"],
            other=cleared[f"{cell}:other"],
            reasons={why.value: cleared[f"{cell}:{why}"] for why in self.reasons.get(cell, ())},
            too_early=cleared[f"{cell}:early"] if stage is Stage.RETAINED else None,
        )


def _compared(stage: Stage, cleared: Cleared) -> Compared:
    before = cleared.share(cell_of(Era.BEFORE, stage), cell_of(Era.BEFORE, Stage.SEEN))
    since = cleared.share(cell_of(Era.SINCE, stage), cell_of(Era.SINCE, Stage.SEEN))
    change: Value = SUPPRESSED
    match (since.count, since.of, before.count, before.of):
        case (Count(value=a), Count(value=n_a), Count(value=b), Count(value=n_b)):
            change = difference(a, n_a, b, n_b) if n_a and n_b else None
    return Compared(stage=stage.value, before=before, since=since, difference=change)


def cell_of(era: Era, stage: Stage) -> str:
    """The name of the cell of a stage in the ledger."""
    return f"flow.{era.value}.{stage.value}"


def _retained(case: Case, settings: ResultsSettings, now: datetime) -> bool:
    """A session so long after the first one, or treatment completed."""
    first = case.of("session.attended")[0].occurred_at
    return case.has("treatment.completed") or any(
        session.occurred_at - first >= settings.retained_after for session in case.of("session.attended")
    )


def _too_early(case: Case, settings: ResultsSettings, now: datetime) -> bool:
    """Whoever began so recently that nobody can know yet, and whose case is open."""
    first = case.of("session.attended")[0].occurred_at
    return now - first < settings.retained_after and case.ending is None


def links(case: Case) -> list[Event]:
    """The referrals that ended with the person being served."""
    return [event for event in case.of("referral.closed") if event.data.get("outcome") == "linked"]


def _has(*kinds: str) -> Callable[[Case, ResultsSettings, datetime], bool]:
    return lambda case, settings, now: case.has(*kinds)


def _screened(case: Case, settings: ResultsSettings, now: datetime) -> bool:
    return any(event.data.get("tool") not in settings.reference_tools for event in case.of("screening.completed"))


_REACHED: Mapping[Stage, Callable[[Case, ResultsSettings, datetime], bool]] = {
    Stage.NOTICED: _has("indicator.observed"),
    Stage.ASKED: _has("conversation.private"),
    Stage.SCREENED: _screened,
    Stage.IDENTIFIED: lambda case, settings, now: case.says("screening.completed", "result", "positive"),
    Stage.ACCEPTED: _has("plan.agreed", "safety_plan.saved", "consent.granted", "referral.sent", "session.attended"),
    Stage.REFERRED: _has("referral.sent"),
    Stage.LINKED: lambda case, settings, now: bool(links(case)),
    Stage.TREATED: _has("session.attended"),
    Stage.RETAINED: _retained,
}
_SAID_NO: Mapping[Stage, tuple[str, ...]] = {
    Stage.ASKED: ("conversation.declined",),
    Stage.SCREENED: ("screening.declined",),
    Stage.ACCEPTED: (
        "needs.declined",
        "plan.declined",
        "safety_plan.declined",
        "consent.declined",
        "treatment.declined",
    ),
    Stage.REFERRED: ("needs.declined", "consent.declined"),
    Stage.TREATED: ("treatment.declined",),
    Stage.RETAINED: ("treatment.declined",),
}


def _declined(stage: Stage, case: Case) -> bool:
    return case.has(*_SAID_NO.get(stage, ()))
