"""A published document as pages read it: each figure in words, and what is hidden or out of reach said so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Part:
    """One place in a document. A place that an older document lacks reads as absent."""

    value: object

    def __getitem__(self, key: str) -> Part:
        return Part(self.value.get(key) if isinstance(self.value, Mapping) else None)

    def __iter__(self) -> Iterator[Part]:
        return (Part(item) for item in self.value) if isinstance(self.value, list) else iter(())

    def items(self) -> Iterator[tuple[str, Part]]:
        found = self.value if isinstance(self.value, Mapping) else {}
        return ((str(key), Part(item)) for key, item in found.items())

    @property
    def is_absent(self) -> bool:
        return self.value is None

    @property
    def is_hidden(self) -> bool:
        return isinstance(self.value, Mapping) and self.value.get("suppressed") is True

    @property
    def text(self) -> str:
        """A text as it is; a definition's text in the reader's language."""
        if isinstance(self.value, Mapping):
            language = (get_language() or "en").split("-")[0]
            return str(self.value.get(language) or self.value.get("en") or "")
        return "" if self.value is None else str(self.value)

    @property
    def number(self) -> float | None:
        return float(self.value) if isinstance(self.value, int | float) and not isinstance(self.value, bool) else None

    @property
    def low(self) -> float | None:
        return self._limit(0)

    @property
    def high(self) -> float | None:
        return self._limit(1)

    def _limit(self, which: int) -> float | None:
        limits = [part.number for part in self["interval"]]
        return limits[which] if len(limits) == 2 else None


def count(part: Part) -> str:
    """A count, or that it is hidden."""
    if part.is_hidden:
        return _("hidden")
    return NOTHING if part.number is None else _whole(part.number)


def share(part: Part) -> str:
    """`62% (55–69%), 84 of 115`; what is hidden stays hidden."""
    if part["count"].is_absent and part["of"].is_absent:
        return NOTHING
    found = part["share"]
    of = _("%(count)s of %(all)s") % {"count": count(part["count"]), "all": count(part["of"])}
    if found.is_hidden or part["count"].is_hidden or part["of"].is_hidden:
        return of if not (part["count"].is_hidden and part["of"].is_hidden) else _("hidden")
    return NOTHING if found.is_absent else f"{percent(found)}, {of}"


def percent(part: Part) -> str:
    """A share with its interval: `62% (55–69%)`."""
    if part.is_hidden:
        return _("hidden")
    value = part["estimate"].number
    if value is None:
        return NOTHING
    return f"{_decimal(100 * value, 0)}% ({_limit(part.low, 100, 0)}–{_limit(part.high, 100, 0)}%)"


def percent_in_words(part: Part) -> str:
    """The same inside brackets: `62%, 55–69%`."""
    return percent(part).replace(" (", ", ").removesuffix(")")


def points(part: Part) -> str:
    """A difference of shares in percentage points, with its interval and its sign."""
    if part.is_hidden:
        return _("hidden")
    value = part["estimate"].number
    if value is None or part.low is None or part.high is None:
        return NOTHING
    low, high = _signed(100 * part.low, 0), _signed(100 * part.high, 0)
    return _("%(value)s points (%(low)s to %(high)s)") % {"value": _signed(100 * value, 0), "low": low, "high": high}


def amount(part: Part, *, signed: bool = False, digits: int = 1) -> str:
    """A mean or a number of days, with its interval."""
    if part.is_hidden:
        return _("hidden")
    value = part["estimate"].number
    if value is None:
        return NOTHING
    if part["interval"].value and part.low is None and part.high is None:
        return _signed(value, digits) if signed else _decimal(value, digits)
    if signed:
        low, high = (NOTHING if end is None else _signed(end, digits) for end in (part.low, part.high))
        return _("%(value)s (%(low)s to %(high)s)") % {"value": _signed(value, digits), "low": low, "high": high}
    if not part["interval"].value:
        return _decimal(value, digits)
    return f"{_decimal(value, digits)} ({_limit(part.low, 1, digits)}–{_limit(part.high, 1, digits)})"


def whole(part: Part) -> str:
    """A plain number without an interval, such as days added up."""
    if part.is_hidden:
        return _("hidden")
    return NOTHING if part.number is None else _whole(part.number)


def decimal(part: Part, digits: int) -> str:
    """A plain number with so many digits."""
    return NOTHING if part.number is None else _decimal(part.number, digits)


def p_value(part: Part) -> str:
    """A p value, never as zero."""
    if part.number is None:
        return NOTHING
    return f"< {_decimal(0.001, 3)}" if part.number < 0.001 else _decimal(part.number, 3)


def _limit(value: float | None, times: int, digits: int) -> str:
    """A limit that the data do not reach is an open end."""
    return "∞" if value is None else _decimal(times * value, digits)


def _decimal(value: float, digits: int) -> str:
    return str(formats.number_format(round(value, digits) + 0.0, decimal_pos=digits, use_l10n=True))


def _signed(value: float, digits: int) -> str:
    rounded = round(value, digits) + 0.0
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{_decimal(abs(rounded), digits)}"


def _whole(value: float) -> str:
    return str(formats.number_format(round(value), use_l10n=True, force_grouping=True))
