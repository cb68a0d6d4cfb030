"""When the evidence refuses: what is wrong with the numbers, and what would be needed."""

from __future__ import annotations


class EvidenceError(Exception):
    """`str()` is one plain sentence; `hint` says what would be needed."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ImpossibleFigures(EvidenceError):
    """Numbers that can't be what they are said to be: more events than people, a reliability of 2."""


class TooMuchIsOut(ImpossibleFigures):
    """What was published before leaves no way to publish this as well."""


class NotEnough(EvidenceError):
    """Too little to estimate from. The hint says how much it takes."""


class ThresholdTooLow(EvidenceError):
    """Somebody tried to publish smaller cells than the rule allows."""


class DoesNotAddUp(EvidenceError):
    """A total that is not the sum of its parts, so that nothing can be proven about what it gives away."""


class Uncleared(EvidenceError):
    """A count was about to be printed that had not passed suppression."""


#: Said where whatever hides still leaves a small count to be worked out. It names no cell: that would give it away.
NO_WAY = "Whatever hides, somebody could still work out a small count, so nothing is shown."
WHAT_HELPS = "It takes more people: wait for them, merge small groups, or print fewer totals."
