"""Grants and restrictions kept so that what bears on one request is found without looking at the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .model import Grant, Restriction

GrantsOfPair = tuple[Grant, ...]
RestrictionsOfClient = tuple[Restriction, ...]


class GrantBook:
    """Every grant by client and recipient, every restriction by client.

    What is stored is replaced, never changed, so a reader sees it before or after a change and nothing between.
    """

    __slots__ = ("_grants", "_restrictions")

    def __init__(self, records: Iterable[Grant | Restriction] = ()) -> None:
        grants: dict[tuple[str, str], list[Grant]] = {}
        restrictions: dict[str, list[Restriction]] = {}
        for record in records:
            if isinstance(record, Grant):
                grants.setdefault((record.client, record.recipient), []).append(record)
            else:
                restrictions.setdefault(record.client, []).append(record)
        self._grants = {pair: in_order(known) for pair, known in grants.items()}
        self._restrictions = {client: tuple(known) for client, known in restrictions.items()}

    def __iter__(self) -> Iterator[Grant | Restriction]:
        for grants in self._grants.values():
            yield from grants
        for restrictions in self._restrictions.values():
            yield from restrictions

    def grants(self, client: str, recipient: str) -> GrantsOfPair:
        """What the client granted to the recipient, the one that lasts longest first."""
        return self._grants.get((client, recipient), ())

    def restrictions(self, client: str) -> RestrictionsOfClient:
        return self._restrictions.get(client, ())

    def add(self, record: Grant | Restriction) -> None:
        """Record a yes or a no. A grant that was withdrawn stays so, also when its yes arrives after."""
        if isinstance(record, Grant):
            pair = (record.client, record.recipient)
            self._grants[pair] = in_order((*self.grants(*pair), record))
        else:
            self._restrictions[record.client] = (*self.restrictions(record.client), record)

    def withdraw(self, grant: Grant) -> None:
        """From now on the grant never counts, whether the book knows it yet or not."""
        pair, taken_back = (grant.client, grant.recipient), replace(grant, withdrawn=True)
        others = (known for known in self.grants(*pair) if known not in (grant, taken_back))
        self._grants[pair] = in_order((*others, taken_back))

    def lift(self, restriction: Restriction) -> None:
        """From now on the restriction bars nothing."""
        self._restrictions[restriction.client] = tuple(
            replace(known, lifted=True) if known.id == restriction.id else known
            for known in self.restrictions(restriction.client)
        )


def in_order(grants: Iterable[Grant]) -> GrantsOfPair:
    """Grants of one client to one recipient, the one that lasts longest first.

    Where records of one grant contradict each other, the withdrawal holds.
    """
    known = tuple(grants)
    withdrawn = {grant.id for grant in known if grant.withdrawn}
    settled = (replace(grant, withdrawn=True) if grant.id in withdrawn else grant for grant in known)
    return tuple(sorted(settled, key=lambda grant: (grant.last_day, grant.id), reverse=True))
