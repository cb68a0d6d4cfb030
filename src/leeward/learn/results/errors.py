"""Why results can't be computed, in one sentence, and what would be needed."""

from __future__ import annotations


class ResultsError(Exception):
    """`str()` is one plain sentence; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
