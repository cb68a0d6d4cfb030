"""Why results can't be had from where they were looked for."""

from .results.errors import ResultsError


class TablesUnreadable(ResultsError):
    """The folder of tables is missing, or one of its files is not what it should be."""


class RegisterBroken(ResultsError):
    """The register of what was let out can't be read, so nobody knows what new results could be subtracted from."""


class TooSoon(ResultsError):
    """Results were let out a short while ago. `str()` says until when it is better to wait."""
