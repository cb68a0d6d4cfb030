"""Typed reading of a definition that its schema has already accepted, and that still knows its line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from .errors import DefinitionError
from .wording import Text
from .yaml_source import Document, Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in a definition. Each method reads what the place should hold, or raises DefinitionError."""

    document: Document
    path: Path = ()

    @property
    def value(self) -> object:
        found: object = self.document.data
        for step in self.path:
            if isinstance(found, dict) and isinstance(step, str):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int):
                found = found[step]
            else:
                return None
        return found

    def __getitem__(self, key: str) -> Entry:
        return Entry(self.document, (*self.path, key))

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def entries(self) -> Iterator[Entry]:
        """The members of a list; nothing if the list is left out."""
        for position in range(len(self._list())):
            yield Entry(self.document, (*self.path, position))

    def named(self) -> tuple[str, ...]:
        """The keys of a mapping; none if it is left out."""
        found = self.value
        return tuple(found) if isinstance(found, dict) else ()

    def text(self, otherwise: str | None = None) -> str:
        found = self.value
        if found is None and otherwise is not None:
            return otherwise
        if isinstance(found, str):
            return found.strip()
        raise self.wrong("should be text", "Put it in quotes.")

    def optional_text(self) -> str | None:
        return None if self.value is None else self.text()

    def texts(self) -> tuple[str, ...]:
        return tuple(entry.text() for entry in self.entries())

    def integer(self, otherwise: int | None = None) -> int:
        found = self.value
        if found is None and otherwise is not None:
            return otherwise
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        raise self.wrong("should be a whole number", "Write digits without quotes.")

    def number(self) -> float:
        found = self.value
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
        raise self.wrong("should be a number", "Write it like 0.8.")

    def boolean(self, otherwise: bool) -> bool:
        found = self.value
        if found is None:
            return otherwise
        if isinstance(found, bool):
            return found
        raise self.wrong("should be true or false", "Write true or false.")

    def words(self) -> Text:
        """A wording in both languages."""
        return Text(self["en"].text(), self["es"].text())

    def date(self) -> date:
        try:
            return date.fromisoformat(self.text())
        except ValueError as error:
            raise self.wrong("should be a date", "Write it like 2026-10-09.") from error

    def wrong(self, problem: str, remedy: str) -> DefinitionError:
        """The mistake at this place."""
        name = next((str(step) for step in reversed(self.path) if isinstance(step, str)), "The file")
        return self.document.error(self.path, f"`{name}` {problem}.", remedy)

    def _list(self) -> list[object]:
        found = self.value
        return list(found) if isinstance(found, list) else []
