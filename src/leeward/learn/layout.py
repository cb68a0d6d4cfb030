"""What a report is made of: sections of tables with pictures, and the small parts that sections share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from . import words
from .charts import Mark, Picture, Run
from .reading import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of texts. The first text of a row is its heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    picture: Picture | Run | None = None
    folded: bool = False
    """A long table that opens when asked for."""

    @property
    def cells(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Each row as its heading and the other texts with the names of their columns."""
        return [(row[0], list(zip(self.columns[1:], row[1:], strict=True))) for row in self.rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: str
    title: str
    lead: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    """The same in words, a sentence for each thing that is compared."""

    @property
    def is_empty(self) -> bool:
        """Whether readers wait for a table. What the numbers can't say is said in notes."""
        return not self.tables and self.id != "limits"


def made(*parts: Part) -> tuple[str, ...]:
    """How the intervals of these parts were made, in one note."""
    used = dict.fromkeys(method for part in parts for method in _methods(part.value))
    return (
        (_("Method: %(methods)s.") % {"methods": "; ".join(words.said(words.METHODS, each) for each in used)},)
        if used
        else ()
    )


def _methods(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(method := value.get("method"), str):
            yield method
        for item in value.values():
            yield from _methods(item)
    elif isinstance(value, list):
        for item in value:
            yield from _methods(item)


def mark(line: str, group: str, estimate: Part) -> list[Mark]:
    """The mark of an estimate; none if it is not shown."""
    value = estimate["estimate"].number
    return [] if value is None else [Mark(line, group, value, estimate.low, estimate.high)]


def picture(
    title: str,
    axis: str,
    marks: list[Mark],
    *,
    percent: bool = False,
    bars: bool = False,
    order: list[str] | None = None,
) -> Picture | None:
    """Nothing to show, no picture."""
    if not marks:
        return None
    if order:
        marks = sorted(marks, key=lambda mark: order.index(mark.line))
    alt = _("%(title)s. The table beside it has every number.") % {"title": title}
    return Picture(title=title, alt=alt, axis=axis, marks=tuple(marks), percent=percent, bars=bars)
