"""What can go wrong when cases are replayed."""

from leeward.rules.errors import RuleError


class ReplayError(RuleError):
    """The cases can't be replayed: says why, and what would help."""
