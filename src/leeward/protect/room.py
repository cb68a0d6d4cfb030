"""The database answers and can't write: its disk is full or failing, or it was made read-only.

Each look at a record is written down before it is shown, so nothing is shown then (U-04). What needs no record, leaving
first, goes on.
"""

from django.db import Error
from psycopg.errors import DiskFull, IoError, ReadOnlySqlTransaction

_STATES = frozenset({DiskFull.sqlstate, IoError.sqlstate, ReadOnlySqlTransaction.sqlstate})


def is_lacking(error: BaseException | None) -> bool:
    """Whether this error says that nothing can be written now."""
    cause = error.__cause__ if isinstance(error, Error) else error
    return getattr(cause, "sqlstate", None) in _STATES
