"""What can be wrong with answers and with figures about a screen."""

from leeward.rules.errors import RuleError


class AnswerError(RuleError):
    """An answer that the instrument does not have. `str()` is one plain sentence; `hint` says what would be right."""


class ProbabilityError(RuleError):
    """A share that is not between 0 and 1, or shares from which no predictive value follows."""
