"""What can go wrong when it is counted how the steps are kept."""

from leeward.rules.errors import RuleError


class FidelityError(RuleError):
    """The tables can't be counted, or not so: says why, and what would help."""
