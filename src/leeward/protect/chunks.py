"""Long outputs: read in chunks, each a transaction of its own in which everything is decided again.

No snapshot and no connection is held while somebody reads: what is taken back, whoever leaves, whatever session ends in
the meantime, the next chunk knows (C-02, X-03). What it notes as disclosed is committed before its first row leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from django.db import InternalError, OperationalError, connection, transaction
from psycopg.errors import AdminShutdown, IdleInTransactionSessionTimeout, TransactionTimeout

from leeward.people.models import Staff

from .errors import AskerGone, TakenBack
from .middleware import be

#: The most rows that are decided at once.
MOST = 500
#: What the server says of a connection that it ended: nothing, that somebody ended it, or that its time was over.
ENDED = {None, *(one.sqlstate for one in (AdminShutdown, IdleInTransactionSessionTimeout, TransactionTimeout))}
#: How often a chunk is read whose connection goes away.
TRIES = 3
Row = TypeVar("Row")


def in_chunks(read: Callable[[Row | None], Sequence[Row]], *, by: Staff, token: str) -> Iterator[Sequence[Row]]:
    """Chunks until there is none. `read` gets the last row so far and gives the next ones, at most `MOST`.

    It runs as `by`, whose session `token` is, and anew where a permission was taken back while it ran: also where it
    held that up and was ended (`holding.end_looks`). Raises AskerGone as soon as the session, the person, their role,
    agency or purpose is not what it was at the beginning.
    """
    last: Row | None = None
    began: tuple[str, ...] | None = None
    lost = 0
    while True:
        try:
            with transaction.atomic():
                be(token)
                who = _asker()
                if who[0] != str(by.pk) or who != (began := began or who):
                    raise AskerGone()
                rows = read(last)
        except TakenBack:
            continue
        except (OperationalError, InternalError) as error:
            lost += 1
            if lost == TRIES or not _is_lost(error):
                raise
            continue
        finally:
            if not connection.in_atomic_block:
                connection.close()
        lost = 0
        if len(rows) > MOST:
            raise ValueError(f"A chunk has at most {MOST} rows.")
        if not rows:
            return
        yield rows
        last = rows[-1]


def _is_lost(error: OperationalError | InternalError) -> bool:
    """Whether the connection is gone, with or without a word from the server."""
    return getattr(error.__cause__, "sqlstate", None) in ENDED


def _asker() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctx.staff()::text, ctx.role(), ctx.agency()::text, ctx.purpose()")
        return tuple(str(value) for value in cursor.fetchone())
