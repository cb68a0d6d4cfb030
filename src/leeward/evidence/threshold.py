"""The smallest count above zero that is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import ThresholdTooLow

MINIMUM: Final = 11


@dataclass(frozen=True, slots=True)
class Threshold:
    """k = 11 (no cell of 1 to 10: Centers for Medicare & Medicaid Services). A site may raise it, never lower it."""

    k: int = MINIMUM

    def __post_init__(self) -> None:
        if self.k < MINIMUM:
            raise ThresholdTooLow(
                f"Cells below {MINIMUM} are never published, so the threshold can't be {self.k}.",
                hint=f"Choose {MINIMUM} or more.",
            )

    def is_small(self, value: int) -> bool:
        return 0 < value < self.k
