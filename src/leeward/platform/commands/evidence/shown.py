"""How results are printed: one form for every estimate, as JSON or in lines."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from leeward.evidence.intervals import Estimate

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Level = Annotated[float, typer.Option(help="Confidence of the intervals.", min=0.5, max=0.999)]


def estimate(found: "Estimate | None") -> dict[str, Json] | None:
    """An estimate as documents carry it; None where there is none."""
    if found is None:
        return None
    return {
        "estimate": found.value,
        "standard_error": found.standard_error,
        "interval": [found.low, found.high],
        "level": found.level,
    }


def present(document: Mapping[str, Json], as_json: bool, lines: Sequence[str]) -> None:
    """Print the document, or these lines and its warnings."""
    if as_json:
        print(json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False))
        return
    for line in lines:
        print(line)
    warnings = document["warnings"]
    if isinstance(warnings, Sequence):
        for warning in warnings:
            print(f"! {warning}")


def said(found: "Estimate | None", digits: int = 4) -> str:
    """An estimate in a line: 0.8189 (95% 0.6950 to 0.9427)."""
    if found is None:
        return "not reached"
    low, high = (_limit(each, digits) for each in (found.low, found.high))
    return f"{found.value:,.{digits}f} ({found.level:.0%} {low} to {high})"


def _limit(value: float | None, digits: int) -> str:
    return "open" if value is None else f"{value:,.{digits}f}"


def _finite(value: Json) -> Json:
    """JSON knows no NaN and no infinity."""
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(each) for each in value]
    return value
