"""A new version of the site key, without anybody waiting: data keys are wrapped anew and search indexes made anew.

Chunks of at most 500 clients, each a transaction of its own. Until the last one is done, readers use both versions.
Whoever is killed starts again and goes on: what still has an older version says what is left to do.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Count, Model, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from . import opening, vault
from .actions import searchable
from .errors import KeyringUnusable, SealBroken
from .keyring import keyring
from .models import BlindIndex, Client, IdentityField, Round, VaultKey

#: A key backup expires after so long, and what it holds opens with the version of its day (threat model §4.3).
KEYS_KEPT = timedelta(days=35)
CHUNK = 500
#: Fewer clients at once where their records are locked, so that a correction waits for a moment only.
LOCKED = 100
USING = "admin"
#: By this name the database knows when a rotation last came to its end.
ROUND = "rotation"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A table of what the site key wraps (`column` and `site_key_version`), and what a row's key is bound to."""

    model: type[Model]
    binding: Callable[[Model], bytes]
    column: str = "wrapped"


#: Every table of wrapped keys. Whoever keeps another one adds it here.
TABLES: list[Wrapped] = [Wrapped(VaultKey, lambda row: vault.wrap_binding(row.client_id))]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What a rotation did: the version now in use everywhere but for `broken` keys, which nothing opens."""

    version: int
    resumed: bool
    keys: int
    indexes: int
    broken: int


def rotate(*, progress: Callable[[str, int], None] = lambda what, count: None) -> Turned:
    """Bring every wrapped key and every index row to the newest version of the site key.

    Begins a new version, unless an earlier rotation was not finished: then it finishes that one. `progress` hears after
    each committed chunk. Raises VaultClosed, KeyringUnusable.
    """
    opening.require(using=USING)
    ring = keyring()
    resumed = _unfinished(ring.current)
    version = ring.current if resumed else ring.add()
    keys = broken = 0
    for table in TABLES:
        for done, bad in _rewrapped(table, version):
            keys, broken = keys + done, broken + bad
            progress("keys", keys)
    indexes = 0
    for done in _reindexed(version):
        indexes += done
        progress("indexes", indexes)
    Round.objects.using(USING).update_or_create(name=ROUND, defaults={"ended_at": Now()})
    return Turned(version=version, resumed=resumed, keys=keys, indexes=indexes, broken=broken)


def build_indexes(*, progress: Callable[[str, int], None] = lambda what, count: None) -> int:
    """Make the search index of every client whose key opens; returns for how many. A restored database has none."""
    opening.require(using=USING)
    made, after = 0, None
    while True:
        with transaction.atomic(using=USING):
            left = VaultKey.objects.using(USING).order_by("client_id")
            left = left.filter(client_id__gt=after) if after else left
            clients = list(left.values_list("client_id", flat=True)[: min(CHUNK, LOCKED)])
            made += _index(clients)
        if not clients:
            return made
        after = clients[-1]
        progress("indexes", made)


def forget(version: int, *, now: datetime, at_once: bool = False) -> None:
    """Destroy an old version of the site key. Raises KeyringUnusable while anything still needs it.

    A key backup may need it until `KEYS_KEPT` after the last rotation came to its end; `at_once` does not wait for
    that, and those backups open nothing afterwards.
    """
    with transaction.atomic(using=USING):
        with connections[USING].cursor() as cursor:
            for table in [one.model._meta.db_table for one in TABLES] + [BlindIndex._meta.db_table]:
                cursor.execute(f'LOCK TABLE "{table}" IN SHARE MODE')  # whoever writes now has finished by then
        if _needed(version):
            raise KeyringUnusable(_("This version of the site key is still in use."), _("Run leeward vault rotate."))
        if version not in keyring().versions:
            raise KeyringUnusable(_("There is no such version of the site key."), _("See leeward vault show."))
        if not at_once:
            _no_backup_needs_it(now)
        keyring().forget(version)


def _no_backup_needs_it(now: datetime) -> None:
    turned = Round.objects.using(USING).filter(name=ROUND).values_list("ended_at", flat=True).first()
    if turned is None:
        raise KeyringUnusable(
            _("No rotation of the site key is on record, so a key backup may need this version."),
            _("Run leeward vault rotate, and try again in %(days)s days.") % {"days": KEYS_KEPT.days},
        )
    if now < turned + KEYS_KEPT:
        raise KeyringUnusable(
            _("Key backups of before the last rotation may need this version."),
            _("They are kept until %(day)s. If the key was stolen, see leeward vault forget --help.")
            % {"day": (turned + KEYS_KEPT).date().isoformat()},
        )


def counts() -> dict[int, int]:
    """How many wrapped keys and index rows each version of the site key holds."""
    found = {version: 0 for version in keyring().versions}
    for rows in _versioned():
        for version, count in rows.order_by().values_list("site_key_version").annotate(Count("pk")):
            found[version] = found.get(version, 0) + count
    return found


def _unfinished(version: int) -> bool:
    return any(rows.exclude(site_key_version=version).exists() for rows in _versioned())


def _needed(version: int) -> bool:
    return any(rows.filter(site_key_version=version).exists() for rows in _versioned())


def _versioned() -> "list[QuerySet[Any]]":
    models: list[type[Model]] = [*(table.model for table in TABLES), BlindIndex]
    return [model._default_manager.using(USING) for model in models]


def _rewrapped(table: Wrapped, version: int) -> Iterator[tuple[int, int]]:
    """After each chunk: how many keys were wrapped anew, and how many open with no version."""
    ring, after = keyring(), None
    while True:
        with transaction.atomic(using=USING):
            left = table.model._default_manager.using(USING).select_for_update(no_key=True)
            left = left.exclude(site_key_version=version).order_by("pk")
            rows = list((left.filter(pk__gt=after) if after else left)[:CHUNK])
            turned = list(_wrapped_anew(table, rows, version, ring.wrap, ring.unwrap))
            table.model._default_manager.using(USING).bulk_update(turned, [table.column, "site_key_version"])
        if not rows:
            return
        after = rows[-1].pk
        yield len(turned), len(rows) - len(turned)


def _wrapped_anew(
    table: Wrapped,
    rows: Iterable[Model],
    version: int,
    wrap: Callable[[int, bytes, bytes], bytes],
    unwrap: Callable[[int, bytes, bytes], bytes],
) -> Iterator[Model]:
    for row in rows:
        bound_to, held = table.binding(row), bytes(getattr(row, table.column))
        try:
            # What was forgotten is empty and needs no key.
            turned = wrap(version, unwrap(row.site_key_version, held, bound_to), bound_to) if held else held  # type: ignore[attr-defined]
        except SealBroken:
            continue
        setattr(row, table.column, turned)
        row.site_key_version = version  # type: ignore[attr-defined]
        yield row


def _reindexed(version: int) -> Iterator[int]:
    after = None
    while True:
        with transaction.atomic(using=USING):
            left = BlindIndex.objects.using(USING).exclude(site_key_version=version).order_by("client_id")
            left = left.filter(client_id__gt=after) if after else left
            clients = list(left.values_list("client_id", flat=True).distinct()[: min(CHUNK, LOCKED)])
            _index(clients)
        if not clients:
            return
        after = clients[-1]
        yield len(clients)


def _index(client_ids: list[UUID]) -> int:
    """Make these clients' index rows anew; returns of how many there is something to find.

    Their records are locked, so that a correction waits or is waited for.
    """
    clients = Client.objects.using(USING).select_for_update(no_key=True).in_bulk(client_ids)
    keys = {row.client_id: row for row in VaultKey.objects.using(USING).filter(client_id__in=client_ids)}
    facts: dict[UUID, dict[str, str]] = {}
    opened: dict[UUID, bytes] = {}
    for row in IdentityField.objects.using(USING).filter(client_id__in=[*keys]):
        pk = row.client_id
        try:
            opened[pk] = opened.get(pk) or vault.unwrapped(keys[pk])
            facts.setdefault(pk, {})[row.field] = vault.open_with(
                opened[pk], pk, f"identity:{row.field}", bytes(row.sealed)
            )
        except SealBroken:
            continue
    BlindIndex.objects.using(USING).filter(client_id__in=client_ids).delete()
    BlindIndex.objects.using(USING).bulk_create(
        vault.index_row(clients[pk], field, value)
        for pk, known in facts.items()
        for field, value in searchable(known).items()
    )
    return len(facts)
