"""Had another protocol been in force: the same timelines judged twice. The manual: docs/reference/fidelity.md."""

from .compare import StepChange, WeekOfWork, WhatIf, what_if

__all__ = ["StepChange", "WeekOfWork", "WhatIf", "what_if"]
