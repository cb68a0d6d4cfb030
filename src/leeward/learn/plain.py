"""Published values as JSON knows them: the shape that documents, files and snapshots share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum

from leeward.evidence.intervals import Estimate
from leeward.evidence.suppression import Count, Share, Suppressed

Json = Mapping[str, "Json"] | list["Json"] | str | int | float | bool | None


def plain(value: object) -> Json:
    """A value of a document as JSON knows it."""
    match value:
        case Count(value=number):
            return number
        case Suppressed():
            return {"suppressed": True}
        case Estimate():
            return {
                "estimate": _rounded(value.value),
                "standard_error": _rounded(value.standard_error),
                "interval": [_rounded(value.low), _rounded(value.high)],
                "level": value.level,
                "n": value.n,
                "method": value.method.value,
            }
        case Share(count=count, of=of, estimate=estimate):
            hidden = isinstance(count, Suppressed) or isinstance(of, Suppressed)
            share: Json = {"suppressed": True} if hidden else plain(estimate)
            return {"count": plain(count), "of": plain(of), "share": share}
        case Enum():
            return str(value.value)
        case datetime() | date():
            return value.isoformat()
        case float():
            return _rounded(value)
        case None | str() | bool() | int():
            return value
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a document of results.")


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(float(number), 6)
