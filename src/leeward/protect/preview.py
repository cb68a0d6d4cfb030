"""What a recipient would see, shown to the person before they decide: the recipient's own page, drawn by its own code.

The room that keeps that page draws it; this room knows no room above it. So the room is asked, once the application is
ready (`coordinate.apps`).
"""

from datetime import datetime
from typing import Protocol

from django.utils.safestring import SafeString

from leeward.people.models import Client, Staff

from .actions import Wish


class Draws(Protocol):
    """Draws what `wish.recipient` would see of the client if this were granted now, and leaves nothing behind.

    Raises NotPermitted, with the law's rows, for what may not be granted, and PeopleError as `actions.grant` does.
    """

    def __call__(self, *, by: Staff, client: Client, wish: Wish, now: datetime) -> SafeString: ...


drawn_by: list[Draws] = []


def drawn(*, by: Staff, client: Client, wish: Wish, now: datetime) -> list[SafeString]:
    """Every page on which the recipient would see something of the client."""
    return [page for draw in drawn_by if (page := draw(by=by, client=client, wish=wish, now=now))]
