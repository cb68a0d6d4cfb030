"""Why results can't be had from where they were looked for."""

from .results.errors import ResultsError


class TablesUnreadable(ResultsError):
    """The folder of tables is missing, or one of its files is not what it should be."""
