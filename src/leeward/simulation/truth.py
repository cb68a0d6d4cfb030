"""The truth as a document: the declared parameters, what follows from them, and the true counts of this centre."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from math import exp

from .case import ERAS, Counts, Tally, without_course
from .delay import DAY, HOUR, MINUTE
from .measures import ALL_MEASURES, correlations
from .parameters import Conduct, Parameters, Symptom

Json = Mapping[str, "Json"] | list["Json"] | str | int | float | bool | None

_MOMENTS = {
    "PT15M": 15 * MINUTE,
    "PT1H": HOUR,
    "PT4H": 4 * HOUR,
    "P1D": DAY,
    "P2D": 2 * DAY,
    "P3D": 3 * DAY,
    "P7D": 7 * DAY,
    "P14D": 14 * DAY,
    "P30D": 30 * DAY,
    "P90D": 90 * DAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything an evaluation of a synthetic centre may be compared with."""

    parameters: Parameters
    seed: int
    clients: int
    tally: Tally
    counts: Counts

    def document(self) -> dict[str, Json]:
        """The truth file's content: plain values, keys in a fixed order."""
        parameters = self.parameters
        return {
            "about": "The truth behind a synthetic centre. Nobody in it exists.",
            "clients": self.clients,
            "seed": self.seed,
            "start": parameters.start.isoformat(),
            "go_live": parameters.go_live.isoformat(),
            "data_cut": parameters.cut.isoformat(),
            "parameters": plain(asdict(parameters)),
            "derived": {
                "prevalence": parameters.prevalence,
                "asked": _asked(parameters),
                "steps": {name: _step(parameters, name) for name in parameters.steps},
                "symptoms": _symptoms(parameters),
                "retention": _retention(parameters),
                "predictive_values": _predictive_values(parameters),
            },
            "counts": _by_era(self.counts),
            "steps": _steps(self.tally),
        }


def plain(value: object) -> Json:
    """The same value in what JSON can say."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{value!r} has no place in a truth file")


def _asked(parameters: Parameters) -> Json:
    asking = parameters.asking
    return {
        "what": "Chance of a private conversation for a person with an indicator who came t months after go-live.",
        "level": asking.level,
        "trend_per_month": asking.trend,
        "level_change": asking.level_change,
        "slope_change_per_month": asking.slope_change,
        "days_per_month": 30.4375,
    }


def _step(parameters: Parameters, name: str) -> Json:
    step, training = parameters.steps[name], parameters.training
    conducts = {"before": step.before, "after": step.after}
    if step.course is not None:
        conducts["after_without_course"] = without_course(
            step, training.lapsed_done_factor, training.lapsed_delay_factor
        )
    return {era: _conduct(conduct) for era, conduct in conducts.items()}


def _conduct(conduct: Conduct) -> Json:
    return {
        "done": conduct.done,
        "declined": conduct.declined,
        "never": 1 - conduct.done - conduct.declined,
        "done_of_not_declined": conduct.done / (1 - conduct.declined),
        "done_within": {name: conduct.done * conduct.delay.within(seconds) for name, seconds in _MOMENTS.items()},
        "closed_within_if_closed": {name: conduct.delay.within(seconds) for name, seconds in _MOMENTS.items()},
    }


def _symptoms(parameters: Parameters) -> Json:
    symptoms = parameters.symptoms
    measures = zip(ALL_MEASURES, (symptoms.pcl5, symptoms.phq9, symptoms.gad7, symptoms.ties), strict=True)
    return {
        "by_instrument": {measure.instrument: _measure(symptom, parameters) for measure, symptom in measures},
        "correlations": plain(correlations(symptoms).tolist()),
        "correlations_of": ["intercept pcl-5", "intercept phq-9", "intercept gad-7", "slope pcl-5", "slope phq-9",
                            "slope gad-7"],
    }  # fmt: skip


def _measure(symptom: Symptom, parameters: Parameters) -> Json:
    between = symptom.sd_intercept**2
    return {
        "mean_at_first": symptom.mean + symptom.experienced * parameters.prevalence,
        "slope_per_month": {"before": symptom.slope, "after": symptom.slope + symptom.protocol_slope},
        "effect_on_slope_per_month": symptom.protocol_slope,
        "reliability_at_first": between / (between + symptom.sd_residual**2),
        "sd_at_first": (between + symptom.sd_residual**2) ** 0.5,
    }


def _retention(parameters: Parameters) -> Json:
    """Share still coming so many days after the first session, for the reference person: insured, average severity,
    and if nothing else ended treatment."""
    retention = parameters.retention
    return {
        era: {
            f"P{days}D": exp(-((days / retention.dropout_scale_days[place]) ** retention.dropout_shape))
            for days in (30, 60, 90, 120)
        }
        for place, era in enumerate(ERAS)
    }


def _predictive_values(parameters: Parameters) -> Json:
    """Of a conclusive first result, at the prevalence among all who come; those who are screened differ a little."""
    screening, share = parameters.screening, parameters.prevalence
    positive = screening.sensitivity * share + (1 - screening.specificity) * (1 - share)
    return {
        "positive": screening.sensitivity * share / positive,
        "negative": screening.specificity * (1 - share) / (1 - positive),
    }


def _by_era(counts: Counts) -> Json:
    names = sorted({name for name, _ in counts})
    return {name: {era: counts[name, era] for era in ERAS} for name in names}


def _steps(tally: Tally) -> Json:
    """How each step really went, all staff together, and the share done by staff without the current course.

    `seen_…` counts what the data show at the data cut; the rest includes what happened after it.
    """
    totals: dict[str, dict[str, dict[str, Json]]] = defaultdict(lambda: {era: {} for era in ERAS})
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for key, number in tally.items():
        sums[key.step, key.era, key.what] += number
        if key.is_lapsed:
            sums[key.step, key.era, f"{key.what}_without_course"] += number
    for (step, era, what), number in sorted(sums.items()):
        totals[step][era][what] = number
    return plain(totals)
