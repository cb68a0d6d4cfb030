"""From tables to results: count everything, clear it all at once, then publish what may be shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from leeward.evidence.intervals import LEVEL
from leeward.evidence.releases import Beside
from leeward.evidence.suppression import Cleared, Ledger
from leeward.learn.fidelity import Following
from leeward.rules.competence import Competence
from leeward.rules.instruments import Instrument
from leeward.rules.protocol import Protocol

from . import reaim
from .accuracy import AccuracyCells, screening_accuracy
from .areas import areas
from .cases import Era, Population, population, roll
from .course import CourseCells, courses
from .data import ResultsData
from .document import About, Hiding, Results
from .errors import ResultsError
from .fidelity import FidelityCells, fidelity, judging
from .flow import FlowCells, flow, links
from .linkage import LinkageCells, linkage
from .missing import KnownCells, hiding, known
from .needs import NeedCells, needs
from .nested import nested, nested_steps, since_go_live
from .retention import RetentionCells, retention
from .series import SeriesCells, series
from .settings import ResultsSettings
from .slices import SliceCells, slices
from .symptoms import SymptomCells, symptoms
from .training import TrainingCells, training
from .voices import HarmCells, RatingCells, harms, ratings


def compute(
    data: ResultsData,
    protocol: Protocol,
    instruments: Mapping[str, Instrument],
    competence: Competence,
    now: datetime,
    settings: ResultsSettings,
    *,
    digest: str = "",
    others: Mapping[str, Protocol] | None = None,
    beside: Beside | None = None,
) -> Results:
    """The preliminary results of a centre as of `now`, the data cut. Pure: equal arguments, equal results.

    `digest` names the exact text of the protocol definition. `others` are earlier versions of it: the steps of people
    who follow one of them are judged by it. What was let out before stands in `beside`, which afterwards holds
    what these results let out. Raises ResultsError for data that can't be used, TooMuchIsOut
    where `beside` leaves no way.
    """
    ledger, beside = Ledger(), beside or Beside()
    counted = count(data, protocol, instruments, competence, now, settings, ledger, others or {})
    beside.begin(_made_of(ledger, now, settings, digest))
    cleared = ledger.clear(settings.threshold, after=beside.before("results", "kept", "slices"))
    beside.let_out["results"] = ledger.released(cleared)
    return counted.publish(cleared, digest, beside)


def _load() -> None:
    """Load what publishing needs, which takes half a second, while there is nothing else to do."""
    for name in ("scipy.stats", "statsmodels.genmod.generalized_linear_model", "statsmodels.regression.linear_model"):
        import_module(name)


def _made_of(ledger: Ledger, now: datetime, settings: ResultsSettings, digest: str) -> str:
    """SHA-256 of all that decides what the results say: equal counts of one moment under equal rules."""
    text = f"{now.isoformat()} {digest} {settings!r} {ledger.entered().fingerprint}"
    return hashlib.sha256(text.encode()).hexdigest()


def count(
    data: ResultsData,
    protocol: Protocol,
    instruments: Mapping[str, Instrument],
    competence: Competence,
    now: datetime,
    settings: ResultsSettings,
    ledger: Ledger,
    others: Mapping[str, Protocol] | None = None,
) -> Counted:
    """Enter everything that the results will print into the ledger. Nothing has been cleared yet."""
    if now.tzinfo is None:
        raise ResultsError("The moment of the data cut has no time zone.", hint="Use a time in UTC.")
    counted, followed = roll(data, settings, now), _followed(data, protocol, others or {})
    with judging(data, followed, competence, counted.since, now, zone=settings.zone) as judged:
        people = population(data, counted, now)
        ledger.count("people", len(people.cases), importance=4)
        ledger.count("left_out", len(people.left_out) + _left_out_before(data))
        ways = flow(people, settings, ledger)
        ledger.sum("people", *(f"flow.{era.value}.seen" for era in people.eras))
        sliced = slices(people, data, ways, zone=settings.zone)
        fitted = courses(people, data, instruments)
        _load()
        steps = fidelity(
            data,
            judged(),
            followed,
            settings.threshold,
            ledger,
            helped=helped(people),
            ways=since_go_live(people, ways),
        )
    found = Counted(
        people=people,
        data_digest=data.digest,
        protocol=protocol,
        instruments=instruments,
        settings=settings,
        warnings=tuple(_warnings(people, data, settings)),
        ways=ways,
        steps=steps,
        symptoms=symptoms(people, data, instruments, ledger),
        retention=retention(people, settings, ledger),
        accuracy=screening_accuracy(people, settings, ledger),
        harms=harms(people, ledger),
        ratings=ratings(people, ledger),
        training=training(data, competence, now.date(), ledger),
        series=series(people, settings, ledger),
        courses=fitted,
        linkage=linkage(people, data, ledger),
        needs=needs(people, data, ledger),
        slices=sliced,
        adoption=reaim.adoption(people, data, ledger),
        known=known(people, data, ledger),
    )
    nested(people, found.symptoms, found.known, ledger)
    nested_steps(steps, ledger)
    return found


def _left_out_before(data: ResultsData) -> int:
    """How many the extract left out already."""
    said = data.meta.get("left_out", "0")
    return int(said) if said.isdecimal() else 0


def helped(people: Population) -> dict[str, datetime]:
    """Who reached help, and when first: was linked to a partner, or came to treatment, by whatever way."""
    found = {case.client: [*links(case), *case.of("session.attended")] for case in people.cases}
    return {client: min(event.occurred_at for event in events) for client, events in found.items() if events}


def _followed(data: ResultsData, protocol: Protocol, others: Mapping[str, Protocol]) -> list[Following]:
    """Who follows which version; whoever's version is not among the others follows the one in force."""
    versions = data.clients["protocol_version"].fillna("").astype(str)
    members: dict[str, list[str]] = {"": [], **{version: [] for version in others if version != protocol.version}}
    for client, version in zip(data.clients["client"], versions, strict=True):
        members[version if version in members else ""].append(client)
    return [
        Following(others[version] if version else protocol, clients)
        for version, clients in members.items()
        if clients or not version
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Everything that was counted, waiting to hear what may be shown."""

    people: Population
    protocol: Protocol
    instruments: Mapping[str, Instrument]
    settings: ResultsSettings
    warnings: tuple[str, ...]
    ways: FlowCells
    steps: FidelityCells
    symptoms: SymptomCells
    retention: RetentionCells
    accuracy: AccuracyCells
    harms: HarmCells
    ratings: RatingCells
    training: TrainingCells
    series: SeriesCells
    courses: CourseCells
    linkage: LinkageCells
    needs: NeedCells
    slices: SliceCells
    adoption: reaim.AdoptionCells
    known: KnownCells
    data_digest: str

    def publish(self, cleared: Cleared, digest: str, beside: Beside) -> Results:
        """What may be shown; `beside` holds what the results' own ledger lets out."""
        flows, steps = self.ways.flows(cleared), self.steps.publish(cleared)
        kept, sliced = self.steps.kept(cleared, beside), self.slices.publish(cleared, beside)
        symptoms, harms = self.symptoms.publish(cleared), self.harms.publish(cleared)
        needs, hidden = self.needs.publish(cleared), hiding(cleared, kept, sliced)
        return Results(
            about=self._about(cleared, hidden, digest, beside),
            flows=flows,
            compared=self.ways.compared(cleared),
            steps=steps,
            kept=kept,
            bottlenecks=self.steps.bottlenecks(cleared),
            symptoms=symptoms,
            retention=self.retention.publish(cleared),
            accuracy=self.accuracy.publish(cleared),
            harms=harms,
            ratings=self.ratings.publish(cleared),
            training=self.training.publish(cleared),
            areas=areas(flows, steps, self.settings.areas),
            series=self.series.publish(cleared),
            courses=self.courses.publish(cleared),
            linkage=self.linkage.publish(cleared),
            needs=needs,
            slices=sliced,
            on_time=self.steps.on_time(cleared),
            reaim=reaim.measures(flows, symptoms, harms, kept, self.adoption.publish(cleared)),
            known=self.known.publish(cleared),
            hiding=hidden,
            warnings=self.warnings,
        )

    def _about(self, cleared: Cleared, hidden: Sequence[Hiding], digest: str, beside: Beside) -> About:
        people, settings = self.people, self.settings
        return About(
            computed_at=people.now,
            data_cut=people.now,
            go_live=people.go_live,
            people=cleared["people"],
            left_out=cleared["left_out"],
            protocol=self.protocol.name,
            protocol_version=self.protocol.version,
            protocol_digest=digest,
            data_digest=self.data_digest,
            instruments={name: instrument.version for name, instrument in self.instruments.items()},
            threshold=settings.threshold.k,
            level=LEVEL,
            silence_days=settings.silence.days,
            retained_days=settings.retained_after.days,
            cells=sum(part.cells for part in hidden),
            hidden=sum(part.hidden for part in hidden),
            earlier=len(beside.earlier),
            shown_before=beside.shown_before(),
        )


def _warnings(people: Population, data: ResultsData, settings: ResultsSettings) -> Iterator[str]:
    """What a reader must know before trusting a number. Codes, so that pages can say them in any language."""
    if len(people.cases) < settings.threshold.k:
        yield "too_few_people"
    if people.go_live is None:
        yield "no_go_live"
    if not any(True for _ in people.of(Era.SINCE)):
        yield "nobody_since_go_live"
    if data.scores.empty:
        yield "no_scores"
    elif not data.scores["client"].duplicated().any():
        yield "no_second_scores"
