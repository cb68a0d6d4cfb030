"""What a check of the log found, in plain sentences."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What was done to the log. One act may show as several kinds; the first in the log is the one to start from."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    DUPLICATED = "duplicated"
    BACKDATED = "backdated"
    CUT = "tail cut"
    EMPTIED = "emptied"
    ROLLED_BACK = "rolled back"
    REBUILT = "rebuilt"
    SEAL = "seal"
    KEY = "key"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that can't be in an untouched log. `record` is the first record it concerns, None where none does.

    Where it is a seal or a key that is wrong, while the records under it are as vouched for, `is_of_record` is False.
    """

    kind: Kind
    record: int | None
    said: str
    is_of_record: bool = True

    def as_json(self) -> dict[str, object]:
        return {"kind": self.kind.value, "record": self.record, "said": self.said}


@dataclass(slots=True, kw_only=True)
class Verdict:
    """The whole answer. `faults` are in the order of the log, those of records first; `fault_count` also counts those
    that are not listed."""

    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    notes: list[str] = field(default_factory=list)
    records: int = 0
    sealed: int = 0
    seals: int = 0
    unsealed: int = 0
    #: Last record that a checkpoint outside the database vouches for, and when that was.
    proven_to: int | None = None
    proven_at: datetime | None = None
    key: str = ""

    @property
    def is_sound(self) -> bool:
        return not self.faults

    @property
    def first(self) -> Fault | None:
        return self.faults[0] if self.faults else None

    def as_json(self) -> dict[str, object]:
        return {
            "sound": self.is_sound,
            "first": self.first.as_json() if self.first else None,
            "faults": [fault.as_json() for fault in self.faults],
            "fault_count": self.fault_count,
            "notes": self.notes,
            "records": self.records,
            "sealed": self.sealed,
            "seals": self.seals,
            "unsealed": self.unsealed,
            "proven_to": self.proven_to,
            "proven_at": self.proven_at.isoformat() if self.proven_at else None,
            "key": self.key,
        }
