"""How right the first screening conversation was, judged by the long assessment of those who had one."""

from __future__ import annotations

from dataclasses import dataclass

from leeward.evidence.accuracy import Screened, ScreeningAccuracy, accuracy, predictive_value
from leeward.evidence.choices import Limits
from leeward.evidence.errors import NotEnough
from leeward.evidence.suppression import SUPPRESSED, Cleared, Ledger

from .cases import Case, Population
from .document import Accuracy, Value
from .settings import ResultsSettings

_CELL = "accuracy"


@dataclass(frozen=True, slots=True)
class AccuracyCells:
    counted: Screened

    def publish(self, cleared: Cleared) -> Accuracy:
        """Predictive value needs assessed positives only; the rest needs assessed negatives as well."""
        counted = self.counted
        ppv: Value = None
        if counted.verified_positive:
            assessed = f"{_CELL}:positive:assessed"
            ppv = predictive_value(counted) if cleared.permits(f"{assessed}:right", assessed) else SUPPRESSED
        whole, warnings = self._whole(cleared)
        return Accuracy(
            screened=cleared[_CELL],
            positive=cleared[f"{_CELL}:positive"],
            assessed_positive=cleared[f"{_CELL}:positive:assessed"],
            ppv=ppv,
            sensitivity=whole.sensitivity if isinstance(whole, ScreeningAccuracy) else whole,
            specificity=whole.specificity if isinstance(whole, ScreeningAccuracy) else whole,
            npv=whole.npv if isinstance(whole, ScreeningAccuracy) else whole,
            warnings=warnings,
        )

    def _whole(self, cleared: Cleared) -> tuple[ScreeningAccuracy | Value, tuple[str, ...]]:
        try:
            found = accuracy(self.counted, limits=Limits.RECOVERED)
        except NotEnough as refusal:
            return None, (str(refusal),)
        cells = [f"{_CELL}:{side}{part}" for side in ("positive", "negative") for part in ("", ":assessed")]
        cells += [f"{_CELL}:{side}:assessed:right" for side in ("positive", "negative")]
        return (found, found.warnings) if cleared.permits(_CELL, *cells) else (SUPPRESSED, ())


def screening_accuracy(people: Population, settings: ResultsSettings, ledger: Ledger) -> AccuracyCells:
    """Conclusive first screenings of everybody, crossed with the first long assessment, into the ledger."""
    counts: dict[tuple[bool, str], int] = {(side, found): 0 for side in (True, False) for found in ("yes", "no", "")}
    for case in people.cases:
        if (positive := _first(case, settings, reference=False)) is not None:
            truth = _first(case, settings, reference=True)
            counts[positive, "" if truth is None else "yes" if truth else "no"] += 1
    counted = Screened(
        true_positive=counts[True, "yes"],
        false_positive=counts[True, "no"],
        false_negative=counts[False, "yes"],
        true_negative=counts[False, "no"],
        unverified_positive=counts[True, ""],
        unverified_negative=counts[False, ""],
    )
    _enter(ledger, counted)
    return AccuracyCells(counted)


def _first(case: Case, settings: ResultsSettings, *, reference: bool) -> bool | None:
    """Whether the first conclusive one was positive; None if there was none."""
    for event in case.of("screening.completed"):
        is_reference = event.data.get("tool") in settings.reference_tools
        if is_reference is reference and event.data.get("result") in ("positive", "negative"):
            return event.data["result"] == "positive"
    return None


def _enter(ledger: Ledger, counted: Screened) -> None:
    ledger.count(_CELL, counted.everybody, importance=2)
    sides = (
        ("positive", counted.positive, counted.verified_positive, counted.true_positive),
        ("negative", counted.negative, counted.verified_negative, counted.true_negative),
    )
    for side, all_of_them, assessed, right in sides:
        cell = f"{_CELL}:{side}"
        ledger.count(cell, all_of_them, importance=1)
        ledger.split(cell, f"{cell}:assessed", assessed)
        ledger.split(f"{cell}:assessed", f"{cell}:assessed:right", right)
    ledger.sum(_CELL, f"{_CELL}:positive", f"{_CELL}:negative")
