"""Holding a permission still while something is shown or sent under it.

Whoever discloses holds it with others; whoever takes it back holds it alone. So each disclosure is either on the list
before the permission is taken back, and its recipient is asked to confirm, or it does not happen. Held until the end of
the transaction, which is short: nobody keeps one open while they wait for a reader.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import connections

from .errors import TakenBack
from .models import Grant


def hold(grant: UUID, *, alone: bool = False, wait: bool = True, using: str = "default") -> bool:
    """Hold this permission in the running transaction. False only with `wait=False`, when others hold it already."""
    name = f"pg_{'' if wait else 'try_'}advisory_xact_lock{'' if alone else '_shared'}"
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT {name}(hashtextextended('grant ' || %s, 0))", [str(grant)])
        return cursor.fetchone()[0] is not False


def end_looks(whose: UUID) -> None:
    """Wait until no transaction of this agency's or person's is open, for the rest of the running one; end those that
    hang.

    Before anything else is held, because they wait for permissions while they hold their looks.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT ctx.end_looks(%s)", [whose])


def hold_standing(grants: Collection[UUID]) -> None:
    """Hold these permissions together with others who show something under them.

    Raises TakenBack if one of them is gone by then.
    """
    which = sorted(set(grants))
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock_shared(hashtextextended('grant ' || one, 0))::text)"
            " FROM unnest(%s::text[]) AS one",
            [[str(grant) for grant in which]],
        )
    if Grant.objects.filter(pk__in=which, withdrawal__isnull=True).count() < len(which):
        raise TakenBack()
