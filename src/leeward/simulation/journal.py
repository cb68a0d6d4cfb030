"""What gets written down about one person: when it is recorded, what is corrected, and what the data cut hides."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import exp

from leeward.rules.protocol.vocabulary import KINDS

from .chance import Chance
from .delay import HOUR
from .ids import uuid7
from .parameters import Recording
from .rows import EventRow
from .staffing import Member

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROMPT = 900
_DATA_CLASS = {name: kind.data_class.value for name, kind in KINDS.items()}
_AT_ONCE = ("client.registered", "consent.withdrawn")


def moment(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)


def day(second: int) -> date:
    return moment(second).date()


@dataclass(slots=True)
class Entry:
    """One event before it has an id."""

    kind: str
    occurred: int
    recorded: int
    actor: Member
    data: Mapping[str, object]
    subject: str | None
    replaces: "Entry | None" = None
    id: str = field(default="")


class Journal:
    """The entries of one person, in the order in which they were thought of."""

    def __init__(self, *, client: str, chance: Chance, recording: Recording, era: int, cut: int) -> None:
        self.client, self.cut = client, cut
        self._chance, self._recording = chance, recording
        self._late = recording.late[era]
        self.entries: list[Entry] = []

    def add(
        self, kind: str, at: int, actor: Member, data: Mapping[str, object] | None = None, subject: str | None = None
    ) -> Entry:
        """Write down that this happened, unless the data end before."""
        entry = Entry(kind, at, at, actor, data or {}, subject)
        if at < self.cut:
            entry.recorded = min(at + self._lag(kind), self.cut - 1)
            self.entries.append(entry)
        return entry

    def correct(self, entry: Entry, wrong: Mapping[str, object]) -> None:
        """Let the entry have been wrong at first, and right in a later one; not if that would be after the data."""
        later = entry.recorded + HOUR + int(self._chance.exponential(4 * 24) * HOUR)
        if later < self.cut:
            right = replace(entry, recorded=later, replaces=entry)
            entry.data = wrong
            self.entries.append(right)

    def rows(self) -> list[EventRow]:
        """The events in the order of the timeline."""
        counters: dict[int, int] = {}
        for entry in self.entries:
            counter = counters[entry.recorded] = counters.get(entry.recorded, -1) + 1
            entry.id = uuid7(entry.recorded, counter, self._chance.bits())
        self.entries.sort(key=lambda entry: (entry.occurred, entry.recorded, entry.id))
        return [
            EventRow(
                entry.id,
                self.client,
                entry.kind,
                moment(entry.occurred),
                moment(entry.recorded),
                entry.actor.id,
                entry.actor.role,
                entry.actor.agency,
                _DATA_CLASS[entry.kind],
                entry.subject,
                entry.data,
                entry.replaces.id if entry.replaces else None,
            )
            for entry in self.entries
        ]

    def _lag(self, kind: str) -> int:
        if kind in _AT_ONCE:
            return 0
        if self._chance.happens(self._late):
            hours = self._recording.late_median_hours * exp(self._recording.late_spread * self._chance.normal())
            return int(hours * HOUR)
        return int(self._chance.uniform() * _PROMPT)
