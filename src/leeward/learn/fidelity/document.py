"""A table of fidelity as a document: JSON for programs, rows of text for a file of comma-separated values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from leeward.evidence.intervals import wilson
from leeward.evidence.threshold import Threshold
from leeward.learn.plain import Json, plain
from leeward.rules.protocol import Protocol
from leeward.rules.wording import Text

from .bottlenecks import Bottlenecks, Cost
from .cleared import ClearedRow, clear
from .counts import MEASURES, Row
from .run import Fidelity

FORMAT: Final = 1
ESTIMATES: Final = ("met_share", "median_days", "ninety_percent_days")


def document(found: Fidelity, protocol: Protocol, zone: str, threshold: Threshold | None) -> Mapping[str, Json]:
    """The table with all that makes it traceable; not suppressed at all where there is no threshold."""
    if threshold is None:
        rows = [_raw(row) for row in found.rows]
    else:
        rows = [_shown(row) for row in clear(found.rows, threshold)]
    return {
        "format": FORMAT,
        "protocol": protocol.name,
        "version": protocol.version,
        "now": found.now.isoformat(),
        "zone": zone,
        "by": list(found.by),
        "threshold": None if threshold is None else threshold.k,
        "rows": [
            {**dict(zip(found.by, row.group, strict=True)), **figures}
            for row, figures in zip(found.rows, rows, strict=True)
        ],
    }


def _shown(row: ClearedRow) -> dict[str, Json]:
    return _figures(row.counts, row.people, (row.met_share, row.median, row.ninety, row.days_lost))


def _raw(row: Row) -> dict[str, Json]:
    counts = {name: row.counts[name].openings for name in MEASURES}
    people = {name: row.counts[name].people for name in MEASURES}
    share = wilson(counts["met"], counts["due"]) if counts["due"] else None
    return _figures(counts, people, (share, row.median, row.ninety, round(row.days_lost, 1)))


def _figures(
    counts: Mapping[str, object], people: Mapping[str, object], estimates: tuple[object, ...]
) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in MEASURES:
        found |= {name: plain(counts[name]), f"{name}_people": plain(people[name])}
    return found | dict(zip((*ESTIMATES, "days_lost"), map(plain, estimates), strict=True))


def bottlenecks_document(found: Bottlenecks, titles: Mapping[str, Text]) -> Mapping[str, Json]:
    """The ranks, the dearest step first. Made of what may be shown if they were."""
    return {
        "people": [_cost(cost, titles[cost.step]) for cost in found.people],
        "days": [_cost(cost, titles[cost.step]) for cost in found.days],
        "ranked": found.ranked,
        "unranked": found.unranked,
        "redraws": found.redraws,
    }


def _cost(cost: Cost, title: Text) -> Json:
    return {
        "step": cost.step,
        "title": {"en": title.en, "es": title.es},
        "due_people": cost.due.people,
        "missed_people": cost.missed.people,
        "share": plain(cost.share),
        "value": round(cost.value, 1),
        "low": round(cost.low, 1),
        "high": round(cost.high, 1),
        "first": round(cost.first, 3),
    }


def flat(rows: list[Mapping[str, Json]], by: tuple[str, ...]) -> Iterator[list[str]]:
    """The rows of a document as texts, heading first. What is hidden reads `hidden`; what is not reached is empty."""
    counts = [column for name in MEASURES for column in (name, f"{name}_people")]
    yield [*by, *counts, *(f"{name}{end}" for name in ESTIMATES for end in ("", "_low", "_high")), "days_lost"]
    for row in rows:
        cells = [_text(row[name]) for name in (*by, *counts)]
        for name in ESTIMATES:
            cells += _three(row[name])
        yield [*cells, _text(row["days_lost"])]


def _three(value: Json) -> list[str]:
    match value:
        case {"estimate": estimate, "interval": [low, high]}:
            return [_text(estimate), _text(low), _text(high)]
        case _:
            return [_text(value)] * 3


def _text(value: Json) -> str:
    match value:
        case None:
            return ""
        case {"suppressed": True}:
            return "hidden"
        case _:
            return str(value)
